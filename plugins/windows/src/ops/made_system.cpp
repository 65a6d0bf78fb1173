#include <ops/made_system.hpp>

#include <ops/container_files.hpp>

#include <documents/hosted_document.hpp>
#include <documents/json_access.hpp>
#include <sys/file_tree.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

SystemParts parts_of(const slw_container& c) {
    SystemParts parts;
    if (c.root) {
        parts.layers = c.root->layers();
        parts.volume_path = c.root->volume();
    }
    for (const PreparedMapping& mapping : c.mappings) {
        if (mapping.directory) parts.directories.push_back(*mapping.directory);
        if (mapping.pipe) parts.pipes.push_back(*mapping.pipe);
    }
    if (c.sandbox) {
        parts.network_namespace = c.sandbox->name_space;
        parts.shared_container = c.sandbox->owner;
        parts.dns_search = c.sandbox->dns.search;
        parts.unqualified_dns = c.sandbox->nat;
    }
    return parts;
}

Result<MadeSystem> make_silo(const slw_container& c, const json& spec, const CallLimits& call) {
    if (!c.root) return Error(ErrorCode::kConflict, "container " + c.id + " has no root").with_resource(c.id);
    Result<System> system = System::create(c.backend.api, c.id, complete_system_document(spec["System"], parts_of(c)),
                                           Limits(call, c.backend.config.timeouts.system));
    if (!system) return std::move(system).error();
    return MadeSystem{nullptr, std::move(*system)};
}

// From now on the host neither mounts the container's disk nor looks into it: what the guest makes of it is its own.
Status give_disk_to_machine(slw_container& c, const CallLimits& call) {
    const auto root_lock = c.lock_root(Limits(call, c.backend.config.timeouts.storage));
    if (!root_lock) return root_lock.error();
    if (Status released = c.release_left_root(); !released) return released;
    if (c.root) {
        return Error(ErrorCode::kConflict, "the root of " + c.id + " is mounted on the host").with_resource(c.id);
    }
    return make_directory(machine_mark(c));
}

// Whatever fails, the machine goes as the last, and all that it was given with it.
Result<MadeSystem> make_in_machine(slw_container& c, const json& spec, const CallLimits& call) {
    slw_backend& b = c.backend;
    if (Status given = give_disk_to_machine(c, call); !given) return std::move(given).error();
    if (c.sandbox && !c.sandbox->owner.empty()) {
        return Error(ErrorCode::kUnimplemented, "a container with Hyper-V isolation cannot join another one's network")
            .with_resource(c.sandbox->owner);
    }
    const auto ids = recorded_layers(c);
    if (!ids) return ids.error();
    const auto layers = b.layers.chain(*ids);
    if (!layers) return layers.error();
    Result<std::unique_ptr<UtilityVm>> machine =
        UtilityVm::boot(b.api, b.workers, b.config.timeouts, b.access,
                        {machine_id(c.id), spec["Machine"], *layers, container_disk(c), machine_folder(c)}, call);
    if (!machine) return std::move(machine).error();
    const Result<SystemParts> parts = (*machine)->take(parts_of(c), call);
    if (!parts) return parts.error();
    if (c.sandbox) {
        const Result<GuestNetwork> network = b.networks.describe(*c.sandbox, call);
        if (!network) return network.error();
        if (Status joined = (*machine)->join(*network, call); !joined) return std::move(joined).error();
    }
    const json document = complete_hosted_document(spec["System"], *parts, (*machine)->id());
    Result<System> system = System::create(b.api, c.id, document, Limits(call, b.config.timeouts.system));
    if (!system) return std::move(system).error();
    return MadeSystem{std::move(*machine), std::move(*system)};
}

}  // namespace

Result<MadeSystem> make_system(slw_container& c, const json& spec, const CallLimits& call) {
    return member_of(spec, "Machine").is_object() ? make_in_machine(c, spec, call) : make_silo(c, spec, call);
}

}  // namespace slipway::windows_backend
