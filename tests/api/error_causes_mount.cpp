// Causes in mounts, devices, disks and kernel settings.
#include "error_causes.hpp"

namespace slipway::testing {
namespace {

// Where a container's first group is made: control groups v2, else the first v1 hierarchy that limits processes.
std::string group_root() {
    return std::filesystem::exists("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup/" : "/sys/fs/cgroup/pids/";
}

}  // namespace

std::vector<Cause> mount_causes() {
    return {
        {.name = "FileOntoDirectory",
         .body = bind("{root}/file:/etc"),
         .before = [](ErrorCause& t) { t.file("file", "x"); },
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "mount_type",
         .operation = "mount",
         .resource = "/etc",
         .hint = "a directory only on a directory",
         .message = "vice-versa"},
        {.name = "DirectoryOntoFile",
         .body = bind("{root}:/etc/passwd"),
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "mount_type",
         .operation = "mount",
         .resource = "/etc/passwd",
         .hint = "a file can be mounted only on a file",
         .message = "vice-versa"},
        {.name = "TargetBelowAFile",
         .body = bind("{root}:/etc/passwd/sub"),
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "mount_type",
         .operation = "mount",
         .resource = "/etc/passwd/sub",
         .message = "not a directory"},
        {.name = "SourceVanished",
         .body = host({{"Mounts", {{{"Type", "bind"}, {"Source", "{root}/gone"}, {"Target", "/x"}}}}}),
         .before = [](ErrorCause& t) { fs::create_directory(t.slipwayd().root() + "/gone"); },
         .between = [](ErrorCause& t) { fs::remove(t.slipwayd().root() + "/gone"); },
         .phase = "mount_volumes",
         .operation = "open",
         .resource = "{root}/gone",
         .hint = "exist",
         .message = "bind source path does not exist: {root}/gone"},
        {.name = "SourceBelowAFile",
         .body = bind("{root}/file/sub:/x"),
         .before = [](ErrorCause& t) { t.file("file", "x"); },
         .phase = "mount_volumes",
         .operation = "open",
         .resource = "{root}/file/sub",
         .message = "Not a directory"},
        {.name = "MountInsideProc",
         .body = bind("{root}:/proc/sys"),
         .phase = "mount_volumes",
         .operation = "mount",
         .resource = "/proc/sys",
         .message = "'/proc/sys' is inside /proc"},
        {.name = "LayerMissing",
         .body = json::object(),
         .between =
             [](ErrorCause& t) {
                 for (const auto& layer : fs::directory_iterator(t.slipwayd().data_root() + "/backends/linux/layers")) {
                     fs::rename(layer.path(), t.slipwayd().root() + "/" + layer.path().filename().string());
                 }
             },
         .phase = "mount_root",
         .operation = "open layer",
         .hint = "load the image again",
         .message = "does not exist"},
        {.name = "DeviceMissing",
         .body = host({{"Devices", {{{"PathOnHost", "/dev/slw-none"}, {"PathInContainer", "/dev/x"}}}}}),
         .phase = "build_spec",
         .operation = "stat",
         .resource = "/dev/slw-none",
         .message = "no such file or directory"},
        {.name = "DeviceIsAFile",
         .body = host({{"Devices", {{{"PathOnHost", "/etc/hostname"}}}}}),
         .phase = "build_spec",
         .operation = "stat",
         .resource = "/etc/hostname",
         .message = "not a device node"},
        {.name = "DeviceRule",
         .body = host({{"DeviceCgroupRules", {"x 1:1 rwm"}}}),
         .phase = "build_spec",
         .operation = "parse device rule",
         .resource = "x 1:1 rwm",
         .hint = "c 42:* rwm",
         .message = "invalid device cgroup rule format"},
        {.name = "ThrottledDeviceMissing",
         .body = host({{"BlkioDeviceReadBps", {{{"Path", "/dev/slw-none"}, {"Rate", 1024}}}}}),
         .phase = "build_spec",
         .operation = "stat",
         .resource = "/dev/slw-none",
         .message = "No such file or directory"},
        {.name = "SeccompMalformed",
         .body = host({{"SecurityOpt", {"seccomp={\"defaultAction\":"}}}),
         .phase = "build_spec",
         .operation = "parse seccomp profile",
         .resource = "seccomp",
         .message = "decoding seccomp profile failed"},
        {.name = "SeccompUnknownAction",
         .body = host({{"SecurityOpt", {"seccomp={\"defaultAction\":\"SCMP_ACT_X\"}"}}}),
         .phase = "create",
         .operation = "parse seccomp profile",
         .resource = "SCMP_ACT_X",
         .message = "unknown action"},
        {.name = "SysctlUnknown",
         .body = host({{"Sysctls", {{"net.core.slwnone", "1"}}}}),
         .phase = "create",
         .operation = "write sysctl",
         .resource = "net/core/slwnone",
         .hint = "no such parameter",
         .message = "No such file or directory"},
        {.name = "SysctlBadValue",
         .body = host({{"Sysctls", {{"net.ipv4.ip_forward", "many"}}}}),
         .phase = "create",
         .operation = "write sysctl",
         .resource = "net/ipv4/ip_forward",
         .hint = "does not accept this value",
         .message = "Invalid argument"},
        {.name = "HostsIsADirectory",
         .body = json::object(),
         .between = [](ErrorCause& t) { fs::create_directory(t.container_directory() + "/hosts"); },
         .phase = "prepare_files",
         .operation = "write",
         .resource = "/hosts",
         .message = "Is a directory"},
        {.name = "ContainerDirectoryGone",
         .body = json::object(),
         .between = [](ErrorCause& t) { fs::remove_all(t.container_directory()); },
         .phase = "prepare_files",
         .operation = "write",
         .resource = "/hostname",
         .message = "No such file or directory"},
        {.name = "LogIsADirectory",
         .body = json::object(),
         .between = [](ErrorCause& t) { fs::create_directory(t.container_directory() + "/" + t.id() + "-json.log"); },
         .phase = "create",
         .operation = "open",
         .resource = "-json.log",
         .message = "Is a directory"},
        {.name = "DiskFull",
         .body = json::object(),
         .between =
             [](ErrorCause& t) {
                 const int fd = ::open((t.small_disk + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                 const std::string piece(65536, 'x');
                 while (::write(fd, piece.data(), piece.size()) > 0) {
                 }
                 while (::write(fd, piece.data(), 512) > 0) {
                 }
                 ::close(fd);
             },
         .phase = "prepare_files",
         .code = "resource_exhausted",
         .operation = "write",
         .resource = "/hostname",
         .hint = "full",
         .message = "No space left on device"},
        {.name = "CgroupTaken",
         .body = json::object(),
         .between =
             [](ErrorCause& t) {
                 // A process sits where the container's own group is to be made.
                 const fs::path parent = group_root() + t.slipwayd().cgroup_parent();
                 fs::path instance;
                 ASSERT_EQ(t.slipwayd().docker({"run", "--rm", "box", "true"}).exit_code, 0);
                 for (const auto& entry : fs::directory_iterator(parent)) {
                     if (entry.is_directory()) instance = entry.path();
                 }
                 fs::create_directory(instance / t.id());
                 t.helper = Background::start({"sleep", "60"}, "/dev/null");
                 write_file((instance / t.id() / "cgroup.procs").string(), std::to_string(t.helper->pid()));
             },
         .phase = "create",
         .operation = "rmdir",
         .resource = group_root(),
         .message = "Device or resource busy"},
    };
}

}  // namespace slipway::testing
