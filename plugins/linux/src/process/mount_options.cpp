#include <process/mount_options.hpp>

#include <sys/mount.h>

#include <map>

namespace slipway::linux_backend {
namespace {

struct Attribute {
    uint64_t set;
    uint64_t clear;
};

const std::map<std::string, Attribute>& attributes() {
    static const std::map<std::string, Attribute> kAttributes = {
        {"ro", {MOUNT_ATTR_RDONLY, 0}},
        {"rw", {0, MOUNT_ATTR_RDONLY}},
        {"nosuid", {MOUNT_ATTR_NOSUID, 0}},
        {"suid", {0, MOUNT_ATTR_NOSUID}},
        {"nodev", {MOUNT_ATTR_NODEV, 0}},
        {"dev", {0, MOUNT_ATTR_NODEV}},
        {"noexec", {MOUNT_ATTR_NOEXEC, 0}},
        {"exec", {0, MOUNT_ATTR_NOEXEC}},
        {"nodiratime", {MOUNT_ATTR_NODIRATIME, 0}},
        {"diratime", {0, MOUNT_ATTR_NODIRATIME}},
        {"nosymfollow", {MOUNT_ATTR_NOSYMFOLLOW, 0}},
        {"noatime", {MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME}},
        {"relatime", {0, MOUNT_ATTR__ATIME}},
        {"strictatime", {MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME}},
        {"defaults", {0, 0}},
        {"bind", {0, 0}},
    };
    return kAttributes;
}

}  // namespace

std::pair<uint64_t, bool> parse_propagation(const std::string& name) {
    const bool recursive = !name.empty() && name[0] == 'r';
    const std::string kind = recursive ? name.substr(1) : name;
    if (kind == "private") return {MS_PRIVATE, recursive};
    if (kind == "shared") return {MS_SHARED, recursive};
    if (kind == "slave") return {MS_SLAVE, recursive};
    if (kind == "unbindable") return {MS_UNBINDABLE, recursive};
    return {0, false};
}

MountOptions parse_mount_options(const std::vector<std::string>& options) {
    MountOptions parsed;
    for (const std::string& option : options) {
        if (const auto found = attributes().find(option); found != attributes().end()) {
            parsed.attr_set = (parsed.attr_set & ~found->second.clear) | found->second.set;
            parsed.attr_clear |= found->second.clear;
        } else if (option == "rbind") {
            parsed.recursive = true;
        } else if (const auto [propagation, recursive] = parse_propagation(option); propagation != 0) {
            parsed.propagation = propagation;
            parsed.recursive = parsed.recursive || recursive;
        } else if (const size_t equals = option.find('='); equals != std::string::npos) {
            parsed.data.emplace_back(option.substr(0, equals), option.substr(equals + 1));
        } else if (!option.empty()) {
            parsed.data.emplace_back(option, std::nullopt);
        }
    }
    return parsed;
}

}  // namespace slipway::linux_backend
