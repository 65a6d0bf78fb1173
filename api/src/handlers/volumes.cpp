#include "handlers/handlers.hpp"

#include <slipway/core/schema.hpp>

namespace slipway::api {
namespace {

using nlohmann::json;

// Docker says null where there is nothing.
json map_or_null(const std::map<std::string, std::string>& map) {
    return map.empty() ? json() : json(map);
}

json volume_json(const core::VolumeRecord& volume) {
    return {{"CreatedAt", core::to_rfc3339(volume.created / 1'000'000'000 * 1'000'000'000)},
            {"Driver", volume.driver},
            {"Labels", map_or_null(volume.labels)},
            {"Mountpoint", volume.mountpoint},
            {"Name", volume.name},
            {"Options", map_or_null(volume.options)},
            {"Scope", volume.scope}};
}

std::span<const core::Field> create_schema() {
    using enum core::FieldType;
    static const std::vector<core::Field> table{{"Name", kString, ""},
                                                {"Driver", kString, ""},
                                                {"DriverOpts", kStringMap, json::object()},
                                                {"Labels", kStringMap, json::object()},
                                                {"ClusterVolumeSpec", kAny, nullptr}};
    return table;
}

}  // namespace

Status handle_volume_list(Exchange& exchange) {
    Result<core::Filters> filters = exchange.query.filters({"dangling", "driver", "label", "name"});
    if (!filters) return std::move(filters).error();
    const Result<std::vector<core::VolumeRecord>> volumes = exchange.engine().list_volumes(*filters);
    if (!volumes) return volumes.error();
    json list = json::array();
    for (const core::VolumeRecord& volume : *volumes) list.push_back(volume_json(volume));
    exchange.reply_json(200, {{"Volumes", std::move(list)}, {"Warnings", json::array()}});
    return ok();
}

Status handle_volume_inspect(Exchange& exchange) {
    const Result<core::VolumeRecord> volume = exchange.engine().find_volume(exchange.part("name"));
    if (!volume) return volume.error();
    exchange.reply_json(200, volume_json(*volume));
    return ok();
}

Status handle_volume_create(Exchange& exchange) {
    Result<std::optional<json>> body = read_json(exchange);
    if (!body) return std::move(body).error();
    Result<json> document = core::normalise(create_schema(), body->value_or(json::object()), "volume");
    if (!document) return std::move(document).error();
    if (!document->at("ClusterVolumeSpec").is_null()) {
        return Error(ErrorCode::kUnimplemented, "cluster volumes belong to swarm mode, which Slipway does not have");
    }
    core::CreateVolume wanted;
    document->at("Name").get_to(wanted.name);
    document->at("Driver").get_to(wanted.driver);
    document->at("DriverOpts").get_to(wanted.options);
    document->at("Labels").get_to(wanted.labels);
    const Result<core::VolumeRecord> volume = exchange.engine().create_volume(wanted);
    if (!volume) return volume.error();
    exchange.reply_json(201, volume_json(*volume));
    return ok();
}

Status handle_volume_remove(Exchange& exchange) {
    Status removed = exchange.engine().remove_volume(exchange.part("name"), exchange.query.flag("force"));
    if (!removed) return removed;
    exchange.response.send_empty(204);
    return ok();
}

Status handle_volume_prune(Exchange& exchange) {
    Result<core::Filters> filters = exchange.query.filters({"all", "label", "label!"});
    if (!filters) return std::move(filters).error();
    // Named volumes were pruned too before clients could ask for it.
    if (exchange.version < ApiVersion{1, 42}) (*filters)["all"] = {"true"};
    Result<core::PruneReport> report = exchange.engine().prune_volumes(*filters);
    if (!report) return std::move(report).error();
    json deleted = nullptr;
    if (!report->deleted.empty()) deleted = report->deleted;
    exchange.reply_json(200, {{"VolumesDeleted", std::move(deleted)}, {"SpaceReclaimed", report->reclaimed_bytes}});
    return ok();
}

}  // namespace slipway::api
