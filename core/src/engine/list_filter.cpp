#include "engine/list_filter.hpp"

#include "engine/name_pattern.hpp"
#include "model/time_text.hpp"

#include <slipway/core/exit_code.hpp>

#include <algorithm>
#include <charconv>

namespace slipway::core {

namespace {

const std::set<std::string> kListKeys = {"id",    "name",    "label",   "status", "exited", "ancestor", "before",
                                         "since", "network", "publish", "expose", "volume", "is-task",  "health"};
const std::set<std::string> kStates = {"created", "running", "paused", "restarting", "removing", "exited", "dead"};

Error invalid_filter(const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "invalid filter '" + what + "'");
}

Status check_filters(const Filters& filters) {
    for (const auto& [key, values] : filters) {
        if (!kListKeys.contains(key)) return invalid_filter(key);
        if (key == "status") {
            for (const std::string& value : values) {
                if (!kStates.contains(value)) return invalid_filter(key + "=" + value);
            }
        }
        if (key == "exited") {
            for (const std::string& value : values) {
                int code = 0;
                const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), code);
                if (error != std::errc() || end != value.data() + value.size()) {
                    return invalid_filter(key + "=" + value);
                }
            }
        }
    }
    return ok();
}

const std::set<std::string>* values_of(const Filters& filters, const char* key) {
    const auto found = filters.find(key);
    return found == filters.end() || found->second.empty() ? nullptr : &found->second;
}

// A regular expression as in Docker, matched anywhere, with or without the leading slash; one that does not compile is
// plain text.
bool name_matches(const std::string& name, const std::string& pattern) {
    if (name.find(pattern) != std::string::npos || ("/" + name).find(pattern) != std::string::npos) return true;
    const std::optional<NamePattern> expression = NamePattern::compile(pattern);
    return expression && (expression->matches(name) || expression->matches("/" + name));
}

bool any_of(const std::set<std::string>* values, const std::function<bool(const std::string&)>& matches) {
    return values == nullptr || std::any_of(values->begin(), values->end(), matches);
}

bool is_from_image(const ContainerRecord& record, const std::string& wanted) {
    if (record.image == wanted || record.image == wanted + ":latest" || record.image + ":latest" == wanted) return true;
    const std::string digest = wanted.starts_with("sha256:") ? wanted : "sha256:" + wanted;
    return wanted.size() >= 4 && record.image_id.starts_with(digest);
}

bool has_key_like(const nlohmann::json& object, const char* key, const std::string& port) {
    const auto map = object.find(key);
    if (map == object.end() || !map->is_object()) return false;
    return map->contains(port) || map->contains(port + "/tcp");
}

bool is_published(const ContainerRecord& record, const std::string& port) {
    return has_key_like(record.host_config, "PortBindings", port);
}

bool is_exposed(const ContainerRecord& record, const std::string& port) {
    return has_key_like(record.config, "ExposedPorts", port) || is_published(record, port);
}

bool on_network(const ContainerRecord& record, const std::string& network) {
    return std::any_of(record.endpoints.begin(), record.endpoints.end(), [&](const EndpointRecord& endpoint) {
        return endpoint.network_name == network || (!network.empty() && endpoint.network_id.starts_with(network));
    });
}

bool has_volume(const ContainerRecord& record, const std::string& volume) {
    return std::any_of(record.mounts.begin(), record.mounts.end(), [&](const nlohmann::json& mount) {
        return mount.value("Destination", "") == volume || mount.value("Name", "") == volume;
    });
}

