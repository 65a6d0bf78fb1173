// Compute systems: their states, and how they end.
#include "host.hpp"
#include "schema.hpp"

namespace slipway::simulated_hcs {
namespace {

using State = System::State;

// The volume must be filtered with exactly the layers that the document names, the name space must be free.
Problem claim_container_parts(Host& host, System& system) {
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

// What the document names must be there and free.
Problem claim_parts(Host& host, System& system) {
    if (system.document.contains("VirtualMachine")) return claim_machine_parts(host, system);
    if (system.document.contains("HostedSystem")) return claim_hosted_parts(host, system);
    return claim_container_parts(host, system);
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
        system->exit_rule = rule;
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
    host.check_unused(handle, "HcsCloseComputeSystem");
    const auto opened = host.take<OpenSystem>(handle, Kind::kSystem, "HcsCloseComputeSystem");
    if (opened) host.close_system(opened->object);
}

Hresult start_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_system("HcsStartComputeSystem", handle, operation, [](const auto& system) -> Outcome {
        if (system->state != State::kCreated || system->stands_still()) return {raw::kHcsInvalidState, ""};
        system->state = State::kRunning;
        return {};
    });
}

// Success says that it has stopped.
Outcome when_stopped(System& system) {
    return {raw::kOk, "", system.state == State::kStopped ? nullptr : &system.endings};
}

Hresult shut_down_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_system("HcsShutDownComputeSystem", handle, operation, [](const auto& system) -> Outcome {
        if (system->state == State::kStopping || system->state == State::kStopped) {
            return {raw::kHcsSystemAlreadyStopped, ""};
        }
        if (system->state != State::kRunning || system->stands_still()) return {raw::kHcsInvalidState, ""};
        system->state = State::kStopping;
        for (const auto& hosted : Host::get().hosted_by(*system)) {
            Host::get().end_system(hosted, "GracefulExit", raw::kOk);
        }
        for (const auto& [pid, process] : system->processes) {
            if (!process->exited) process->child->interrupt();
        }
        Host::get().finish_if_empty(system);
        return when_stopped(*system);
    });
}

Hresult terminate_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_system("HcsTerminateComputeSystem", handle, operation, [](const auto& system) -> Outcome {
        if (system->state == State::kStopped) return {raw::kHcsSystemAlreadyStopped, ""};
        if (system->stands_still()) return {raw::kHcsInvalidState, ""};
        Host::get().end_system(system, "ForcedExit", raw::kOk);
        return when_stopped(*system);
    });
}

Hresult set_system_callback(raw::Handle handle, uint32_t options, void* context, raw::EventCallback callback) {
    return Host::get().set_callback<System>("HcsSetComputeSystemCallback", handle, Kind::kSystem, options, context,
                                            callback);
}

}  // namespace

Hresult on_system(const char* function, raw::Handle handle, raw::Handle operation,
                  std::function<Outcome(const std::shared_ptr<System>&)> apply) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    const auto opened = host.find<OpenSystem>(handle, Kind::kSystem, function);
    if (!opened) return raw::kInvalidHandle;
    const Hresult accepted =
        host.submit(function, operation, [&host, system = opened->object, apply = std::move(apply)](const Rule& rule) {
            const Outcome outcome = apply(system);
            if (rule.action == Action::kCrashSystem) host.end_system(system, "UnexpectedExit", raw::kHcsUnexpectedExit);
            return outcome;
        });
    if (accepted == raw::kOk) host.bind(operation, handle, function);
    return accepted;
}

std::vector<std::shared_ptr<System>> Host::hosted_by(const System& machine) const {
    std::vector<std::shared_ptr<System>> hosted;
    for (const auto& [id, system] : systems) {
        if (system->hosting.lock().get() == &machine) hosted.push_back(system);
    }
    return hosted;
}

bool Host::has_adapter(const Guid& endpoint) const {
    for (const auto& [id, system] : systems) {
        if (!system->machine || system->state == State::kStopped) continue;
        for (const auto& [adapter, its] : system->machine->adapters) {
            if (its == endpoint) return true;
        }
    }
    return false;
}

void Host::end_system(const std::shared_ptr<System>& system, const std::string& exit_type, Hresult status) {
    if (system->state == State::kStopped) return;
    system->exit_type = exit_type;
    system->exit_status = status;
    system->state = State::kStopping;
    if (system->machine) system->machine->paused = false;
    // Containers end with their machine, however it was left.
    for (const auto& hosted : hosted_by(*system)) end_system(hosted, exit_type, status);
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
    for (const auto& hosted : hosted_by(*system)) {
        if (hosted->state != State::kStopped) return;
    }
    system->state = State::kStopped;
    release_parts(*this, *system);
    tell_end(system, Kind::kSystem, raw::kEventSystemExited,
             {{"Status", system->exit_status}, {"ExitType", system->exit_type}});
    run_endings(system->endings);
    const auto machine = system->hosting.lock();
    if (system->handles == 0) systems.erase(system->id);  // perhaps the last that knew it
    if (machine) finish_if_empty(machine);
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
    api.HcsSetComputeSystemCallback = set_system_callback;
}

}  // namespace slipway::simulated_hcs
