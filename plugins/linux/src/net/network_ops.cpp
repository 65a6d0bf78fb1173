// slw.network/1: the documents of the ABI, turned into calls of the NetworkManager.
#include <net/network_manager.hpp>
#include <tables.hpp>

#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

Result<json> parse(slw_text text, const char* what) {
    json document = json::parse(view_of(text), nullptr, false);
    if (!document.is_object()) {
        return Error(ErrorCode::kInvalidArgument, std::string(what) + " document: not a JSON object");
    }
    return document;
}

slw_status SLW_CALL network_create(slw_backend* b, const slw_call* call, slw_text network, slw_sink* out,
                                   slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (Status allowed = CallLimits(b->host, call).check(); !allowed) return allowed;
        Result<json> document = parse(network, "network");
        if (!document) return std::move(document).error();
        Result<json> made = b->networks->create_network(*document);
        if (!made) return std::move(made).error();
        return write_to(out, made->dump());
    });
}

slw_status SLW_CALL network_remove(slw_backend* b, const slw_call* call, slw_text network, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (Status allowed = CallLimits(b->host, call).check(); !allowed) return allowed;
        Result<json> document = parse(network, "network");
        if (!document) return std::move(document).error();
        return b->networks->remove_network(*document);
    });
}

slw_status SLW_CALL sandbox_create(slw_container* c, const slw_call* call, slw_text sandbox, slw_sink* out,
                                   slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (Status allowed = CallLimits(c->backend.host, call).check(); !allowed) return allowed;
        Result<json> document = parse(sandbox, "sandbox");
        if (!document) return std::move(document).error();
        Result<json> made = c->backend.networks->create_sandbox(*c, *document);
        if (!made) return std::move(made).error();
        // A receiver that stopped reading knows nothing of it, so nothing of it may stay.
        Status told = write_to(out, made->dump());
        if (!told) (void)c->backend.networks->destroy_sandbox(*c);
        return told;
    });
}

slw_status SLW_CALL sandbox_destroy(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&] { return c->backend.networks->destroy_sandbox(*c); });  // undo ignores cancellation
}

slw_status SLW_CALL endpoint_attach(slw_container* c, const slw_call* call, slw_text endpoint, slw_sink* out,
                                    slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (Status allowed = CallLimits(c->backend.host, call).check(); !allowed) return allowed;
        Result<json> document = parse(endpoint, "endpoint");
        if (!document) return std::move(document).error();
        Result<json> joined = c->backend.networks->attach(*c, *document);
        if (!joined) return std::move(joined).error();
        Status told = write_to(out, joined->dump());
        if (!told) (void)c->backend.networks->detach(*c, document->at("Network").at("Id").get<std::string>());
        return told;
    });
}

slw_status SLW_CALL endpoint_detach(slw_container* c, const slw_call*, const char* network_id,
                                    slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (network_id == nullptr) return Error(ErrorCode::kInvalidArgument, "no network id given");
        return c->backend.networks->detach(*c, network_id);
    });
}

}  // namespace

const slw_network_ops kNetworkOps = {
    sizeof(slw_network_ops), 0, &network_create, &network_remove, &sandbox_create, &sandbox_destroy, &endpoint_attach,
    &endpoint_detach,
};

}  // namespace slipway::linux_backend
