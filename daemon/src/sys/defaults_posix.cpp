#include "sys/defaults.hpp"

namespace slipway::daemon {

const Defaults& defaults() {
    static const Defaults kDefaults{"/var/lib/slipway",           "/run/slipway", "/etc/slipway/daemon.json", "linux",
                                    {"/etc/cdi", "/var/run/cdi"}, "slipway",      std::chrono::seconds(10)};
    return kDefaults;
}

std::string default_host(const std::filesystem::path& exec_root) {
    return "unix://" + (exec_root / "slipway.sock").string();
}

const char* host_forms() {
    return "unix:///PATH or tcp://LOOPBACK:PORT";
}

}  // namespace slipway::daemon
