#include "handlers/handlers.hpp"
#include "render/stats_json.hpp"

namespace slipway::api {

Status handle_container_stats(Exchange& exchange) {
    core::StatsOptions options;
    options.stream = exchange.query.flag("stream", true);
    options.one_shot = exchange.at_least(41) && exchange.query.flag("one-shot");
    bool wrote = false;
    const core::StatsSink sink = [&](const core::StatsSample& sample, const core::StatsSample& before) {
        const nlohmann::json document = stats_json(sample, before);
        wrote = true;
        if (!options.stream) {
            exchange.reply_json(200, document);
            return true;
        }
        if (!exchange.response.is_begun()) exchange.response.begin_stream(200, "application/json");
        return exchange.response.write(to_text(document) + "\n");
    };
    const Status read = exchange.engine().read_stats(exchange.part("name"), options, sink,
                                                     [&exchange]() { return exchange.is_over(); });
    if (!wrote) return read;
    // A stream that a failure cuts short is left open, so that the client sees its connection break.
    if (read && options.stream) exchange.response.end_stream();
    return ok();
}

Status handle_container_top(Exchange& exchange) {
    Result<nlohmann::json> processes =
        exchange.engine().list_processes(exchange.part("name"), exchange.query.get("ps_args"));
    if (!processes) return std::move(processes).error();
    exchange.reply_json(200, *processes);
    return ok();
}

}  // namespace slipway::api
