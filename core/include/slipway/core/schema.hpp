// core/include/slipway/core/schema.hpp - the shapes of Docker's Config, HostConfig and their parts as tables: one row a
// key with its type and default. The tables check requests, fill defaults and are the list of what is supported.
#pragma once

#include <nlohmann/json.hpp>

#include <slipway/cpp/error.hpp>

#include <span>
#include <string>
#include <string_view>

namespace slipway::core {

enum class FieldType {
    kBool,
    kInt,  // 64-bit
    kString,
    kStringList,    // null counts as empty
    kStringMap,     // object of strings
    kStringSet,     // object whose values are empty objects, such as ExposedPorts
    kObject,        // checked by `nested`, or free form when that is empty
    kObjectList,    // likewise for each element
    kNullableBool,  // absent and null are kept as null
    kNullableInt,
    kPortMap,    // {"80/tcp": [{"HostIp": "", "HostPort": ""}]}
    kIntPair,    // [height, width]
    kCommand,    // list of strings, or one string that counts as a list of one; null kept
    kObjectMap,  // object whose values are objects checked by `nested`
    kAny,        // kept as it is
};

struct Field {
    std::string_view key;
    FieldType type;
    nlohmann::json default_value;
    std::span<const Field> nested = {};
};

std::span<const Field> config_schema();             // Config (ContainerConfig)
std::span<const Field> host_config_schema();        // HostConfig
std::span<const Field> networking_config_schema();  // NetworkingConfig
std::span<const Field> endpoint_settings_schema();  // one value of its EndpointsConfig

// Returns `input` with unknown keys dropped and every known key present. Keys match case-insensitively, as Docker's
// decoder does. A known key of the wrong type is kInvalidArgument naming its path, such as
// "HostConfig.Memory: expected an integer, got a string". null for a whole object counts as {}. Lists come back as
// lists, never null, except where null says something of its own: Cmd, Entrypoint, MaskedPaths and ReadonlyPaths (null:
// the default lists). Healthcheck and Mounts[].*Options stay null when not given.
Result<nlohmann::json> normalise(std::span<const Field> schema, const nlohmann::json& input, std::string_view path);

// kUnimplemented, with a sentence naming the option, when a normalised host configuration or config asks for something
// the engine does not have yet. Nothing is ever ignored silently.
Status refuse_unimplemented(const nlohmann::json& config, const nlohmann::json& host_config);

}  // namespace slipway::core
