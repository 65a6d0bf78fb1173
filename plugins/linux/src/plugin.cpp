// plugins/linux/src/plugin.cpp - the one symbol this library exports.
#include <slipway/slipway.h>
#include <backend.hpp>
#include <slipway/cpp/guarded.hpp>
#include <tables.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <fs/layer_store.hpp>
#include <net/network_manager.hpp>
#include <process/base_namespace.hpp>
#include <process/container_registry.hpp>
#include <process/session_reader.hpp>
#include <process/supervisor_program.hpp>
#include <spec/seccomp_cache.hpp>

#include <unistd.h>

#include <string_view>

namespace slipway::linux_backend {
namespace {

slw_status SLW_CALL init(const slw_host* host, slw_backend** out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (host == nullptr || out == nullptr || !SLW_HAS(host, slw_host, monotonic_ns)) {
            return Error(ErrorCode::kInvalidArgument, "the host gave no services");
        }
        const Result<std::string> text = Host(host).config();
        if (!text) return text.error();
        Result<BackendConfig> config = BackendConfig::from_json(*text);
        if (!config) return std::move(config).error();
        if (access(config->supervisor.c_str(), X_OK) != 0) {
            return Error(ErrorCode::kUnavailable, "slipway-supervisor not found at '" + config->supervisor + "'")
                .with_resource(config->supervisor);
        }
        *out = new slw_backend(host, std::move(*config));
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
    if (wanted == SLW_EXT_PAUSE) return &kPauseOps;
    if (wanted == SLW_EXT_EXEC) return &kExecOps;
    if (wanted == SLW_EXT_UPDATE) return &kUpdateOps;
    if (wanted == SLW_EXT_STATS) return &kStatsOps;
    if (wanted == SLW_EXT_TOP) return &kTopOps;
    if (wanted == SLW_EXT_ARCHIVE) return &kArchiveOps;
    return nullptr;
}

}  // namespace
}  // namespace slipway::linux_backend

extern "C" {
const slw_plugin slw_plugin_entry = {
    sizeof(slw_plugin),
    SLW_ABI_MAJOR,
    SLW_ABI_MINOR,
    0,
    "linux",
    "0.1.0",
    slipway::linux_backend::init,
    slipway::linux_backend::deinit,
    slipway::linux_backend::get_extension,
};
}
