#include <spec/json_access.hpp>
#include <spec/verify_checks.hpp>

namespace slipway::linux_backend {

namespace {

void discard_list(Verification& check, const char* key, bool supported, const char* warning) {
    const nlohmann::json& list = member_of(check.config, key);
    if (supported || !list.is_array() || list.empty()) return;
    check.warn(warning);
    check.config[key] = nlohmann::json::array();
}

}  // namespace

Status check_block_io(Verification& check) {
    nlohmann::json& config = check.config;
    if (read_int(config, "BlkioWeight") > 0 && !check.cgroups.blkio_weight) {
        check.warn("Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.");
        config["BlkioWeight"] = 0;
    }
    const int64_t weight = read_int(config, "BlkioWeight");
    if (weight != 0 && (weight < 10 || weight > 1000)) {
        return Error(ErrorCode::kInvalidArgument, "Range of blkio weight is from 10 to 1000");
    }
    if (read_int(config, "IOMaximumBandwidth") != 0 || read_int(config, "IOMaximumIOps") != 0) {
        return Error(ErrorCode::kInvalidArgument,
                     "Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps");
    }

    const bool throttle = check.cgroups.blkio_throttle;
    discard_list(check, "BlkioWeightDevice", check.cgroups.blkio_weight_device,
                 "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device "
                 "discarded.");
    discard_list(check, "BlkioDeviceReadBps", throttle,
                 "Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS "
                 "read limit discarded.");
    discard_list(check, "BlkioDeviceWriteBps", throttle,
                 "Your kernel does not support BPS Block I/O write limit or the cgroup is not mounted. Block I/O BPS "
                 "write limit discarded.");
    discard_list(check, "BlkioDeviceReadIOps", throttle,
                 "Your kernel does not support IOPS Block read limit or the cgroup is not mounted. Block I/O IOPS "
                 "read limit discarded.");
    discard_list(check, "BlkioDeviceWriteIOps", throttle,
                 "Your kernel does not support IOPS Block write limit or the cgroup is not mounted. Block I/O IOPS "
                 "write limit discarded.");
    return ok();
}

}  // namespace slipway::linux_backend
