#include <process/user_namespace.hpp>

#include <slipway_supervisor/fd_passing.hpp>
#include <sys/spawn.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

constexpr int kHelperTimeoutMs = 10'000;
constexpr size_t kLongestMap = 340 * 33;  // lines of three numbers of ten digits

std::string process_file(pid_t pid, const char* name) {
    return "/proc/" + std::to_string(pid) + "/" + name;
}

// The process in `--user` mode, killed and reaped at the end of its scope.
class Helper {
public:
    static Result<Helper> spawn(SupervisorProgram& supervisor) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
            return Error::from_errno(errno, "socketpair");
        }
        UniqueFd ours{pair[0]}, theirs{pair[1]};
        const Result<std::string> program = supervisor.path();
        if (!program) return program.error();
        const Result<pid_t> pid = spawn_with_control(*program, "--user", theirs.get());
        if (!pid) return pid.error();
        return Helper(*pid, std::move(ours));
    }
    Helper(Helper&& other) noexcept : pid_(std::exchange(other.pid_, -1)), control_(std::move(other.control_)) {}
    Helper(const Helper&) = delete;
    Helper& operator=(const Helper&) = delete;
    Helper& operator=(Helper&&) = delete;
    ~Helper() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

    // Its next report.
    Status wait(const char* step) {
        pollfd event{};
        event.fd = control_.get();
        event.events = POLLIN;
        unsigned char answer = 0;
        int err = ETIMEDOUT;
        if (poll(&event, 1, kHelperTimeoutMs) == 1) {
            err = recv(control_.get(), &answer, 1, 0) == 1 ? answer : EPIPE;
        }
        if (err == 0) return ok();
        Error error = Error::from_errno(err, step).with_operation("unshare");
        // What a machine that does not want user name spaces answers.
        if (err == ENOSPC) error = std::move(error).with_hint("see /proc/sys/user/max_user_namespaces");
        return error;
    }

    Status write_map(const char* name, const IdRanges& ranges) const {
        const std::string path = process_file(pid_, name), text = map_file_text(ranges);
        const UniqueFd file{open(path.c_str(), O_WRONLY | O_CLOEXEC)};
        if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            return Error::from_errno(errno, "write '" + path + "'").with_operation("write").with_resource(path);
        }
        return ok();
    }

    // `joined`: the user name space to enter instead of a new one; first step only.
    Status go_on(int joined = -1) const {
        const unsigned char go = 0;
        if (supervisor::send_packet(control_.get(), &go, 1, &joined, joined < 0 ? 0 : 1)) return ok();
        return Error::from_errno(errno, "let the helper go on");
    }

    Result<UniqueFd> open_namespace(const char* name) const {
        const std::string path = process_file(pid_, name);
        UniqueFd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        if (!fd) return Error::from_errno(errno, "open '" + path + "'").with_operation("open").with_resource(path);
        return fd;
    }

private:
    Helper(pid_t pid, UniqueFd control) : pid_(pid), control_(std::move(control)) {}

    pid_t pid_;
    UniqueFd control_;
};

Result<UserNamespace> make(SupervisorProgram& supervisor, const IdMap& map) {
    Result<Helper> helper = Helper::spawn(supervisor);
    if (!helper) return std::move(helper).error();
    Status done = helper->go_on();
    if (done) done = helper->wait("make it");
    if (done) done = helper->write_map("uid_map", map.uids);
    if (done) done = helper->write_map("gid_map", map.gids);
    if (done) done = helper->go_on();
    if (done) done = helper->wait("make its network name space");
    if (!done) return std::move(done).error();
    Result<UniqueFd> user = helper->open_namespace("ns/user");
    if (!user) return std::move(user).error();
    Result<UniqueFd> network = helper->open_namespace("ns/net");
    if (!network) return std::move(network).error();
    return UserNamespace{std::move(*user), std::move(*network)};
}

Result<IdRanges> read_map(pid_t pid, const char* name) {
    const std::string path = process_file(pid, name);
    const UniqueFd file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::string text(kLongestMap, '\0');
    const ssize_t size = file ? read(file.get(), text.data(), text.size()) : -1;
    if (size < 0) return Error::from_errno(errno, "read '" + path + "'").with_resource(path);
    text.resize(static_cast<size_t>(size));
    return parse_map_file(text);
}

}  // namespace

Result<UserNamespace> make_user_namespace(SupervisorProgram& supervisor, const IdMap& map) {
    Result<UserNamespace> made = make(supervisor, map);
    if (!made) return std::move(made).error().context("user name space");
    return made;
}

Result<UniqueFd> open_user_namespace(pid_t pid) {
    const std::string path = process_file(pid, "ns/user");
    UniqueFd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return Error::from_errno(errno, "open '" + path + "'").with_code(ErrorCode::kConflict).with_resource(path);
    return fd;
}

Result<UniqueFd> make_netns_of_user(SupervisorProgram& supervisor, pid_t pid) {
    const Result<UniqueFd> user = open_user_namespace(pid);
    if (!user) return user.error();
    Result<Helper> helper = Helper::spawn(supervisor);
    if (!helper) return std::move(helper).error();
    Status done = helper->go_on(user->get());
    if (done) done = helper->wait("make a network name space in a user name space");
    if (!done) return std::move(done).error();
    return helper->open_namespace("ns/net");
}

Result<std::optional<IdMap>> user_map_of(pid_t pid) {
    const std::string path = process_file(pid, "ns/user");
    struct stat theirs {};
    struct stat own {};
    if (stat(path.c_str(), &theirs) != 0) {
        return Error::from_errno(errno, "stat '" + path + "'").with_code(ErrorCode::kNotFound).with_resource(path);
    }
    if (stat("/proc/self/ns/user", &own) != 0) return Error::from_errno(errno, "stat '/proc/self/ns/user'");
    if (theirs.st_ino == own.st_ino && theirs.st_dev == own.st_dev) return std::optional<IdMap>();
    Result<IdRanges> uids = read_map(pid, "uid_map");
    if (!uids) return std::move(uids).error();
    Result<IdRanges> gids = read_map(pid, "gid_map");
    if (!gids) return std::move(gids).error();
    return std::optional<IdMap>(IdMap{std::move(*uids), std::move(*gids), {}});
}

}  // namespace slipway::linux_backend
