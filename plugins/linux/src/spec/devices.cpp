#include <spec/devices.hpp>
#include <spec/json_access.hpp>
#include <spec/quote.hpp>
#include <spec/strict_number.hpp>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

struct StandardNode {
    const char* path;
    int major, minor;
};
constexpr StandardNode kStandardNodes[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                                           {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

struct StandardRule {
    char type;
    int major, minor;  // -1: any
    const char* access;
};
// Nodes of any kind may be made, which says nothing about opening them. 5:1 is the console, 5:2 and 136 are terminals,
// 10:200 is tun, which VPN images expect.
constexpr StandardRule kStandardRules[] = {
    {'c', -1, -1, "m"}, {'b', -1, -1, "m"}, {'c', 1, 3, "rwm"},    {'c', 1, 5, "rwm"},
    {'c', 1, 7, "rwm"}, {'c', 1, 8, "rwm"}, {'c', 1, 9, "rwm"},    {'c', 5, 0, "rwm"},
    {'c', 5, 1, "rwm"}, {'c', 5, 2, "rwm"}, {'c', 10, 200, "rwm"}, {'c', 136, -1, "rwm"},
};

json node(const std::string& path, char type, int64_t major, int64_t minor, unsigned mode, unsigned uid, unsigned gid) {
    return {{"path", path},     {"type", std::string(1, type)},
            {"major", major},   {"minor", minor},
            {"fileMode", mode}, {"uid", uid},
            {"gid", gid}};
}

json rule(bool allow, char type, int64_t major, int64_t minor, const std::string& access) {
    json made = {{"allow", allow}, {"access", access}};
    if (type != 'a') made["type"] = std::string(1, type);
    if (major >= 0) made["major"] = major;
    if (minor >= 0) made["minor"] = minor;
    return made;
}

void add_standard(DeviceSpec& spec) {
    for (const StandardNode& entry : kStandardNodes) {
        spec.nodes.push_back(node(entry.path, 'c', entry.major, entry.minor, 0666, 0, 0));
    }
    spec.rules.push_back(rule(false, 'a', -1, -1, "rwm"));
    for (const StandardRule& entry : kStandardRules) {
        spec.rules.push_back(rule(true, entry.type, entry.major, entry.minor, entry.access));
    }
}

bool is_device(const struct stat& info) {
    return S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode);
}

void add_device(DeviceSpec& spec, const std::string& path, const struct stat& info, const std::string& access) {
    const char type = S_ISBLK(info.st_mode) ? 'b' : 'c';
    const int64_t major_number = major(info.st_rdev);
    const int64_t minor_number = minor(info.st_rdev);
    spec.nodes.push_back(node(path, type, major_number, minor_number, info.st_mode & 07777, info.st_uid, info.st_gid));
    if (!access.empty()) spec.rules.push_back(rule(true, type, major_number, minor_number, access));
}

Error device_error(ErrorCode code, const std::string& path, const std::string& why) {
    return Error(code, "error gathering device information while adding custom device " + quote(path) + ": " + why)
        .with_operation("stat")
        .with_resource(path);
}

// Every node below `directory`, without following links: /dev/fd and the like lead elsewhere.
void add_directory(DeviceSpec& spec, const std::string& directory, const std::string& inside,
                   const std::string& access) {
    namespace fs = std::filesystem;
    std::error_code failure;
    fs::recursive_directory_iterator walk(directory, fs::directory_options::skip_permission_denied, failure);
    for (; !failure && walk != fs::recursive_directory_iterator(); walk.increment(failure)) {
        const std::string path = walk->path();
        const std::string name = walk->path().filename();
        if (name == "pts" || name == "shm" || name == "fd" || name == "mqueue" || name == ".lxc" || name == "console" ||
            walk.depth() > 8) {
            walk.disable_recursion_pending();
            continue;
        }
        struct stat info {};
        if (::lstat(path.c_str(), &info) == 0 && is_device(info)) {
            add_device(spec, inside + path.substr(directory.size()), info, access);
        }
    }
}

Status add_mapping(DeviceSpec& spec, const json& mapping) {
    const std::string host = read_text(mapping, "PathOnHost");
    std::string inside = read_text(mapping, "PathInContainer");
    std::string access = read_text(mapping, "CgroupPermissions");
    if (inside.empty()) inside = host;
    if (access.empty()) access = "rwm";
    if (host.empty() || host.front() != '/' || inside.front() != '/' || inside.find("..") != std::string::npos) {
        return device_error(ErrorCode::kInvalidArgument, host, "not an absolute path");
    }
    if (access.find_first_not_of("rwm") != std::string::npos) {
        return Error(ErrorCode::kInvalidArgument, "invalid device mode: " + access).with_resource(host);
    }

    struct stat info {};
    if (::stat(host.c_str(), &info) != 0) {
        const int err = errno;
        const bool missing = err == ENOENT || err == ENOTDIR;
        return device_error(missing ? ErrorCode::kNotFound : ErrorCode::kSystem, host,
                            missing ? "no such file or directory" : std::generic_category().message(err))
            .with_os(SLW_OS_ERRNO, err);
    }
    if (is_device(info)) {
        add_device(spec, inside, info, access);
        return ok();
    }
    if (!S_ISDIR(info.st_mode)) return device_error(ErrorCode::kInvalidArgument, host, "not a device node");
    const size_t before = spec.nodes.size();
    add_directory(spec, host, inside, access);
    if (spec.nodes.size() == before) return device_error(ErrorCode::kInvalidArgument, host, "not a device node");
    return ok();
}

Status add_cdi_node(DeviceSpec& spec, const CdiDeviceNode& wanted) {
    struct stat info {};
    if (::stat(wanted.host_path.c_str(), &info) != 0) {
        const int err = errno;
        return Error::from_errno(err, "CDI device injection failed: device node '" + wanted.host_path + "'")
            .with_code(err == ENOENT ? ErrorCode::kNotFound : ErrorCode::kSystem)
            .with_operation("stat")
            .with_resource(wanted.host_path);
    }
    if (!is_device(info)) {
        return Error(ErrorCode::kInvalidArgument,
                     "CDI device injection failed: '" + wanted.host_path + "' is not a device node")
            .with_resource(wanted.host_path);
    }
    add_device(spec, wanted.path, info, wanted.access);
    json& made = spec.nodes.back();
    if (wanted.file_mode) made["fileMode"] = *wanted.file_mode & 07777;
    if (wanted.uid) made["uid"] = *wanted.uid;
    if (wanted.gid) made["gid"] = *wanted.gid;
    return ok();
}

// "c 42:* rmw" as the v1 files take it.
Status add_rule(DeviceSpec& spec, const std::string& text) {
    const auto bad = [&] {
        return Error(ErrorCode::kInvalidArgument, "invalid device cgroup rule format: '" + text + "'")
            .with_operation("parse device rule")
            .with_resource(text)
            .with_hint("a rule is like 'c 42:* rwm'");
    };
    const size_t first = text.find(' ');
    const size_t second = text.find(' ', first == std::string::npos ? first : first + 1);
    if (first != 1 || second == std::string::npos) return bad();
    const std::string numbers = text.substr(2, second - 2);
    const std::string access = text.substr(second + 1);
    const size_t colon = numbers.find(':');
    if (colon == std::string::npos || access.empty() || access.size() > 3) return bad();
    if (std::string("acb").find(text[0]) == std::string::npos) return bad();
    if (access.find_first_not_of("rwm") != std::string::npos) return bad();

    int64_t parsed[2] = {-1, -1};
    const std::string parts[2] = {numbers.substr(0, colon), numbers.substr(colon + 1)};
    for (int i = 0; i < 2; ++i) {
        if (parts[i] == "*") continue;
        const auto number = strict_number(parts[i], UINT32_MAX);
        if (!number) return bad();
        parsed[i] = static_cast<int64_t>(*number);
    }
    spec.rules.push_back(rule(true, text[0], parsed[0], parsed[1], access));
    return ok();
}

}  // namespace

