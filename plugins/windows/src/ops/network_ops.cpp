// slw.network/1: the documents of the ABI, turned into calls of the NetworkManager.
#include <ops/ops_common.hpp>

#include <documents/json_access.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

slw_status SLW_CALL network_create(slw_backend* b, const slw_call* call, slw_text network, slw_sink* out,
                                   slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const CallLimits limits(b->host, call);
        if (Status allowed = limits.check(); !allowed) return allowed;
        const Result<json> document = parse_object(network, "network document");
        if (!document) return document.error();
        const Result<json> made = b->networks.create_network(*document, limits);
        if (!made) return made.error();
        return write_to(out, made->dump());
    });
}

slw_status SLW_CALL network_remove(slw_backend* b, const slw_call* call, slw_text network, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const CallLimits limits(b->host, call);
        if (Status allowed = limits.check(); !allowed) return allowed;
        const Result<json> document = parse_object(network, "network document");
        if (!document) return document.error();
        return b->networks.remove_network(*document, limits);
    });
}

slw_status SLW_CALL sandbox_create(slw_container* c, const slw_call* call, slw_text sandbox, slw_sink* out,
                                   slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const CallLimits limits(c->backend.host, call);
        if (Status allowed = limits.check(); !allowed) return allowed;
        const Result<json> document = parse_object(sandbox, "sandbox document");
        if (!document) return document.error();
        std::string joined;
        if (read_text(*document, "Mode") == "container") {
            const Result<std::string> other = c->backend.containers.namespace_of(read_text(*document, "Container"));
            if (!other) return other.error();
            joined = *other;
        }
        const Result<json> made = c->backend.networks.create_sandbox(c->id, *document, joined, c->sandbox, limits);
        if (!made) return made.error();
        // A receiver that stopped reading knows nothing of it, so nothing of it may stay.
        Status told = write_to(out, made->dump());
        if (!told) (void)c->backend.networks.destroy_sandbox(c->id, c->sandbox);
        return told;
    });
}

slw_status SLW_CALL sandbox_destroy(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&] { return c->backend.networks.destroy_sandbox(c->id, c->sandbox); });
}

// The virtual machine around a container that is there already; null otherwise.
UtilityVm* machine_of(const std::shared_ptr<ContainerRun>& run) {
    return run ? run->machine() : nullptr;
}

// A container that runs in a machine gets an adapter there; on failure the endpoint is gone again.
Status plug_in(slw_container& c, const std::string& network_id, const CallLimits& limits) {
    const auto run = c.run();
    UtilityVm* const machine = machine_of(run);
    if (machine == nullptr) return ok();
    const Result<GuestNetwork> network = c.backend.networks.describe(*c.sandbox, limits, network_id);
    Status plugged = network ? ok() : Status(network.error());
    for (const json& endpoint : network ? network->endpoints : std::vector<json>()) {
        if (plugged) plugged = machine->add_adapter(*network, endpoint, limits);
    }
    if (!plugged) (void)c.backend.networks.detach(*c.sandbox, network_id);
    return plugged;
}

Status unplug(slw_container& c, const std::string& network_id, const CallLimits& limits) {
    const auto run = c.run();
    const auto endpoint = c.sandbox->endpoints.find(network_id);
    if (machine_of(run) == nullptr || endpoint == c.sandbox->endpoints.end()) return ok();
    return machine_of(run)->remove_adapter(endpoint->second, limits);
}

slw_status SLW_CALL endpoint_attach(slw_container* c, const slw_call* call, slw_text endpoint, slw_sink* out,
                                    slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const CallLimits limits(c->backend.host, call);
        if (Status allowed = limits.check(); !allowed) return allowed;
        const Result<json> document = parse_object(endpoint, "endpoint document");
        if (!document) return document.error();
        if (!c->sandbox)
            return Error(ErrorCode::kConflict, "container " + c->id + " has no sandbox").with_resource(c->id);
        const Result<json> joined = c->backend.networks.attach(c->id, *document, *c->sandbox, limits);
        if (!joined) return joined.error();
        const std::string network_id = read_text(member_of(*document, "Network"), "Id");
        if (Status plugged = plug_in(*c, network_id, limits); !plugged) return plugged;
        Status told = write_to(out, joined->dump());
        if (!told) {
            (void)unplug(*c, network_id, limits);
            (void)c->backend.networks.detach(*c->sandbox, network_id);
        }
        return told;
    });
}

slw_status SLW_CALL endpoint_detach(slw_container* c, const slw_call* call, const char* network_id,
                                    slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (network_id == nullptr) return Error(ErrorCode::kInvalidArgument, "no network id given");
        if (!c->sandbox) return ok();
        if (Status unplugged = unplug(*c, network_id, CallLimits(c->backend.host, call)); !unplugged) return unplugged;
        return c->backend.networks.detach(*c->sandbox, network_id);
    });
}

}  // namespace

const slw_network_ops kNetworkOps = {
    sizeof(slw_network_ops), 0, network_create, network_remove, sandbox_create, sandbox_destroy, endpoint_attach,
    endpoint_detach,
};

}  // namespace slipway::windows_backend
