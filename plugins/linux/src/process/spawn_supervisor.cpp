#include <process/spawn_supervisor.hpp>

#include <process/supervisor_program.hpp>
#include <sys/pidfd.hpp>
#include <sys/spawn.hpp>

#include <sys/socket.h>

#include <cerrno>

namespace slipway::linux_backend {

Result<SpawnedSupervisor> spawn_supervisor(slw_backend& backend, const std::string& id, const std::string& container) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return Error::from_errno(errno, "socketpair");
    UniqueFd ours{pair[0]};
    const UniqueFd theirs{pair[1]};
    const Result<std::string> program = backend.supervisor->path();
    if (!program) return program.error();
    Result<pid_t> pid = spawn_with_control(*program, id, theirs.get());
    if (!pid) {
        // It is executed through a descriptor; people know it by its path.
        const std::string& path = backend.config.supervisor;
        return std::move(pid).error().context("supervisor '" + path + "'").with_resource(path);
    }
    // Our child, and not reaped before we do it: the pid is still its own.
    UniqueFd pidfd = open_pidfd(*pid, process_start_time(*pid));
    return SpawnedSupervisor{
        std::make_shared<SupervisorSession>(id, std::move(ours), std::move(pidfd), true, container), *pid};
}

}  // namespace slipway::linux_backend
