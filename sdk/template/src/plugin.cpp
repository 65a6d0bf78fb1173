// plugin.cpp - the one exported symbol: how the backend begins, ends and names its services.
#include <cstring>
#include <memory>

#include "backend.hpp"

namespace {

// Acquires nothing outside the process: the host also calls this in a probe process that it throws away.
slw_status SLW_CALL init(const slw_host* host, slw_backend** out, slw_error* err) noexcept {
    return slipway::guarded(err, [&]() -> slipway::Status {
        auto backend = std::make_unique<slw_backend>(host);
        slipway::Result<std::string> config = backend->host.config();
        if (!config) return std::move(config).error();
        backend->host.debug("configuration: " + *config);
        *out = backend.release();
        return slipway::ok();
    });
}

void SLW_CALL deinit(slw_backend* backend) noexcept {
    delete backend;
}

// The three required services. Null for the rest says "not supported", and the engine has an answer to that.
const void* SLW_CALL get_extension(slw_backend*, const char* id) noexcept {
    if (id == nullptr) return nullptr;
    if (std::strcmp(id, SLW_EXT_CREATE) == 0) return &example::kCreateOps;
    if (std::strcmp(id, SLW_EXT_MOUNT) == 0) return &example::kMountOps;
    if (std::strcmp(id, SLW_EXT_NETWORK) == 0) return &example::kNetworkOps;
    return nullptr;
}

}  // namespace

const slw_plugin slw_plugin_entry = {
    sizeof(slw_plugin), SLW_ABI_MAJOR, SLW_ABI_MINOR, 0, "example", "0.1.0", &init, &deinit, &get_extension};
