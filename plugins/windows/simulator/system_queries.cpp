// What systems tell of themselves, and what is changed while they run.
#include "host.hpp"
#include "schema.hpp"

#include <algorithm>

namespace slipway::simulated_hcs {
namespace {

using State = System::State;

const char* state_name(State state) {
    switch (state) {
        case State::kCreating:
        case State::kCreated:
            return "Created";
        case State::kRunning:
        case State::kStopping:
            return "Running";
        case State::kStopped:
            return "Stopped";
    }
    return "Unknown";
}

json basic_properties(const System& system) {
    const bool paused = system.machine && system.machine->paused;
    json properties = {{"Id", system.id},
                       {"SystemType", system.machine ? "VirtualMachine" : "Container"},
                       {"RuntimeOsType", "Windows"},
                       {"Owner", system.owner},
                       {"State", paused ? "Paused" : state_name(system.state)}};
    if (system.state == State::kStopped) {
        properties["Stopped"] = true;
        properties["ExitType"] = system.exit_type;
    }
    return properties;
}

// A machine's are those of its whole guest, from its boot on: no continuation of its container's.
json statistics(const System& system) {
    const int64_t own = system.machine ? 50'000'000 : 0;
    const int64_t used = own + static_cast<int64_t>(system.processes.size()) * 100'000;
    return {
        {"Timestamp", "2026-01-01T00:00:00.0000000Z"},
        {"ContainerStartTime", "2026-01-01T00:00:00.0000000Z"},
        {"Uptime100ns", 10'000'000},
        {"Processor", {{"TotalRuntime100ns", used}, {"RuntimeUser100ns", used / 2}, {"RuntimeKernel100ns", used / 2}}},
        {"Memory",
         {{"MemoryUsageCommitBytes", 8 << 20},
          {"MemoryUsageCommitPeakBytes", 9 << 20},
          {"MemoryUsagePrivateWorkingSetBytes", 4 << 20}}},
        {"Storage", {{"ReadCountNormalized", 7}, {"ReadSizeBytes", 4096}}},  // zeros are left out
        {"FutureMember", json::object()}};
}

json process_list(const System& system) {
    json list = json::array();
    for (const auto& [pid, process] : system.processes) {
        if (process->exited) continue;
        list.push_back({{"ProcessId", pid},
                        {"ImageName", "program.exe"},
                        {"CreateTimestamp", "2026-01-01T00:00:00.0000000Z"},
                        {"UserTime100ns", 15'000'000},
                        {"KernelTime100ns", 5'000},
                        {"MemoryWorkingSetPrivateBytes", 1 << 20}});
    }
    return list;
}

Hresult system_properties(raw::Handle handle, raw::Handle operation, raw::Text query) {
    return on_system("HcsGetComputeSystemProperties", handle, operation,
                     [text = text_of(query)](const auto& system) -> Outcome {
                         const json parsed = text.empty() ? json::object() : json::parse(text, nullptr, false);
                         if (const Problem problem = check_property_query(parsed)) {
                             return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
                         }
                         if (system->state == State::kStopped) return {raw::kHcsSystemAlreadyStopped, ""};
                         if (system->stands_still()) return {raw::kHcsInvalidState, ""};
                         json properties = basic_properties(*system);
                         for (const json& type : parsed.value("PropertyTypes", json::array())) {
                             if (type == "Statistics") properties["Statistics"] = statistics(*system);
                             if (type == "ProcessList") properties["ProcessList"] = process_list(*system);
                         }
                         return {raw::kOk, properties.dump()};
                     });
}

Hresult modify_system(raw::Handle handle, raw::Handle operation, raw::Text request, raw::Handle identity) {
    if (identity != nullptr) return raw::kInvalidArgument;
    return on_system(
        "HcsModifyComputeSystem", handle, operation, [text = text_of(request)](const auto& system) -> Outcome {
            const json parsed = json::parse(text, nullptr, false);
            if (system->machine) return modify_machine(Host::get(), *system, parsed);
            if (const Problem problem = check_system_change(parsed)) {
                return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
            }
            if (system->state != State::kRunning || system->stands_still()) {
                return {raw::kHcsInvalidState, ""};
            }
            json& container = system->document.contains("HostedSystem") ? system->document["HostedSystem"]["Container"]
                                                                        : system->document["Container"];
            if (parsed["ResourcePath"] == "Container/Processor") {
                container["Processor"] = parsed["Settings"];
            } else {
                container["Memory"]["SizeInMB"] = parsed["Settings"];
            }
            return {};
        });
}

Hresult enumerate_systems(raw::Text query, raw::Handle operation) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    return host.submit("HcsEnumerateComputeSystems", operation, [&host, text = text_of(query)](const Rule&) -> Outcome {
        const json parsed = json::parse(text, nullptr, false);
        Problem problem;
        const Checker root(parsed, "", problem);
        root.only({"Ids", "Names", "Owners", "Types"}).texts("Ids").texts("Names").texts("Owners").texts("Types");
        if (problem) return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
        const json owners = parsed.value("Owners", json::array()), types = parsed.value("Types", json::array());
        const auto wanted = [](const json& all, const json& one) {
            return all.empty() || std::find(all.begin(), all.end(), one) != all.end();
        };
        json list = json::array();
        for (const auto& [id, system] : host.systems) {
            if (system->state == State::kCreating) continue;
            const json properties = basic_properties(*system);
            if (wanted(owners, system->owner) && wanted(types, properties["SystemType"])) list.push_back(properties);
        }
        return {raw::kOk, list.dump()};
    });
}

}  // namespace

void add_query_functions(raw::HostApi& api) {
    api.HcsGetComputeSystemProperties = system_properties;
    api.HcsModifyComputeSystem = modify_system;
    api.HcsEnumerateComputeSystems = enumerate_systems;
}

}  // namespace slipway::simulated_hcs
