// slw.stats/1 and slw.top/1.
#include <ops/ops_common.hpp>

#include <documents/observe_documents.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

Result<json> properties_of(const slw_container& c, const slw_call* call, const char* type) {
    const auto run = running(c);
    if (!run) return run.error();
    // The guest of a machine that is paused does not answer.
    if ((*run)->is_paused()) {
        json before = std::string_view(type) == "Statistics" ? (*run)->statistics_before_pause() : json();
        if (before.is_object()) return before;
        return Error(ErrorCode::kConflict, "container " + c.id + " is paused, its guest cannot be asked")
            .with_resource(c.id)
            .with_hint("unpause the container");
    }
    Result<json> properties = (*run)->system().properties({type}, Limits(CallLimits(c.backend.host, call), kQuickly));
    // It may end between the two.
    if (!properties && !(*run)->is_running()) return std::move(properties).error().with_code(ErrorCode::kConflict);
    return properties;
}

slw_status SLW_CALL read_stats(slw_container* c, const slw_call* call, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<json> properties = properties_of(*c, call, "Statistics");
        if (!properties) return properties.error();
        return write_to(out, docker_stats(*properties, c->backend.processors).dump());
    });
}

slw_status SLW_CALL list_processes(slw_container* c, const slw_call* call, slw_text arguments, slw_sink* out,
                                   slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (arguments.size > 0) {
            return Error(ErrorCode::kInvalidArgument, "Windows does not support arguments to top");
        }
        const Result<json> properties = properties_of(*c, call, "ProcessList");
        if (!properties) return properties.error();
        return write_to(out, docker_top(*properties).dump());
    });
}

}  // namespace

const slw_stats_ops kStatsOps = {sizeof(slw_stats_ops), 0, read_stats};
const slw_top_ops kTopOps = {sizeof(slw_top_ops), 0, list_processes};

}  // namespace slipway::windows_backend
