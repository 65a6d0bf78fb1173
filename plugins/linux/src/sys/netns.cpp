#include <sys/netns.hpp>
#include <sys/netns_sysctl.hpp>
#include <sys/own_thread.hpp>

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <unistd.h>

#include <net/if.h>

#include <cerrno>
#include <optional>
#include <string>

namespace slipway::linux_backend {

namespace {

constexpr int kLoopbackIndex = 1;  // the kernel registers loopback first in every name space

// The "default" entry takes no lock, while changing an interface that exists already waits for the RTNL mutex.
Status switch_ipv6_off() {
    return write_optional_net_sysctl("ipv6/conf/default/disable_ipv6", "1");
}

NetlinkMessage loopback_up() {
    NetlinkMessage message("bring up loopback", RTM_NEWLINK, 0);
    auto& link = message.extra<ifinfomsg>();
    link.ifi_family = AF_UNSPEC;
    link.ifi_index = kLoopbackIndex;
    link.ifi_flags = IFF_UP;
    link.ifi_change = IFF_UP;
    return message;
}

// In the name space that `netns` is.
Status set_up_here(UniqueFd netns, std::optional<NewNetns>& out) {
    if (Status off = switch_ipv6_off(); !off) return off;
    Result<NetlinkSocket> route = NetlinkSocket::open(NETLINK_ROUTE);
    if (!route) return std::move(route).error();
    if (Status up = route->transact(loopback_up()); !up) return up;

    out.emplace(NewNetns{std::move(netns), std::move(*route)});
    return ok();
}

Status make_here(std::optional<NewNetns>& out) {
    if (unshare(CLONE_NEWNET) != 0) return Error::from_errno(errno, "unshare the network name space");
    UniqueFd netns{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
    if (!netns) return Error::from_errno(errno, "open '/proc/thread-self/ns/net'");
    return set_up_here(std::move(netns), out);
}

}  // namespace

Result<NewNetns> set_up_netns(UniqueFd netns) {
    std::optional<NewNetns> made;
    const int entered = netns.get();
    Status status = run_in_netns(entered, [&] { return set_up_here(std::move(netns), made); });
    if (!status) return std::move(status).error();
    return std::move(*made);
}

Result<NewNetns> make_netns() {
    std::optional<NewNetns> made;
    Status status = on_own_thread([&] { return make_here(made); });
    if (!status) return std::move(status).error();
    return std::move(*made);
}

Status run_in_netns(int netns, const std::function<Status()>& body) {
    return on_own_thread([&]() -> Status {
        if (setns(netns, CLONE_NEWNET) != 0) return Error::from_errno(errno, "enter the network name space");
        return body();
    });
}

Result<UniqueFd> open_netns_of(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
    UniqueFd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) {
        const int err = errno;
        Error error = Error::from_errno(err, "open '" + path + "'");
        if (err == ENOENT || err == ESRCH) return std::move(error).with_code(ErrorCode::kNotFound);
        return error;
    }
    return fd;
}

}  // namespace slipway::linux_backend
