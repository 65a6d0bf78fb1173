// plugins/linux/src/cgroup/device_program.hpp - device rules of cgroup v2: a BPF program that the kernel asks.
#pragma once

#include <cgroup/device_rules.hpp>
#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <linux/bpf.h>

#include <vector>

namespace slipway::linux_backend {

// The program for `rules`, deny-all to begin with. It walks the rules from the last to the first: the first that
// covers the device and all of the access decides, as v1's files would have it.
std::vector<bpf_insn> build_device_program(const std::vector<DeviceRule>& rules);

// kSystem with the verifier's last words when the kernel refuses it.
Result<UniqueFd> load_device_program(const std::vector<bpf_insn>& program);

// Attaches it to the group behind `directory_fd`; removing the group removes it.
Status attach_device_program(int directory_fd, int program_fd);

}  // namespace slipway::linux_backend
