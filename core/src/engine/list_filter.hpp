// core/src/engine/list_filter.hpp - which containers a list shows, and which a prune removes.
#pragma once

#include <slipway/core/engine.hpp>

#include <functional>
#include <vector>

namespace slipway::core {

// Finds the record `ref` means, for the filters before and since.
using FindRecord = std::function<Result<RecordPtr>(const std::string& ref)>;

// Newest first. Filters: id, name, label, status, exited, ancestor, before, since, network, publish, expose, volume,
// health (starting, healthy, unhealthy, none).
// kInvalidArgument "invalid filter '<key>'" or "invalid filter '<key>=<value>'".
Result<std::vector<RecordPtr>> filter_list(std::vector<RecordPtr> records, const ListOptions& options,
                                           const FindRecord& find);

// Filters: until (a time, or a duration such as "24h" before now), label, label!.
Result<bool> is_pruned(const ContainerRecord& record, const Filters& filters, UnixNanos now);

// "k" or "k=v" for each, all of which must hold.
bool has_labels(const nlohmann::json& config, const std::set<std::string>& wanted);

}  // namespace slipway::core
