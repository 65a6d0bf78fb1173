// plugins/linux/src/cgroup/device_rules.hpp - linux.resources.devices, read.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// Later rules win over earlier ones.
struct DeviceRule {
    bool allow = false;
    char type = 'a';                       // 'a' for both, 'b', 'c'
    std::optional<uint32_t> major, minor;  // nothing: any
    bool read = false, write = false, make_node = false;

    // "c 1:3 rwm", as v1 files have it. A rule for everything is "a".
    std::string text() const;
    bool covers_everything() const;
};

// kInvalidArgument: an entry whose type or access is none.
Result<std::vector<DeviceRule>> read_device_rules(const nlohmann::json& resources);

}  // namespace slipway::linux_backend