bool is_shown(const ContainerRecord& record, const ListOptions& options) {
    const Filters& filters = options.filters;
    const bool all = options.all || options.limit > 0 || values_of(filters, "status") != nullptr;
    if (!all && !record.is_running()) return false;
    return any_of(values_of(filters, "id"), [&](const std::string& id) { return record.id.starts_with(id); }) &&
           any_of(values_of(filters, "name"),
                  [&](const std::string& name) { return name_matches(record.name, name); }) &&
           (values_of(filters, "label") == nullptr || has_labels(record.config, *values_of(filters, "label"))) &&
           any_of(values_of(filters, "status"),
                  [&](const std::string& status) { return to_string(record.state) == status; }) &&
           any_of(values_of(filters, "exited"),
                  [&](const std::string& code) {
                      return record.finished_at != 0 && !record.is_running() &&
                             std::to_string(shown_exit_code(record.exit_code)) == code;
                  }) &&
           any_of(values_of(filters, "ancestor"),
                  [&](const std::string& image) { return is_from_image(record, image); }) &&
           any_of(values_of(filters, "network"),
                  [&](const std::string& network) { return on_network(record, network); }) &&
           any_of(values_of(filters, "publish"), [&](const std::string& port) { return is_published(record, port); }) &&
           any_of(values_of(filters, "expose"), [&](const std::string& port) { return is_exposed(record, port); }) &&
           any_of(values_of(filters, "volume"),
                  [&](const std::string& volume) { return has_volume(record, volume); }) &&
           any_of(values_of(filters, "is-task"), [](const std::string& is_task) { return is_task == "false"; }) &&
           any_of(values_of(filters, "health"), [&](const std::string& health) {
               return health == (record.health ? to_string(record.health->status) : "none");
           });
}

// The time of creation that the list is cut at; the newest for "since", the oldest for "before".
Result<UnixNanos> bound(const std::set<std::string>& refs, const FindRecord& find, bool newest) {
    UnixNanos result = newest ? 0 : INT64_MAX;
    for (const std::string& ref : refs) {
        auto record = find(ref);
        if (!record) return std::move(record).error();
        result = newest ? std::max(result, (*record)->created) : std::min(result, (*record)->created);
    }
    return result;
}

}  // namespace

bool has_labels(const nlohmann::json& config, const std::set<std::string>& wanted) {
    const auto labels = config.find("Labels");
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& label) {
        if (labels == config.end() || !labels->is_object()) return false;
        const size_t split = label.find('=');
        const auto found = labels->find(label.substr(0, split));
        if (found == labels->end()) return false;
        return split == std::string::npos ||
               (found->is_string() && found->get<std::string>() == label.substr(split + 1));
    });
}

Result<std::vector<RecordPtr>> filter_list(std::vector<RecordPtr> records, const ListOptions& options,
                                           const FindRecord& find) {
    if (Status checked = check_filters(options.filters); !checked) return std::move(checked).error();
    UnixNanos after = INT64_MIN;
    UnixNanos before = INT64_MAX;
    if (const auto* refs = values_of(options.filters, "since")) {
        auto time = bound(*refs, find, true);
        if (!time) return std::move(time).error();
        after = *time;
    }
    if (const auto* refs = values_of(options.filters, "before")) {
        auto time = bound(*refs, find, false);
        if (!time) return std::move(time).error();
        before = *time;
    }
    std::erase_if(records, [&](const RecordPtr& record) {
        return record->created <= after || record->created >= before || !is_shown(*record, options);
    });
    std::stable_sort(records.begin(), records.end(),
                     [](const RecordPtr& a, const RecordPtr& b) { return a->created > b->created; });
    if (options.limit > 0 && records.size() > static_cast<size_t>(options.limit)) {
        records.resize(static_cast<size_t>(options.limit));
    }
    return records;
}

Result<bool> is_pruned(const ContainerRecord& record, const Filters& filters, UnixNanos now) {
    for (const auto& [key, values] : filters) {
        if (key == "until") {
            if (values.size() != 1) {
                return Error(ErrorCode::kInvalidArgument, "more than one until filter specified");
            }
            auto until = parse_time_or_age(*values.begin(), now);
            if (!until) return std::move(until).error();
            if (record.created > *until) return false;
        } else if (key == "label") {
            if (!has_labels(record.config, values)) return false;
        } else if (key == "label!") {
            if (!values.empty() && has_labels(record.config, values)) return false;
        } else {
            return invalid_filter(key);
        }
    }
    return !record.is_running() && record.state != RunState::kRemoving;
}

}  // namespace slipway::core
