#include "cgroup_driver.hpp"

#include <filesystem>

namespace slipway::daemon {
namespace {

Status missing(const std::string& why) {
    return Error(ErrorCode::kUnavailable, "exec-opts native.cgroupdriver=systemd: " + why);
}

}  // namespace

Status check_systemd_cgroups() {
    std::error_code ignored;
    if (!std::filesystem::is_directory("/run/systemd/system", ignored)) {
        return missing("this machine is not run by systemd: there is no '/run/systemd/system'");
    }
    if (!std::filesystem::exists("/run/systemd/private", ignored)) {
        return missing("systemd cannot be reached: there is no '/run/systemd/private'");
    }
    if (!std::filesystem::exists("/sys/fs/cgroup/cgroup.controllers", ignored)) {
        return missing("it needs control groups version 2 alone, and '/sys/fs/cgroup' is not one group of version 2");
    }
    return ok();
}

}  // namespace slipway::daemon
