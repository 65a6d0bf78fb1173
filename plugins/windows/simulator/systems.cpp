// Compute systems: their states, and how they end.
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
    json properties = {{"Id", system.id},
                       {"SystemType", "Container"},
                       {"RuntimeOsType", "Windows"},
                       {"Owner", system.owner},
                       {"State", state_name(system.state)}};
    if (system.state == State::kStopped) {
        properties["Stopped"] = true;
        properties["ExitType"] = system.exit_type;
    }
    return properties;
}

// The volume must be filtered with exactly the layers that the document names, the name space must be free.
Problem claim_parts(Host& host, System& system) {
    const json& container = system.document["Container"];
    std::string path = container["Storage"]["Path"];
    path.pop_back();
    Disk* disk = nullptr;
    for (auto& [file, candidate] : host.disks) {
        if (candidate.volume == path) disk = &candidate;
    }
    if (disk == nullptr || disk->filter.is_null()) return "Container.Storage.Path: is not a filtered volume";
    if (disk->filter["Layers"] != container["Storage"]["Layers"]) {
        return "Container.Storage.Layers: differ from those of the storage filter";
    }
    if (!disk->used_by.empty()) return "Container.Storage.Path: is in use";
    NameSpace* name_space = nullptr;
    const json networking = container.value("Networking", json::object());
    if (networking.contains("Namespace")) {
        const auto guid = Guid::parse(networking["Namespace"].get<std::string>());
        const auto found = host.name_spaces.find(*guid);
        if (found == host.name_spaces.end()) return "Container.Networking.Namespace: does not exist";
        if (!found->second.used_by.empty() && !networking.contains("NetworkSharedContainerName")) {
            return "Container.Networking.Namespace: is in use";
        }
        if (found->second.used_by.empty()) name_space = &found->second;
    }
    disk->used_by = system.id;
    system.volume = path;
    if (name_space != nullptr) name_space->used_by = system.id;
    return std::nullopt;
}

void release_parts(Host& host, const System& system) {
    for (auto& [file, disk] : host.disks) {
        if (disk.used_by == system.id) disk.used_by.clear();
    }
    for (auto& [guid, name_space] : host.name_spaces) {
        if (name_space.used_by == system.id) name_space.used_by.clear();
    }
}

Hresult create_system(raw::Text id, raw::Text document, raw::Handle operation, const void* security, raw::Handle* out) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    if (security != nullptr) return raw::kInvalidArgument;
    const std::string name = text_of(id);
    if (host.systems.count(name) != 0) {
        host.injection.next("HcsCreateComputeSystem");
        return raw::kHcsSystemAlreadyExists;
    }
    auto system = std::make_shared<System>();
    system->id = name;
    const auto apply = [&host, system, text = text_of(document)](const Rule& rule) -> Outcome {
        if (system->state == State::kStopped) return {raw::kHcsTerminated, ""};  // given up in the meantime
        json parsed = json::parse(text, nullptr, false);
        Problem problem = parsed.is_discarded() ? Problem("document: is not JSON") : check_system(parsed);
        if (!problem) {
            system->document = std::move(parsed);
            system->owner = system->document["Owner"];
            system->ends_with_last_handle = system->document.value("ShouldTerminateOnLastHandleClosed", false);
            problem = claim_parts(host, *system);
        }
        if (problem) {
            host.systems.erase(system->id);
            system->state = State::kStopped;
            return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
        }
        system->state = State::kCreated;
        if (rule.action == Action::kCrashSystem) host.end_system(system, "UnexpectedExit", raw::kHcsUnexpectedExit);
        return {};
    };
    const Hresult accepted = host.submit("HcsCreateComputeSystem", operation, apply);
    if (accepted != raw::kOk) return accepted;
    host.systems[name] = system;
    system->handles = 1;
    auto opened = std::make_shared<OpenSystem>();
    opened->object = system;
    *out = host.add_handle(Kind::kSystem, std::move(opened));
    return raw::kOk;
}

Hresult open_system(raw::Text id, uint32_t access, raw::Handle* out) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    const Hresult entered = host.enter("HcsOpenComputeSystem", lock);
    if (entered != raw::kOk) return entered;
    if (access != raw::kGenericAll) return raw::kInvalidArgument;
    const auto found = host.systems.find(text_of(id));
    if (found == host.systems.end() || found->second->state == State::kCreating) return raw::kHcsSystemNotFound;
    ++found->second->handles;
    auto opened = std::make_shared<OpenSystem>();
    opened->object = found->second;
    *out = host.add_handle(Kind::kSystem, std::move(opened));
    return raw::kOk;
}

void close_system_handle(raw::Handle handle) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    host.wait_for_callback(handle, lock);
    const auto opened = host.take<OpenSystem>(handle, Kind::kSystem, "HcsCloseComputeSystem");
    if (opened) host.close_system(opened->object);
}

// A call on one system that ends as `apply` says.
Hresult on_system(const char* function, raw::Handle handle, raw::Handle operation,
                  std::function<Outcome(const std::shared_ptr<System>&)> apply) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    const auto opened = host.find<OpenSystem>(handle, Kind::kSystem, function);
    if (!opened) return raw::kInvalidHandle;
    return host.submit(function, operation,
                       [&host, system = opened->object, apply = std::move(apply)](const Rule& rule) {
                           const Outcome outcome = apply(system);
                           if (rule.action == Action::kCrashSystem)
                               host.end_system(system, "UnexpectedExit", raw::kHcsUnexpectedExit);
                           return outcome;
                       });
}

