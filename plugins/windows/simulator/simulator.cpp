#include "simulator.hpp"

#include "host.hpp"

namespace slipway::simulated_hcs {

std::shared_ptr<const raw::HostApi> connect() {
    static const raw::HostApi table = [] {
        raw::HostApi api;
        add_operation_functions(api);
        add_system_functions(api);
        add_query_functions(api);
        add_process_functions(api);
        add_network_functions(api);
        add_endpoint_functions(api);
        add_storage_functions(api);
        add_machine_functions(api);
        return api;
    }();
    Host::get().connect();
    return {&table, [](const raw::HostApi*) { Host::get().disconnect(); }};
}

void reset() {
    Host::get().reset();
}

void inject(const nlohmann::json& rules) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    host.injection.add(rules);
}

void release_hangs() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    ++host.hang_epoch;
    host.changed.notify_all();
}

int late_calls() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    return host.late_calls;
}

std::map<std::string, int> calls() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    return host.injection.counts();
}

std::vector<std::string> leaks() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    return host.leaks();
}

std::vector<std::string> violations() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    return host.violations;
}

void crash_system(const std::string& id) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    const auto found = host.systems.find(id);
    if (found != host.systems.end()) host.end_system(found->second, "UnexpectedExit", raw::kHcsUnexpectedExit);
}

void disconnect_service() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    host.service_gone = true;
    for (const auto& [id, system] : host.systems) {
        for (const raw::Handle handle : host.handles_of(Kind::kSystem, system)) {
            host.notify<System>(handle, Kind::kSystem, raw::kEventServiceDisconnect, json::object());
        }
        for (const auto& [pid, process] : system->processes) {
            for (const raw::Handle handle : host.handles_of(Kind::kProcess, process)) {
                host.notify<Process>(handle, Kind::kProcess, raw::kEventServiceDisconnect, json::object());
            }
        }
    }
}

void delete_network_behind(const std::string& guid) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    host.networks.erase(*Guid::parse(guid));
}

nlohmann::json document_of(const std::string& id) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    const auto found = host.systems.find(id);
    return found == host.systems.end() ? json() : found->second->document;
}

std::vector<std::string> adapters_of(const std::string& id) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    std::vector<std::string> found;
    const auto at = host.systems.find(id);
    if (at == host.systems.end() || !at->second->machine) return found;
    for (const auto& [adapter, endpoint] : at->second->machine->adapters) found.push_back(endpoint.text());
    return found;
}

std::vector<std::string> endpoints_of(const std::string& namespace_guid) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    std::vector<std::string> found;
    const auto at = host.name_spaces.find(*Guid::parse(namespace_guid));
    if (at == host.name_spaces.end()) return found;
    for (const Guid& endpoint : at->second.endpoints) found.push_back(endpoint.text());
    return found;
}

}  // namespace slipway::simulated_hcs
