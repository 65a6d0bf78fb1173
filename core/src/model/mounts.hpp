// core/src/model/mounts.hpp - what a container wants mounted: Binds, Mounts and Tmpfs of a HostConfig as one list.
#pragma once

#include "model/mount_paths.hpp"

#include <slipway/core/backend.hpp>

#include <slipway/mount.h>

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

// One wanted mount, checked by syntax only; whether a source exists is for the backend.
struct MountSpec {
    std::string type;          // "bind", "volume", "tmpfs", or "npipe" of Windows
    MountParams params;        // `source` of a volume is its mountpoint, set when the volume is found or made
    std::string mode;          // as the user wrote it behind the last colon, for inspect
    bool listed = true;        // shown under Mounts of inspect; HostConfig.Tmpfs is not, as in Docker
    std::string volume = {};   // its name; empty until an anonymous one is made
    std::string driver = {};   // asked for by Mounts; empty: HostConfig.VolumeDriver
    std::string subpath = {};  // relative, without ".." parts
    std::map<std::string, std::string> labels = {};   // for a volume that has to be made
    std::map<std::string, std::string> options = {};  // likewise
    bool anonymous = false;                           // made for this container
    bool copy_up = false;                             // an empty volume gets what the image has there
    bool read_write() const { return (params.flags & SLW_MOUNT_READ_ONLY) == 0; }
};

// "/src:/dst[:options]". Options: ro, rw, z, Z (accepted, no effect without SELinux), nocopy,
// [r]private, [r]shared, [r]slave. A source that is not absolute names a volume, and "/dst" alone asks for an anonymous
// one; neither has a propagation. kInvalidArgument with Docker's texts ("invalid volume specification: '%s'", "invalid
// mode: %s", "... mount path must be absolute", ...). In the style of Windows "C:\src:D:\dst[:ro|rw]", and pipes on
// both sides.
Result<MountSpec> parse_bind(std::string_view text, PathStyle style = PathStyle::kLinux);

// "rw,noexec,nosuid,size=65536k,mode=1777" for an absolute `target`.
Result<MountSpec> parse_tmpfs(std::string_view target, std::string_view options);

// Everything a normalised HostConfig asks for, ordered so that parents come before what lies below them. Two mounts on
// one target are kInvalidArgument "Duplicate mount point: <target>".
Result<std::vector<MountSpec>> wanted_mounts(const nlohmann::json& host_config, PathStyle style = PathStyle::kLinux);

// The anonymous volume of one key of Config.Volumes. Images name their targets in all kinds of ways: "data" counts as
// "/data".
Result<MountSpec> parse_config_volume(std::string_view target, PathStyle style = PathStyle::kLinux);

// Parents before what lies below them; otherwise the order stays.
void sort_by_depth(std::vector<MountSpec>& mounts);

// Refuses a bind of HostConfig.Mounts whose source is not there and may not be made, with Docker's text "bind source
// path does not exist: <source>". For create; at start the backend says so itself.
Status check_sources(const std::vector<MountSpec>& mounts);

// The MountPoint objects of inspect (ContainerRecord.mounts).
nlohmann::json to_mount_points(const std::vector<MountSpec>& mounts);

}  // namespace slipway::core
