#include "handlers/handlers.hpp"

#include <charconv>

namespace slipway::api {
namespace {

using nlohmann::json;

json event_json(const core::Event& event) {
    json out{{"Type", event.type},
             {"Action", event.action},
             {"Actor", {{"ID", event.actor_id}, {"Attributes", event.attributes}}},
             {"scope", "local"},
             {"time", event.when / 1'000'000'000},
             {"timeNano", event.when},
             {"sequence", event.sequence}};
    // What clients read before actors existed.
    if (event.type == "container" || event.type == "image") {
        out["status"] = event.action;
        out["id"] = event.actor_id;
        if (const auto image = event.attributes.find("image"); image != event.attributes.end()) {
            out["from"] = image->second;
        }
    }
    return out;
}

json gap_json(uint64_t missed) {
    const core::UnixNanos now = core::unix_now();
    return {{"Type", "daemon"},
            {"Action", "missed"},
            {"Actor", {{"ID", ""}, {"Attributes", {{"missed", std::to_string(missed)}}}}},
            {"scope", "local"},
            {"time", now / 1'000'000'000},
            {"timeNano", now}};
}

struct Range {
    core::UnixNanos since = 0, until = 0;
    std::optional<uint64_t> since_sequence;
};

Result<core::UnixNanos> time_of(const Query& query, std::string_view name) {
    const std::string& text = query.get(name);
    if (text.empty()) return core::UnixNanos{0};
    return core::parse_time(text);
}

// "since=seq:N" resumes with event N, with no doubt about clocks.
Result<Range> range_of(const Query& query) {
    Range range;
    const std::string& since = query.get("since");
    if (since.starts_with("seq:")) {
        uint64_t sequence = 0;
        const char* last = since.data() + since.size();
        const auto [end, failure] = std::from_chars(since.data() + 4, last, sequence);
        if (failure != std::errc() || end != last) {
            return Error(ErrorCode::kInvalidArgument, "invalid value for 'since': '" + since + "'");
        }
        range.since_sequence = sequence;
    } else {
        Result<core::UnixNanos> when = time_of(query, "since");
        if (!when) return std::move(when).error();
        range.since = *when;
    }
    Result<core::UnixNanos> until = time_of(query, "until");
    if (!until) return std::move(until).error();
    range.until = *until;
    if (range.until > 0 && range.since > range.until) {
        return Error(ErrorCode::kInvalidArgument,
                     "`since` time (" + since + ") cannot be after `until` time (" + query.get("until") + ")");
    }
    return range;
}

}  // namespace

Status handle_events(Exchange& exchange) {
    Result<Range> range = range_of(exchange.query);
    if (!range) return std::move(range).error();
    Result<core::Filters> filters =
        exchange.query.filters({"config", "container", "daemon", "event", "image", "label", "network", "node", "plugin",
                                "scope", "secret", "service", "type", "volume"});
    if (!filters) return std::move(filters).error();

    const std::unique_ptr<core::EventSubscription> events =
        exchange.engine().subscribe(range->since, range->until, range->since_sequence, std::move(*filters));
    exchange.response.begin_stream(200, "application/json");
    while (!exchange.is_over()) {
        // Short enough to notice a client that left; an event itself wakes at once.
        const std::optional<core::EventOrGap> next = events->next(std::chrono::milliseconds(500));
        if (next) {
            const json line = next->event ? event_json(*next->event) : gap_json(next->missed);
            if (!exchange.response.write(to_text(line) + "\n")) return ok();
        } else if (events->closed()) {
            break;
        }
    }
    exchange.response.end_stream();
    return ok();
}

}  // namespace slipway::api
