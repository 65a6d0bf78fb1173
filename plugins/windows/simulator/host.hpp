// plugins/windows/simulator/host.hpp - the state of the simulated host, and what all its functions share: handles,
// operations, the thread that completes them, events.
//
// One mutex guards everything. The host's thread runs tasks in the order of their times, with the mutex held; it lets
// go of it only while it is inside a callback of the caller. Threads of children only queue a task.
#pragma once

#include "child.hpp"
#include "injection.hpp"
#include "machine.hpp"

#include <raw/codes.hpp>
#include <raw/host_api.hpp>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace slipway::simulated_hcs {

namespace raw = windows_backend::raw;
using nlohmann::json;
using raw::Hresult;
using windows_backend::Guid;
using Lock = std::unique_lock<std::mutex>;

// Whose function frees a text: HCS's are freed with LocalFree, HCN's with CoTaskMemFree.
enum class TextOwner { kHcs, kHcn };

enum class Kind { kOperation, kSystem, kProcess, kNetwork, kEndpoint, kNamespace, kDisk };

// What is done once a system or process has ended: operations that ask for its end are over then, not before.
using Endings = std::vector<std::function<void(Lock&)>>;

// How an operation ends.
struct Outcome {
    Hresult result = raw::kOk;
    std::string document = {};  // empty: none
    Endings* with = nullptr;    // the operation ends with these; null: now
};

struct Operation {
    enum class State { kNew, kPending, kDone } state = State::kNew;
    void* context = nullptr;
    raw::OperationCallback callback = nullptr;
    bool tells_process = false;    // of HcsCreateProcess and HcsGetProcessInfo
    raw::Handle target = nullptr;  // of a system or process, whose handle must stay open meanwhile
    Outcome outcome;
    raw::ProcessInformation process;
    bool delivered = false;  // `process` is the caller's

    ~Operation() {
        if (!delivered) Child::close_pipes(process);
    }
};

struct System;

struct Process {
    uint32_t id = 0;
    std::weak_ptr<System> system;
    std::unique_ptr<Child> child;
    bool exited = false;
    uint32_t exit_code = 0;
    bool pipes_taken = false;
    bool console = false;
    Rule exit_rule;  // for the event of its end
    json console_size;
    Endings endings;
};

struct System {
    enum class State { kCreating, kCreated, kRunning, kStopping, kStopped } state = State::kCreating;
    std::string id, owner;
    json document;
    bool ends_with_last_handle = false;
    int handles = 0;
    std::string exit_type = "GracefulExit";
    Hresult exit_status = raw::kOk;
    Rule exit_rule;  // for the event of its end
    std::string volume, name_space;
    std::map<uint32_t, std::shared_ptr<Process>> processes;
    Endings endings;
    std::unique_ptr<Machine> machine;  // of a virtual machine
    std::weak_ptr<System> hosting;     // of a container in one

    // Its machine is paused: nothing it is asked for can happen.
    bool stands_still() const {
        const auto vm = hosting.lock();
        return vm && vm->machine->paused;
    }
};

// What an open handle of a system or process leads to.
template <class Object>
struct Opened {
    std::shared_ptr<Object> object;
    raw::EventCallback callback = nullptr;
    void* context = nullptr;
};
using OpenSystem = Opened<System>;
using OpenProcess = Opened<Process>;

struct Network {
    json document;
    std::string subnet, gateway;
    uint32_t next_address = 0;
};

struct Endpoint {
    Guid network;
    json document;
    std::string address, mac;
    unsigned prefix = 0;
    std::set<std::pair<int64_t, int64_t>> ports;  // protocol, external port
};

struct NameSpace {
    std::set<Guid> endpoints;
    std::string used_by;  // id of a system
    int compartment = 0;
};

struct Disk {
    bool attached = false;
    bool initialised = false;
    bool formatted = false;
    std::string volume;   // \\?\Volume{guid}, while attached
    json filter;          // layer data, while filtered
    std::string used_by;  // id of a system
};

class Host {
public:
    static Host& get();

    std::mutex mutex;
    std::condition_variable changed;  // an operation ended, a callback returned, hangs were released

    // Handles are never reused, so what is stale is found out.
    template <class Object>
    raw::Handle add_handle(Kind kind, std::shared_ptr<Object> object) {
        const auto value = reinterpret_cast<raw::Handle>(next_handle_ += 4);
        handles_[value] = {kind, std::move(object)};
        return value;
    }
    // Null, and a violation, for what is no open handle of that kind.
    template <class Object>
    std::shared_ptr<Object> find(raw::Handle handle, Kind kind, const std::string& function) {
        const auto at = handles_.find(handle);
        if (at != handles_.end() && at->second.kind == kind) return std::static_pointer_cast<Object>(at->second.object);
        violations.push_back(function + ": a handle that is not open, or of another kind");
        return nullptr;
    }
    template <class Object>
    std::shared_ptr<Object> take(raw::Handle handle, Kind kind, const std::string& function) {
        auto object = find<Object>(handle, kind, function);
        if (object) handles_.erase(handle);
        return object;
    }

    // Starts `operation` for a call of `function`; `apply` runs later, on the host's thread. An injected failure may
    // come instead.
    Hresult submit(const char* function, raw::Handle operation, std::function<Outcome(const Rule&)> apply,
                   bool tells_process = false);
    // An accepted operation is about what this handle leads to. Whoever closes that first commits a violation.
    void bind(raw::Handle operation, raw::Handle target, const char* function);
    void check_unused(raw::Handle target, const char* function);
    // A synchronous call: counts it, fails or blocks by rule. Success means: go on.
    Hresult enter(const char* function, Lock& lock, Rule* rule = nullptr);

