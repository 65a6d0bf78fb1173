// plugins/linux/src/sys/netns_sysctl.hpp - network settings of the calling thread's name space, below /proc/sys/net.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::linux_backend {

// `name` is a path: "ipv4/conf/slipway0/route_localnet". kNotFound when this kernel does not have the setting.
Result<std::string> read_net_sysctl(const std::string& name);
Status write_net_sysctl(const std::string& name, const std::string& value);

// As write_net_sysctl(), but a kernel without the setting (no IPv6) is success.
Status write_optional_net_sysctl(const std::string& name, const std::string& value);

}  // namespace slipway::linux_backend
