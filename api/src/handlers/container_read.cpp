#include "handlers/handlers.hpp"
#include "render/container_json.hpp"

namespace slipway::api {
namespace {

// Sizes cost a walk over the files; a container whose size cannot be told right now is shown without.
ContainerSizes sizes_of(core::Engine& engine, const core::ContainerRecord& record) {
    ContainerSizes sizes;
    const Result<uint64_t> writable = engine.container_size_rw(record.id);
    if (!writable) return sizes;
    sizes.writable = *writable;
    uint64_t image_bytes = 0;
    if (!record.image_id.empty()) {
        const Result<core::ImagePtr> image = engine.find_image(record.image_id);
        if (!image) return sizes;
        image_bytes = (*image)->size_bytes;
    }
    sizes.root = *writable + image_bytes;
    return sizes;
}

}  // namespace

Status handle_container_list(Exchange& exchange) {
    core::ListOptions options;
    options.all = exchange.query.flag("all");
    Result<std::optional<int64_t>> limit = exchange.query.integer("limit");
    if (!limit) return std::move(limit).error();
    options.limit = limit->value_or(0);
    Result<core::Filters> filters =
        exchange.query.filters({"ancestor", "before", "exited", "expose", "health", "id", "isolation", "is-task",
                                "label", "name", "network", "publish", "since", "status", "volume"});
    if (!filters) return std::move(filters).error();
    options.filters = std::move(*filters);

    const Result<std::vector<core::RecordPtr>> records = exchange.engine().list_containers(options);
    if (!records) return records.error();
    const bool with_size = exchange.query.flag("size");
    const core::UnixNanos now = core::unix_now();
    nlohmann::json out = nlohmann::json::array();
    for (const core::RecordPtr& record : *records) {
        const ContainerSizes sizes = with_size ? sizes_of(exchange.engine(), *record) : ContainerSizes{};
        out.push_back(summary_json(*record, exchange.version, sizes, now));
    }
    exchange.reply_json(200, out);
    return ok();
}

Status handle_container_inspect(Exchange& exchange) {
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    if (!record) return record.error();
    const ContainerSizes sizes = exchange.query.flag("size") ? sizes_of(exchange.engine(), **record) : ContainerSizes{};
    nlohmann::json out = inspect_json(**record, exchange.version, sizes, exchange.server.facts.os);
    const std::vector<std::string> execs = exchange.engine().list_execs((*record)->id);
    if (!execs.empty()) out["ExecIDs"] = execs;
    exchange.reply_json(200, out);
    return ok();
}

}  // namespace slipway::api
