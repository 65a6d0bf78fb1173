// plugins/windows/src/ops/ops_common.hpp - what the entry points of all services share.
#pragma once

#include <container.hpp>
#include <tables.hpp>

#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>

namespace slipway::windows_backend {

// Signals and the like have no slw_call and must not take long.
constexpr std::chrono::milliseconds kQuickly(5000);

inline Result<nlohmann::json> parse_object(slw_text text, const char* what) {
    nlohmann::json value = nlohmann::json::parse(view_of(text), nullptr, false);
    if (value.is_object()) return value;
    return Error(ErrorCode::kInvalidArgument, std::string(what) + " is not a JSON object");
}

inline bool is_object_id(const char* id) {
    const std::string_view text = id == nullptr ? "" : id;
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

inline void fill_info(slw_process_info* out, const slw_process_status& status) {
    if (out == nullptr || !SLW_HAS(out, slw_process_info, started_ns)) return;
    out->pid = status.pid;
    out->started_ns = status.started_ns;
}

// The run of a container whose first process runs; kConflict otherwise.
inline Result<std::shared_ptr<ContainerRun>> running(const slw_container& c) {
    auto run = c.run();
    if (run && run->is_running()) return run;
    return Error(ErrorCode::kConflict, "container " + c.id + " is not running").with_resource(c.id);
}

}  // namespace slipway::windows_backend
