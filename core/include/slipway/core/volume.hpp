// core/include/slipway/core/volume.hpp - volumes: directories of the engine's own that outlive containers.
#pragma once

#include <slipway/core/clock.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <string>

namespace slipway::core {

// Docker's mark on a volume that was made without a name; prune takes only these unless told otherwise.
inline constexpr const char* kAnonymousLabel = "com.docker.volume.anonymous";

struct VolumeRecord {
    std::string name;  // [a-zA-Z0-9][a-zA-Z0-9_.-]+; 64 hex digits when it was made up
    std::string driver = "local";
    std::string scope = "local";
    std::string mountpoint;  // <data root>/volumes/<name>/_data; not stored
    UnixNanos created = 0;
    std::map<std::string, std::string> labels, options;
    bool is_anonymous() const { return labels.contains(kAnonymousLabel); }
};

struct CreateVolume {
    std::string name;    // empty: one is made up
    std::string driver;  // "" or "local"
    std::map<std::string, std::string> options, labels;
};

}  // namespace slipway::core