    void post(std::chrono::milliseconds delay, std::function<void(Lock&)> task);
    // Queues an event for an open handle of a system or process.
    template <class Object>
    void notify(raw::Handle handle, Kind kind, uint32_t type, const json& data, std::chrono::milliseconds delay = {});
    // Once for a handle, before there is anything to tell.
    template <class Object>
    Hresult set_callback(const char* function, raw::Handle handle, Kind kind, uint32_t options, void* context,
                         raw::EventCallback callback);
    // The event of an end, for each of its open handles, as the rule wants it.
    template <class Object>
    void tell_end(const std::shared_ptr<Object>& object, Kind kind, uint32_t type, const json& data);

    char16_t* give_text(const std::string& utf8, TextOwner owner);
    void free_text(void* text, TextOwner owner);
    // Where callers free text by functions of the system: makes it for them. Null: it is kept track of here.
    char16_t* (*outside_text)(const std::u16string& text, TextOwner owner) = nullptr;
    // The host's thread calls it before it waits, and some twenty times a second meanwhile, with the mutex held. Null:
    // nothing.
    void (*at_rest)(Host& host) = nullptr;
    void run_endings(Endings& endings);
    // Waits until no callback of this handle runs. Lock held.
    void wait_for_callback(raw::Handle handle, Lock& lock);

    // storage.cpp. The attachment lives as long as the handle.
    void close_disk(raw::Handle vhd);

    // systems.cpp
    std::vector<std::shared_ptr<System>> hosted_by(const System& machine) const;
    // A machine has an adapter on this endpoint.
    bool has_adapter(const Guid& endpoint) const;
    void end_system(const std::shared_ptr<System>& system, const std::string& exit_type, Hresult status);
    void finish_if_empty(const std::shared_ptr<System>& system);
    void process_ended(const std::shared_ptr<Process>& process, uint32_t exit_code);
    void close_system(const std::shared_ptr<System>& system);
    template <class Object>
    std::vector<raw::Handle> handles_of(Kind kind, const std::shared_ptr<Object>& object);

    void connect();
    void disconnect();
    void reset();
    std::vector<std::string> leaks();

    Injection injection;
    std::vector<std::string> violations;
    bool service_gone = false;
    int hang_epoch = 0;  // counted up by release_hangs()
    int late_calls = 0;  // synchronous ones that a rule keeps waiting

    std::map<std::string, std::shared_ptr<System>> systems;
    std::map<Guid, Network> networks;
    std::map<Guid, Endpoint> endpoints;
    std::map<Guid, NameSpace> name_spaces;
    std::map<std::filesystem::path, Disk> disks;                     // by file, in one spelling
    std::set<std::pair<std::string, std::filesystem::path>> grants;  // machines that may open a file
    int next_compartment = 2;

private:
    struct HandleEntry {
        Kind kind;
        std::shared_ptr<void> object;
    };
    using Clock = std::chrono::steady_clock;

    void run();
    void finish(const std::shared_ptr<Operation>& operation, raw::Handle handle, const Outcome& outcome, Lock& lock);
    bool children_alive() const;

    std::map<raw::Handle, HandleEntry> handles_;
    uintptr_t next_handle_ = 0x10000;
    std::map<void*, TextOwner> texts_;
    std::multimap<Clock::time_point, std::function<void(Lock&)>> tasks_;
    std::condition_variable work_;
    std::thread thread_;
    int connections_ = 0;
    bool stopping_ = false;
    raw::Handle in_callback_ = nullptr;
};

std::string text_of(raw::Text text);
// {"Error", "ErrorMessage"} as HCS answers failures.
std::string result_error(Hresult result, const std::string& message);

// The functions, by file.
void add_operation_functions(raw::HostApi& api);
void add_system_functions(raw::HostApi& api);
void add_query_functions(raw::HostApi& api);
void add_process_functions(raw::HostApi& api);
void add_network_functions(raw::HostApi& api);
void add_endpoint_functions(raw::HostApi& api);
void add_storage_functions(raw::HostApi& api);
void add_machine_functions(raw::HostApi& api);
// One spelling for each file, however its path was written.
std::filesystem::path file_of(const std::string& path);
// A disk and all it lies on, from the top.
std::vector<std::filesystem::path> disk_chain(const std::filesystem::path& disk);

// A call on one system that ends as `apply` says.
Hresult on_system(const char* function, raw::Handle handle, raw::Handle operation,
                  std::function<Outcome(const std::shared_ptr<System>&)> apply);
Outcome modify_machine(Host& host, System& system, const json& request);

template <class Object>
std::vector<raw::Handle> Host::handles_of(Kind kind, const std::shared_ptr<Object>& object) {
    std::vector<raw::Handle> found;
    for (const auto& [handle, entry] : handles_) {
        if (entry.kind != kind) continue;
        if (std::static_pointer_cast<Opened<Object>>(entry.object)->object == object) found.push_back(handle);
    }
    return found;
}

template <class Object>
void Host::tell_end(const std::shared_ptr<Object>& object, Kind kind, uint32_t type, const json& data) {
    const std::chrono::milliseconds delay(object->exit_rule.exit_delay_ms());
    for (const raw::Handle handle : handles_of(kind, object)) {
        for (int i = 0; i < object->exit_rule.exit_events(); ++i) notify<Object>(handle, kind, type, data, delay);
    }
}

}  // namespace slipway::simulated_hcs