Hresult start_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_system("HcsStartComputeSystem", handle, operation, [](const auto& system) -> Outcome {
        if (system->state != State::kCreated) return {raw::kHcsInvalidState, ""};
        system->state = State::kRunning;
        return {};
    });
}

Hresult shut_down_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_system("HcsShutDownComputeSystem", handle, operation, [](const auto& system) -> Outcome {
        if (system->state == State::kStopping || system->state == State::kStopped) {
            return {raw::kHcsSystemAlreadyStopped, ""};
        }
        if (system->state != State::kRunning) return {raw::kHcsInvalidState, ""};
        system->state = State::kStopping;
        for (const auto& [pid, process] : system->processes) {
            if (!process->exited) process->child->interrupt();
        }
        Host::get().finish_if_empty(system);
        return {};
    });
}

Hresult terminate_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_system("HcsTerminateComputeSystem", handle, operation, [](const auto& system) -> Outcome {
        if (system->state == State::kStopped) return {raw::kHcsSystemAlreadyStopped, ""};
        Host::get().end_system(system, "ForcedExit", raw::kOk);
        return {};
    });
}

json statistics(const System& system) {
    const int64_t used = static_cast<int64_t>(system.processes.size()) * 100'000;
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
    return on_system("HcsModifyComputeSystem", handle, operation,
                     [text = text_of(request)](const auto& system) -> Outcome {
                         const json parsed = json::parse(text, nullptr, false);
                         if (const Problem problem = check_system_change(parsed)) {
                             return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
                         }
                         if (system->state != State::kRunning) return {raw::kHcsInvalidState, ""};
                         json& container = system->document["Container"];
                         if (parsed["ResourcePath"] == "Container/Processor") {
                             container["Processor"] = parsed["Settings"];
                         } else {
                             container["Memory"]["SizeInMB"] = parsed["Settings"];
                         }
                         return {};
                     });
}

Hresult set_system_callback(raw::Handle handle, uint32_t options, void* context, raw::EventCallback callback) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    const Hresult entered = host.enter("HcsSetComputeSystemCallback", lock);
    if (entered != raw::kOk) return entered;
    const auto opened = host.find<OpenSystem>(handle, Kind::kSystem, "HcsSetComputeSystemCallback");
    if (!opened) return raw::kInvalidHandle;
    if (options != 0) return raw::kInvalidArgument;
    if (opened->callback != nullptr) return raw::kHcsCallbackAlreadySet;
    opened->callback = callback;
    opened->context = context;
    return raw::kOk;
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
        const json owners = parsed.value("Owners", json::array());
        json list = json::array();
        for (const auto& [id, system] : host.systems) {
            if (system->state == State::kCreating) continue;
            if (owners.empty() || std::find(owners.begin(), owners.end(), system->owner) != owners.end()) {
                list.push_back(basic_properties(*system));
            }
        }
        return {raw::kOk, list.dump()};
    });
}

}  // namespace

void Host::end_system(const std::shared_ptr<System>& system, const std::string& exit_type, Hresult status) {
    if (system->state == State::kStopped) return;
    system->exit_type = exit_type;
    system->exit_status = status;
    system->state = State::kStopping;
    for (const auto& [pid, process] : system->processes) {
        if (!process->exited) process->child->terminate();
    }
    finish_if_empty(system);
}

void Host::finish_if_empty(const std::shared_ptr<System>& system) {
    if (system->state != State::kStopping) return;
    for (const auto& [pid, process] : system->processes) {
        if (!process->exited) return;
    }
    system->state = State::kStopped;
    release_parts(*this, *system);
    json data = {{"Status", system->exit_status}, {"ExitType", system->exit_type}};
    for (const raw::Handle handle : handles_of(Kind::kSystem, system)) {
        notify<System>(handle, Kind::kSystem, raw::kEventSystemExited, data);
    }
    if (system->handles == 0) systems.erase(system->id);
}

void Host::close_system(const std::shared_ptr<System>& system) {
    if (--system->handles > 0) return;
    if (system->state == State::kCreating) {
        system->state = State::kStopped;
        systems.erase(system->id);
    } else if (system->state == State::kStopped) {
        const auto found = systems.find(system->id);
        if (found != systems.end() && found->second == system) systems.erase(found);
    } else if (system->ends_with_last_handle) {
        end_system(system, "ForcedExit", raw::kOk);
    }
}

void add_system_functions(raw::HostApi& api) {
    api.HcsCreateComputeSystem = create_system;
    api.HcsOpenComputeSystem = open_system;
    api.HcsCloseComputeSystem = close_system_handle;
    api.HcsStartComputeSystem = start_system;
    api.HcsShutDownComputeSystem = shut_down_system;
    api.HcsTerminateComputeSystem = terminate_system;
    api.HcsGetComputeSystemProperties = system_properties;
    api.HcsModifyComputeSystem = modify_system;
    api.HcsSetComputeSystemCallback = set_system_callback;
    api.HcsEnumerateComputeSystems = enumerate_systems;
}

}  // namespace slipway::simulated_hcs
