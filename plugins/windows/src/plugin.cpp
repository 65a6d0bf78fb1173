// plugins/windows/src/plugin.cpp - the one symbol this library exports.
#include <slipway/slipway.h>
#include <backend.hpp>
#include <slipway/cpp/guarded.hpp>
#include <tables.hpp>

#include <string_view>

namespace slipway::windows_backend {
namespace {

// Loading the function table is the probe of the machine: what is missing makes this backend unavailable, and nothing
// else.
slw_status SLW_CALL init(const slw_host* host, slw_backend** out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (host == nullptr || out == nullptr || !SLW_HAS(host, slw_host, monotonic_ns)) {
            return Error(ErrorCode::kInvalidArgument, "the host gave no services");
        }
        const Result<std::string> text = Host(host).config();
        if (!text) return text.error();
        Result<BackendConfig> config = BackendConfig::from_json(*text);
        if (!config) return std::move(config).error();
        Result<Api> api = raw::load_host_api();
        if (!api) return std::move(api).error();
        *out = new slw_backend(host, std::move(*config), std::move(*api));
        return ok();
    });
}

void SLW_CALL deinit(slw_backend* backend) noexcept {
    delete backend;
}

const void* SLW_CALL get_extension(slw_backend*, const char* id) noexcept {
    if (id == nullptr) return nullptr;
    const std::string_view wanted = id;
    if (wanted == SLW_EXT_CREATE) return &kCreateOps;
    if (wanted == SLW_EXT_MOUNT) return &kMountOps;
    if (wanted == SLW_EXT_NETWORK) return &kNetworkOps;
    if (wanted == SLW_EXT_STDIO) return &kStdioOps;
    if (wanted == SLW_EXT_RECONCILE) return &kReconcileOps;
    if (wanted == SLW_EXT_EXEC) return &kExecOps;
    if (wanted == SLW_EXT_UPDATE) return &kUpdateOps;
    if (wanted == SLW_EXT_PAUSE) return &kPauseOps;
    if (wanted == SLW_EXT_STATS) return &kStatsOps;
    if (wanted == SLW_EXT_TOP) return &kTopOps;
    return nullptr;
}

}  // namespace
}  // namespace slipway::windows_backend

extern "C" {
const slw_plugin slw_plugin_entry = {
    sizeof(slw_plugin),
    SLW_ABI_MAJOR,
    SLW_ABI_MINOR,
    0,
    "windows",
    "0.1.0",
    slipway::windows_backend::init,
    slipway::windows_backend::deinit,
    slipway::windows_backend::get_extension,
};
}
