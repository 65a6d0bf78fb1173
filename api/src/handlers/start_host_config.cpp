#include "handlers/start_host_config.hpp"

#include "http/json_body.hpp"
#include "http/json_keys.hpp"
#include "http/request.hpp"

#include <slipway/core/schema.hpp>

#include <optional>

namespace slipway::api {
namespace {

using nlohmann::json;

// The value of a key whatever its case; the exact spelling wins.
const json* find_key(const json& object, std::string_view key) {
    if (const auto exact = object.find(key); exact != object.end()) return &*exact;
    for (const auto& entry : object.items()) {
        if (equals_ignoring_case(entry.key(), key)) return &entry.value();
    }
    return nullptr;
}

// A null says that the key is meant, as in Docker's decoder.
bool has_host_config_key(const json& body) {
    for (const core::Field& field : core::host_config_schema()) {
        if (find_key(body, field.key) != nullptr) return true;
    }
    return false;
}

bool is_blank(const json& value) {
    return value == 0 || value == "";
}

Status fill_from_cpuset(json& host_config, const json& body) {
    const json* cpuset = find_key(body, "Cpuset");
    if (cpuset == nullptr || cpuset->is_null()) return ok();
    if (!cpuset->is_string()) return Error(ErrorCode::kInvalidArgument, "Cpuset: expected a string");
    if (is_blank(host_config["CpusetCpus"])) host_config["CpusetCpus"] = *cpuset;
    return ok();
}

Result<json> normalised(const json& object, std::string_view path) {
    return core::normalise(core::host_config_schema(), object, path);
}

// What both forms together ask for; nullopt: nothing.
Result<std::optional<json>> merge_forms(const json& body, const json* nested) {
    std::optional<json> flat;
    if (has_host_config_key(body)) {
        Result<json> read = normalised(body, "HostConfig");
        if (!read) return std::move(read).error();
        flat = std::move(*read);
    }
    if (nested == nullptr) return flat;
    Result<json> inner = normalised(*nested, "HostConfig");
    if (!inner) return std::move(inner).error();
    if (flat) {
        for (const char* key : {"Memory", "MemorySwap", "CpuShares", "CpusetCpus", "VolumeDriver"}) {
            if (is_blank((*inner)[key])) (*inner)[key] = (*flat)[key];
        }
    }
    return std::optional<json>(std::move(*inner));
}

}  // namespace

Result<StartHostConfig> decode_start_host_config(std::string_view text) {
    if (text.empty()) return Error(ErrorCode::kInvalidArgument, "EOF");
    Result<json> body = parse_first_json(text);
    if (!body) return std::move(body).error();
    if (Status unique = refuse_repeated_keys(text); !unique) return std::move(unique).error();
    if (body->is_null()) return StartHostConfig{};
    // The rest of the body describes the container, as at create; only its types are looked at.
    if (auto config = core::normalise(core::config_schema(), *body, "Config"); !config) {
        return std::move(config).error();
    }
    const json* nested = find_key(*body, "HostConfig");
    if (nested != nullptr && nested->is_null()) nested = nullptr;

    Result<std::optional<json>> merged = merge_forms(*body, nested);
    if (!merged) return std::move(merged).error();
    if (!*merged) return StartHostConfig{};
    json value = std::move(**merged);
    if (Status filled = fill_from_cpuset(value, *body); !filled) return std::move(filled).error();
    if (value["NetworkMode"] == "") value["NetworkMode"] = "default";
    return StartHostConfig{std::move(value), nested != nullptr};
}

}  // namespace slipway::api
