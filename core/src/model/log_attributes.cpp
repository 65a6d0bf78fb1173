#include "model/log_attributes.hpp"

#include <Poco/Exception.h>
#include <Poco/RegularExpression.h>
#include <slipway/create.h>

#include <memory>
#include <optional>
#include <vector>

namespace slipway::core {

namespace {

using nlohmann::json;
using Strings = std::map<std::string, std::string>;

constexpr size_t kShortBytes = 12;  // of ids, a digest's "sha256:" included, as in Docker
constexpr const char* kDaemonName = "slipway";

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

const json& options_of(const ContainerRecord& record) {
    return record.host_config.at("LogConfig").at("Config");
}

std::optional<std::string> field(const ContainerRecord& record, std::string_view name) {
    if (name == ".ID") return record.id.substr(0, kShortBytes);
    if (name == ".FullID") return record.id;
    if (name == ".Name") return record.name;
    if (name == ".ImageID") return record.image_id.substr(0, kShortBytes);
    if (name == ".ImageFullID") return record.image_id;
    if (name == ".ImageName") return record.image;
    if (name == ".DaemonName") return kDaemonName;
    return std::nullopt;
}

std::string_view without_spaces(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

Result<std::string> fill_in(std::string_view tag, const ContainerRecord& record) {
    std::string filled;
    while (true) {
        const size_t open = tag.find("{{");
        filled += tag.substr(0, open);
        if (open == std::string_view::npos) return filled;
        tag.remove_prefix(open + 2);
        const size_t close = tag.find("}}");
        if (close == std::string_view::npos) return invalid("log opt 'tag': '{{' is not closed");
        const std::string_view name = without_spaces(tag.substr(0, close));
        const auto value = field(record, name);
        if (!value) {
            return invalid("log opt 'tag': unknown field '" + std::string(name) +
                           "', there are .ID, .FullID, .Name, .ImageName, .ImageID, .ImageFullID and .DaemonName");
        }
        filled += *value;
        tag.remove_prefix(close + 2);
    }
}

using Pattern = std::unique_ptr<Poco::RegularExpression>;

// Null for an option that is absent or empty.
Result<Pattern> pattern_of(const json& options, const std::string& key) {
    const std::string text = options.value(key, "");
    if (text.empty()) return Pattern();
    try {
        return std::make_unique<Poco::RegularExpression>(text);
    } catch (const Poco::Exception& failed) {
        return invalid("log opt '" + key + "': '" + text + "': " + failed.message());
    }
}

// A pattern that the library gives up on, for its effort, matches nothing.
bool matches(Poco::RegularExpression& pattern, const std::string& text) {
    Poco::RegularExpression::Match where;
    try {
        return pattern.match(text, where) > 0;
    } catch (const Poco::Exception&) {
        return false;
    }
}

std::vector<std::string> names_in(const std::string& list) {
    std::vector<std::string> names;
    for (size_t begin = 0; begin < list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        names.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return names;
}

Strings labels_of(const ContainerRecord& record) {
    const auto labels = record.config.find("Labels");
    return labels != record.config.end() && labels->is_object() ? labels->get<Strings>() : Strings();
}

Strings variables_of(const ContainerRecord& record) {
    Strings variables;
    const auto entries = record.config.find("Env");
    if (entries == record.config.end() || !entries->is_array()) return variables;
    for (const json& entry : *entries) {
        const auto& text = entry.get_ref<const std::string&>();
        const size_t equals = text.find('=');
        if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return variables;
}

}  // namespace

Status check_attribute_options(const json& options) {
    for (const char* key : {"labels-regex", "env-regex"}) {
        if (auto pattern = pattern_of(options, key); !pattern) return std::move(pattern).error();
    }
    ContainerRecord nobody;
    if (auto tag = fill_in(options.value("tag", ""), nobody); !tag) return std::move(tag).error();
    return ok();
}

Result<std::string> log_tag(const ContainerRecord& record, std::string_view otherwise) {
    const std::string tag = options_of(record).value("tag", "");
    return fill_in(tag.empty() ? otherwise : tag, record);
}

Result<Strings> log_extras(const ContainerRecord& record,
                           const std::function<std::string(const std::string&)>& key_of) {
    Strings extras;
    const json& options = options_of(record);
    const auto add = [&](const std::string& key, const std::string& value) {
        extras[key_of ? key_of(key) : key] = value;
    };
    const std::pair<std::string, Strings> sources[] = {{"labels", labels_of(record)}, {"env", variables_of(record)}};
    for (const auto& [option, values] : sources) {
        for (const std::string& name : names_in(options.value(option, ""))) {
            if (const auto found = values.find(name); found != values.end()) add(name, found->second);
        }
        auto pattern = pattern_of(options, option + "-regex");
        if (!pattern) return std::move(pattern).error();
        if (*pattern == nullptr) continue;
        for (const auto& [name, value] : values) {
            if (matches(**pattern, name)) add(name, value);
        }
    }
    return extras;
}

Result<std::string> record_attributes(const ContainerRecord& record, const BackendInfo& backend) {
    auto attributes = log_extras(record);
    if (!attributes) return std::move(attributes).error();
    if (!options_of(record).value("tag", "").empty()) {
        auto tag = log_tag(record, "");
        if (!tag) return std::move(tag).error();
        (*attributes)["tag"] = *tag;
    }
    if (attributes->empty()) return std::string();
    if (!backend.writes_log_attributes) {
        return Error(ErrorCode::kUnimplemented,
                     "backend '" + backend.name + "' does not write attributes into logs (tag, labels, env)")
            .with_resource("HostConfig.LogConfig");
    }
    std::string text = json(*attributes).dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > SLW_LOG_ATTRIBUTES_BYTES) {
        return invalid("the labels and variables chosen by the log options are longer than " +
                       std::to_string(SLW_LOG_ATTRIBUTES_BYTES) + " bytes together, and every record has them");
    }
    return text;
}

}  // namespace slipway::core
