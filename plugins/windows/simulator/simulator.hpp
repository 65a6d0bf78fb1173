// plugins/windows/simulator/simulator.hpp - a Windows host for tests: computecore, computenetwork, computestorage and
// disks as one object behind the function table the backend uses, stricter than the real ones.
//
//   - Every document is checked whole: unknown members, wrong types, wrong case and wrong combinations are refused.
//   - Calls out of state get the documented HRESULT; calls with handles that are stale, closed or of another kind are
//     violations, which a test reads with violations().
//   - Operations complete later on a thread of the host, events come on it, perhaps before the call has returned.
//   - A container's command is a real process of this machine, with its pipes and its exit code.
//   - Rules make the Nth call of a function fail, hang or come late (injection.hpp).
//   - What nobody gave back is in leaks().
//
// There is one host per process, as there is one per machine; it outlives the backends that use it.
#pragma once

#include <raw/host_api.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace slipway::simulated_hcs {

// A connection. The host's thread runs while there is one; when the last ends, systems that end with their last handle
// have ended.
std::shared_ptr<const windows_backend::raw::HostApi> connect();

// Forgets everything: systems, networks, disks, rules, counts. Legal while nothing is connected.
void reset();

// Adds rules for failures, an array as injection.hpp describes.
void inject(const nlohmann::json& rules);
// Lets go what a rule made hang: synchronous calls return E_FAIL, operations stay pending.
void release_hangs();

// Synchronous calls that a rule made late and that have done nothing yet, whoever still waits for them.
int late_calls();

// How often each function was called since reset().
std::map<std::string, int> calls();

// What exists and should not when all work is done: open handles, live systems and processes, attached disks, storage
// filters, name spaces, endpoints, text that was not freed. Networks are not counted: they outlive the daemon.
std::vector<std::string> leaks();

// What the caller did that no caller may do.
std::vector<std::string> violations();

// Changes behind the backend's back.
void crash_system(const std::string& id);
void disconnect_service();
void delete_network_behind(const std::string& guid);

// Makes a disk's contents those of a folder in the transport format, as if a container had written them. False when the
// folder cannot be read.
bool write_to_disk(const std::string& disk, const std::string& folder);

// The compute-system document a system was made with; null when there is none of that id.
nlohmann::json document_of(const std::string& id);
// The endpoints that a virtual machine has adapters on, as GUIDs.
std::vector<std::string> adapters_of(const std::string& id);
// The endpoints in a name space, as GUIDs.
std::vector<std::string> endpoints_of(const std::string& namespace_guid);

}  // namespace slipway::simulated_hcs
