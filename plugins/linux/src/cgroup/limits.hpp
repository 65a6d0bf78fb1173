// plugins/linux/src/cgroup/limits.hpp - linux.resources as writes to control files. Pure.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

// `value` is to be written to `file` of the group that `controller` keeps.
struct CgroupWrite {
    std::string controller;
    std::string file;
    std::string value;
};

// In the order they must be made: v1 refuses a memory+swap limit below the memory limit, so memory goes first, and
// devices are denied before the list of what is allowed. kInvalidArgument: a device rule that is none.
Result<std::vector<CgroupWrite>> v1_writes(const nlohmann::json& resources);

// The value of io.bfq.weight, 10..1000, "[<major>:<minor> ]<weight>", as io.weight takes it, 1..10000.
std::string io_weight_of(const std::string& bfq);

// v2 has no device files: see device_program.hpp. Units are converted: shares 2..262144 to weight 1..10000, swap from
// "memory and swap" to swap alone.
std::vector<CgroupWrite> v2_writes(const nlohmann::json& resources);

}  // namespace slipway::linux_backend
