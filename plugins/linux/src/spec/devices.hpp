// plugins/linux/src/spec/devices.hpp - device nodes and the rules that let a container use them.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/cdi_spec.hpp>

#include <nlohmann/json.hpp>

namespace slipway::linux_backend {

struct DeviceSpec {
    nlohmann::json nodes = nlohmann::json::array();  // linux.devices
    nlohmann::json rules = nlohmann::json::array();  // linux.resources.devices
};

// The standard nodes and rules, HostConfig.Devices and DeviceCgroupRules; for a privileged container every device of
// the host. Device paths of the host may be links to nodes or directories of nodes.
// Entries of HostConfig.Devices that name CDI devices are left out; the nodes of `cdi` come instead, with the numbers
// that the host has for them now.
//   kNotFound         a device that is not there; resource has its path
//   kInvalidArgument  not a device, or a rule that is none
Result<DeviceSpec> resolve_devices(const nlohmann::json& host_config, const CdiEdits& cdi = {});

}  // namespace slipway::linux_backend
