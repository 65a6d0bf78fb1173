#include "start/release.hpp"

#include "start/start_context.hpp"

namespace slipway::core {

Status release_run(Container& container, BackendContainer& handle, const CallContext& call,
                   const EngineOptions& options) {
    Status first = ok();
    const auto note = [&](const char* what, Status status) {
        if (status) return;
        log_line(options, LogLevel::kError,
                 "container " + container.id + ": " + what + " failed, to be tried again: " + status.error().message());
        if (first) first = std::move(status);
    };
    note("destroying its process", handle.destroy(call));
    note("giving back its network", handle.sandbox_destroy(call));
    for (; !container.mount_ids.empty(); container.mount_ids.pop_back()) {
        note("unmounting a volume", handle.unmount(call, container.mount_ids.back()));
    }
    note("unmounting its root", handle.root_unmount(call));
    container.needs_release = !first.has_value();
    return first;
}

}  // namespace slipway::core
