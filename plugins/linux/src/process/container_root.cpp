#include <process/container_root.hpp>

#include <sys/pidfd.hpp>

#include <fcntl.h>

#include <cerrno>
#include <string>

namespace slipway::linux_backend {
namespace {

// The pid may be somebody else's by the time the path is opened, so the process is looked at again afterwards.
Result<UniqueFd> open_of_process(const slw_container& c, const SupervisorSession& session, const char* name,
                                 int flags) {
    const std::string path = "/proc/" + std::to_string(session.status().pid) + "/" + name;
    UniqueFd file{open(path.c_str(), flags | O_CLOEXEC)};
    const int err = errno;
    if (session.process() < 0 || has_ended(session.process())) return container_not_running(c);
    if (!file) return Error::from_errno(err, "open '" + path + "'").with_operation("open").with_resource(path);
    return file;
}

}  // namespace

Error container_not_running(const slw_container& c) {
    return Error(ErrorCode::kConflict, "container " + c.id + " is not running").with_resource(c.id);
}

Result<UniqueFd> open_process_root(const slw_container& c, const SupervisorSession& session) {
    return open_of_process(c, session, "root", O_PATH | O_DIRECTORY);
}

Result<UniqueFd> open_process_file(const slw_container& c, const SupervisorSession& session, const char* name) {
    return open_of_process(c, session, name, O_RDONLY);
}

}  // namespace slipway::linux_backend
