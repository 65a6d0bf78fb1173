// plugins/linux/src/sys/netns.hpp - network name spaces: make one, open one, do something inside one.
//
// A thread that changed its name space must not go on to serve others, so every change happens on a thread made for it
// that ends right after.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/netlink.hpp>
#include <sys/unique_fd.hpp>

#include <sys/types.h>

#include <functional>

namespace slipway::linux_backend {

// A fresh name space. It lives as long as `netns`, a process in it or a device's owner keeps it.
struct NewNetns {
    UniqueFd netns;
    NetlinkSocket route;  // NETLINK_ROUTE, opened inside
};

// Makes a name space with loopback up and IPv6 off for every interface that is added later (S-62 of the security
// notes; loopback keeps ::1).
Result<NewNetns> make_netns();

// The same of a name space that exists and is in nobody's use yet.
Result<NewNetns> set_up_netns(UniqueFd netns);

// Runs `body` on a thread inside `netns` and returns its result. Sockets it opens keep working there from any thread.
Status run_in_netns(int netns, const std::function<Status()>& body);

// The name space of a process. kNotFound when it does not run.
Result<UniqueFd> open_netns_of(pid_t pid);

}  // namespace slipway::linux_backend
