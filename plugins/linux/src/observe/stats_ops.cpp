// slw.stats/1: what the files of a container's control groups and network name space count.
#include <tables.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <container.hpp>
#include <observe/usage.hpp>
#include <process/container_root.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>
#include <sys/pidfd.hpp>

#include <sys/stat.h>
#include <unistd.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

bool is_hosts_own(const std::string& netns) {
    struct stat theirs {
    }, ours{};
    return stat(netns.c_str(), &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 && theirs.st_ino == ours.st_ino &&
           theirs.st_dev == ours.st_dev;
}

// The counters of the name space the first process is in; empty for the host's, which are nobody's share. Null when
// that process has ended meanwhile: its number may be somebody else's by then.
json read_networks(const SupervisorSession& session, int64_t pid) {
    const std::string process = "/proc/" + std::to_string(pid);
    json networks = json::object();
    if (!is_hosts_own(process + "/ns/net")) networks = parse_networks(read_proc(process + "/net/dev", 1 << 20));
    return session.process() >= 0 && has_ended(session.process()) ? json() : networks;
}

slw_status SLW_CALL read(slw_container* c, const slw_call*, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto session = c->session();
        if (!session) return container_not_running(*c);
        const slw_process_status status = session->status();
        if (status.state != SLW_PROCESS_RUNNING) return container_not_running(*c);

        const CgroupManager& cgroups = *c->backend.cgroups;
        if (access(cgroups.directory_of(c->id).c_str(), F_OK) != 0) return container_not_running(*c);
        const MachineFacts machine = read_machine("/proc");
        json usage =
            cgroups.support().version == CgroupSupport::Version::kV2
                ? read_v2_usage(cgroups.directory_of(c->id))
                : read_v1_usage([&](const std::string& controller) { return cgroups.directory_of(c->id, controller); },
                                machine.ticks_per_second);
        add_machine(usage, machine);
        json networks = read_networks(*session, status.pid);
        if (networks.is_null()) return container_not_running(*c);
        if (!networks.empty()) usage["networks"] = std::move(networks);
        // Interface names are bytes to the kernel.
        return write_to(out, usage.dump(-1, ' ', false, json::error_handler_t::replace));
    });
}

}  // namespace

const slw_stats_ops kStatsOps = {sizeof(slw_stats_ops), 0, read};

}  // namespace slipway::linux_backend
