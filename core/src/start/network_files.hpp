// core/src/start/network_files.hpp - the contents of /etc/hosts, /etc/hostname and /etc/resolv.conf. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

struct HostsLine {
    std::string address, names;
};

struct HostsInput {
    std::string hostname, domainname;
    std::vector<std::string> extra_hosts;  // "name:address", also "name=address"; "host-gateway" as address
    std::vector<HostsLine> links;          // other containers under the names they are linked by
    std::vector<std::string> addresses;    // the container's own, as far as known
    std::string gateway;                   // what "host-gateway" stands for; such lines are left out while it is empty
    std::string host_file;                 // host mode: the machine's own file, used as the beginning
};
std::string render_hosts(const HostsInput& input);

struct ResolvInput {
    std::string host_file;                              // the machine's resolv.conf
    std::vector<std::string> servers, search, options;  // from HostConfig; each replaces the machine's when not empty
    bool keep_loopback = false;                         // host mode: resolvers on 127.0.0.0/8 and ::1 are reachable
};
// Without any reachable resolver the public ones Docker falls back to (8.8.8.8, 8.8.4.4) are used.
std::string render_resolv_conf(const ResolvInput& input);

}  // namespace slipway::core
