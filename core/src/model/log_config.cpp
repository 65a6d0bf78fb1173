#include "model/log_config.hpp"

#include "log/forward/syslog_options.hpp"
#include "model/go_text.hpp"
#include "model/log_attributes.hpp"
#include "model/size_text.hpp"

#include <slipway/core/path.hpp>

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

constexpr std::string_view kCompressedLogs = "compressed-logs";  // a feature in a backend's manifest

constexpr std::string_view kFileOptions[] = {"max-size", "max-file", "compress"};
// Of the file that a forwarded log is kept in: Docker's "dual logging".
constexpr std::string_view kCacheOptions[] = {"cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"};
constexpr std::string_view kCommonOptions[] = {"mode", "max-buffer-size"};

struct Driver {
    std::string_view name;
    std::array<std::span<const std::string_view>, 3> options;
    bool says_log_driver_first;  // how Docker puts the sentence about unknown options
    std::string_view prefix;     // of the options that limit the file
    bool is_bounded;             // by itself
};

constexpr Driver kDrivers[] = {
    {"json-file", {kFileOptions, kAttributeOptions}, false, "", false},
    {"local", {kFileOptions, kAttributeOptions}, true, "", true},
    {"syslog", {kCacheOptions, kAttributeOptions, kSyslogOptions}, false, "cache-", true},
    {"journald", {kCacheOptions, kAttributeOptions}, false, "cache-", true},
};

bool has_option(const Driver& driver, std::string_view key) {
    return std::any_of(driver.options.begin(), driver.options.end(),
                       [key](const auto& group) { return std::find(group.begin(), group.end(), key) != group.end(); });
}

Status check_options(const Driver& driver, const json& options) {
    const std::string name(driver.name);
    for (const auto& [key, value] : options.items()) {
        const bool is_common =
            std::find(std::begin(kCommonOptions), std::end(kCommonOptions), key) != std::end(kCommonOptions);
        if (is_common || has_option(driver, key)) continue;
        return invalid("unknown log opt '" + key + "' for " +
                       (driver.says_log_driver_first ? "log driver " + name : name + " log driver"));
    }
    if (Status checked = check_attribute_options(options); !checked) return checked;
    if (driver.name == "syslog") {
        if (auto target = syslog_target(options); !target) return std::move(target).error();
    }
    return ok();
}

// As Go's strconv.ParseBool.
Result<bool> parse_bool(const std::string& text) {
    for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == yes) return true;
    }
    for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == no) return false;
    }
    return invalid("strconv.ParseBool: parsing " + go_quoted(text) + ": invalid syntax");
}

// After the limits. What is bounded by itself is compressed by itself, as in Docker.
Status read_compression(const Driver& driver, const json& options, LogPolicy& policy) {
    const std::string key = std::string(driver.prefix) + "compress";
    const bool rotates = policy.max_bytes > 0 && policy.max_files > 1;
    if (!options.contains(key)) {
        policy.compress = driver.is_bounded && rotates;
        return ok();
    }
    const auto asked = parse_bool(text_of(options[key]));
    if (!asked) return asked.error();
    if (*asked && !rotates) {
        return invalid(driver.is_bounded
                           ? "compression cannot be enabled when max file count is 1"
                           : "compress cannot be true when max-file is less than 2 or when max-size is not set");
    }
    policy.compress = policy.compress_asked = *asked;
    return ok();
}

// No mode makes a container wait for its log's receiver, so they differ in what may wait for it.
Status read_mode(const json& options, LogPolicy& policy) {
    const std::string mode = options.value("mode", "");
    if (!mode.empty() && mode != "blocking" && mode != "non-blocking") {
        return invalid("logger: logging mode not supported: " + mode);
    }
    if (!options.contains("max-buffer-size")) return ok();
    if (mode != "non-blocking") {
        return invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    }
    auto size = parse_size(text_of(options["max-buffer-size"]));
    if (!size) return std::move(size).error().context("error parsing option max-buffer-size");
    policy.max_backlog_bytes = *size;
    return ok();
}

Status read_limits(const json& options, const std::string& prefix, LogPolicy& policy) {
    const std::string max_size = prefix + "max-size", max_file = prefix + "max-file";
    if (options.contains(max_size)) {
        Result<uint64_t> size = parse_size(text_of(options[max_size]));
        if (!size) return std::move(size).error();
        policy.max_bytes = *size;
    }
    if (!options.contains(max_file)) return ok();
    const std::string& text = text_of(options[max_file]);
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), policy.max_files);
    if (failed != std::errc() || end != text.data() + text.size()) {
        return invalid("invalid value for " + max_file + ": '" + text + "'");
    }
    if (policy.max_files < 1) return invalid(max_file + " cannot be less than 1");
    if (policy.max_files > 1 && policy.max_bytes == 0) {
        return invalid(max_file + " cannot be set without " + max_size);
    }
    if (policy.max_files > 1000) return invalid(max_file + " cannot be more than 1000");
    return ok();
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
    if (driver->is_bounded) {
        policy.max_bytes = uint64_t{20} << 20;
        policy.max_files = 5;
    }
    if (Status read = read_mode(options, policy); !read) return std::move(read).error();
    const std::string disabled = options.value("cache-disabled", "false");
    if (disabled != "true" && disabled != "false") {
        return invalid("invalid value for cache-disabled: '" + disabled + "'");
    }
    policy.readable = disabled == "false";
    if (Status read = read_limits(options, std::string(driver->prefix), policy); !read) return std::move(read).error();
    if (Status read = read_compression(*driver, options, policy); !read) return std::move(read).error();
    return policy;
}

bool keeps_compressed_logs(const BackendInfo& backend) {
    const auto& offered = backend.extensions;
    return std::find(offered.begin(), offered.end(), kCompressedLogs) != offered.end();
}

Status check_log_compression(const json& host_config, const BackendInfo& backend) {
    const auto policy = log_policy(host_config);
    if (!policy) return policy.error();
    if (!policy->compress_asked || keeps_compressed_logs(backend)) return ok();
    return Error(ErrorCode::kUnimplemented, "backend '" + backend.name + "' does not keep compressed logs (compress)")
        .with_resource("HostConfig.LogConfig");
}

std::string log_path_of(const ContainerRecord& record) {
    return (path_of(record.data_dir) / (record.id + "-json.log")).string();
}

}  // namespace slipway::core
