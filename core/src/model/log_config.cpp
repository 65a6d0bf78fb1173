#include "model/log_config.hpp"

#include "model/log_attributes.hpp"
#include "model/size_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <span>

namespace slipway::core {

namespace {

using nlohmann::json;

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

const std::string& text_of(const json& value) {
    return value.get_ref<const std::string&>();
}

constexpr std::string_view kFileOptions[] = {"max-size", "max-file"};
constexpr std::string_view kCompress[] = {"compress"};

struct Driver {
    std::string_view name;
    std::array<std::span<const std::string_view>, 3> options;
    bool says_log_driver_first;  // how Docker puts the sentence about unknown options
};

constexpr Driver kDrivers[] = {
    {"json-file", {kFileOptions, kCompress, kAttributeOptions}, false},
    {"local", {kFileOptions, kCompress, kAttributeOptions}, true},
};

bool has_option(const Driver& driver, std::string_view key) {
    return std::any_of(driver.options.begin(), driver.options.end(),
                       [key](const auto& group) { return std::find(group.begin(), group.end(), key) != group.end(); });
}

Status check_options(const Driver& driver, const json& options) {
    const std::string name(driver.name);
    for (const auto& [key, value] : options.items()) {
        if (has_option(driver, key)) continue;
        return invalid("unknown log opt '" + key + "' for " +
                       (driver.says_log_driver_first ? "log driver " + name : name + " log driver"));
    }
    if (Status checked = check_attribute_options(options); !checked) return checked;
    if (options.value("compress", "false") == "false") return ok();
    return Error(ErrorCode::kUnimplemented,
                 "compressed logs are not implemented yet (HostConfig.LogConfig.Config.compress)");
}

}  // namespace

Result<LogPolicy> log_policy(const json& host_config) {
    const json& log = host_config.at("LogConfig");
    const std::string& type = text_of(log.at("Type"));
    LogPolicy policy;
    if (type == "none") {
        policy.enabled = false;
        return policy;
    }
    const auto driver = std::find_if(std::begin(kDrivers), std::end(kDrivers), [&](const Driver& each) {
        return each.name == (type.empty() ? "json-file" : type);
    });
    if (driver == std::end(kDrivers)) return invalid("logger: no log driver named '" + type + "' is registered");
    const json& options = log.at("Config");
    if (Status checked = check_options(*driver, options); !checked) return std::move(checked).error();
    if (type == "local") {
        // Docker's defaults.
        policy.max_bytes = uint64_t{20} << 20;
        policy.max_files = 5;
    }
    if (options.contains("max-size")) {
        Result<uint64_t> size = parse_size(text_of(options["max-size"]));
        if (!size) return std::move(size).error();
        policy.max_bytes = *size;
    }
    if (options.contains("max-file")) {
        const std::string& text = text_of(options["max-file"]);
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), policy.max_files);
        if (failed != std::errc() || end != text.data() + text.size()) {
            return invalid("invalid value for max-file: '" + text + "'");
        }
        if (policy.max_files < 1) return invalid("max-file cannot be less than 1");
        if (policy.max_files > 1 && policy.max_bytes == 0) return invalid("max-file cannot be set without max-size");
        if (policy.max_files > 1000) return invalid("max-file cannot be more than 1000");
    }
    return policy;
}

std::string log_path_of(const ContainerRecord& record) {
    return (std::filesystem::path(record.data_dir) / (record.id + "-json.log")).string();
}

}  // namespace slipway::core
