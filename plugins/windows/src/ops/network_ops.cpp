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
        Status told = write_to(out, joined->dump());
        if (!told) {
            (void)c->backend.networks.detach(*c->sandbox, read_text(member_of(*document, "Network"), "Id"));
        }
        return told;
    });
}

slw_status SLW_CALL endpoint_detach(slw_container* c, const slw_call*, const char* network_id,
                                    slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (network_id == nullptr) return Error(ErrorCode::kInvalidArgument, "no network id given");
        return c->sandbox ? c->backend.networks.detach(*c->sandbox, network_id) : Status(ok());
    });
}

}  // namespace

const slw_network_ops kNetworkOps = {
    sizeof(slw_network_ops), 0, network_create, network_remove, sandbox_create, sandbox_destroy, endpoint_attach,
    endpoint_detach,
};

}  // namespace slipway::windows_backend
