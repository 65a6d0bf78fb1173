#include "cgroup_driver.hpp"

namespace slipway::daemon {

Status check_systemd_cgroups() {
    return Error(ErrorCode::kUnavailable,
                 "exec-opts native.cgroupdriver=systemd: there are no control groups on Windows");
}

}  // namespace slipway::daemon