Result<DeviceSpec> resolve_devices(const json& host_config, const CdiEdits& cdi) {
    DeviceSpec spec;
    const json& devices = member_of(host_config, "Devices");
    if (read_flag(host_config, "Privileged")) {
        // Mappings first: a node of the host does not replace what was asked for at its path. No rule narrows.
        DeviceSpec mapped;
        for (const json& mapping : devices.is_array() ? devices : json::array()) {
            if (Status added = add_mapping(mapped, mapping); !added) return std::move(added).error();
        }
        spec.nodes = std::move(mapped.nodes);
        add_directory(spec, "/dev", "/dev", "");
        spec.rules.push_back(rule(true, 'a', -1, -1, "rwm"));
        return spec;
    }
    add_standard(spec);
    for (const json& mapping : devices.is_array() ? devices : json::array()) {
        if (parse_cdi_name(read_text(mapping, "PathOnHost"))) continue;
        if (Status added = add_mapping(spec, mapping); !added) return std::move(added).error();
    }
    for (const CdiDeviceNode& wanted : cdi.nodes) {
        if (Status added = add_cdi_node(spec, wanted); !added) return std::move(added).error();
    }
    for (const std::string& text : read_texts(host_config, "DeviceCgroupRules")) {
        if (Status added = add_rule(spec, text); !added) return std::move(added).error();
    }
    return spec;
}

}  // namespace slipway::linux_backend
