#include <support/injected_calls.hpp>
#include <support/injector.hpp>
#include <support/process.hpp>
#include <tree/tree.hpp>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <thread>

namespace slipway::testing {
namespace {

std::string link_of(const std::string& path) {
    char target[PATH_MAX];
    const ssize_t size = readlink(path.c_str(), target, sizeof(target));
    return size > 0 ? std::string(target, static_cast<size_t>(size)) : std::string();
}

// Which of our programs a process runs. By inode: the supervisor is executed from a mount of its own, where it has no
// path.
bool runs(pid_t pid, const char* program) {
    struct stat running {
    }, file{};
    const std::string path = std::string(tree::kBuild) + "/bin/" + program;
    return stat(("/proc/" + std::to_string(pid) + "/exe").c_str(), &running) == 0 && stat(path.c_str(), &file) == 0 &&
           running.st_ino == file.st_ino && running.st_dev == file.st_dev;
}

pid_t parent_of(pid_t pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    const size_t name_end = stat.rfind(')');
    return name_end == std::string::npos ? 0 : static_cast<pid_t>(std::atoi(stat.c_str() + name_end + 4));
}

// 0 for others: the user's command, programs the daemon runs.
unsigned caller_of(pid_t pid) {
    if (runs(pid, "slipwayd")) return static_cast<unsigned>(Caller::kDaemon);
    if (!runs(pid, "slipway-supervisor")) return 0;
    const bool is_child = runs(parent_of(pid), "slipway-supervisor");
    return static_cast<unsigned>(is_child ? Caller::kChild : Caller::kSupervisor);
}

const char* name_of(unsigned caller) {
    if (caller == static_cast<unsigned>(Caller::kDaemon)) return "daemon";
    return caller == static_cast<unsigned>(Caller::kChild) ? "child" : "supervisor";
}

std::string text_at(pid_t pid, uint64_t address) {
    const int fd = open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return "";
    char text[PATH_MAX] = {};
    const ssize_t size = pread(fd, text, sizeof(text) - 1, static_cast<off_t>(address));
    close(fd);
    return size > 0 ? std::string(text) : std::string();
}

std::string descriptor_path(pid_t pid, int fd) {
    const std::string base = "/proc/" + std::to_string(pid);
    return link_of(fd == AT_FDCWD ? base + "/cwd" : base + "/fd/" + std::to_string(fd));
}

std::string path_argument(pid_t pid, int directory, uint64_t address) {
    const std::string path = text_at(pid, address);
    return path.starts_with('/') ? path : descriptor_path(pid, directory) + "/" + path;
}

// The file a call needs room for; empty when it needs none.
std::string written_path(pid_t pid, const seccomp_data& call) {
    const auto descriptor = static_cast<int>(call.args[0]);
    switch (call.nr) {
        case SYS_write:
        case SYS_writev:
        case SYS_pwrite64:
        case SYS_fallocate:
            return descriptor_path(pid, descriptor);
        case SYS_openat:
            if ((call.args[2] & O_CREAT) == 0) return "";
            return path_argument(pid, descriptor, call.args[1]);
        case SYS_mkdirat:
        case SYS_mknodat:
            return path_argument(pid, descriptor, call.args[1]);
#ifdef SYS_mkdir
        case SYS_mkdir:
            return path_argument(pid, AT_FDCWD, call.args[0]);
#endif
        default:
            return "";
    }
}

int receive_descriptor(int socket) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return -1;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return -1;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof(int));
    return fd;
}

}  // namespace

constexpr int kHold = -1;

struct Injector::Impl {
    std::string directory;
    int listener = -1, wake = -1;
    std::vector<int> notifiers;  // only the thread's
    std::thread thread;

    mutable std::mutex mutex;
    bool armed = false;  // guarded by mutex, as everything below
    Fault fault;
    FaultReport report;
    std::vector<std::pair<int, uint64_t>> held;  // notifier and id of calls that hang

    std::string socket_path() const { return directory + "/inject"; }
    void run();
    bool answer(int notifier);
    // The errno to answer with; 0 lets the call go on, kHold says nothing for now.
    int decide(const seccomp_notif& request);
    static void respond(int notifier, uint64_t id, int error);
};

Injector::Injector() : impl_(std::make_unique<Impl>()) {
    std::string pattern = "/tmp/slwi-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) return;
    impl_->directory = pattern;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, impl_->socket_path().c_str(), sizeof(address.sun_path) - 1);
    impl_->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(impl_->listener, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    listen(impl_->listener, 4);
    impl_->wake = eventfd(0, EFD_CLOEXEC);
    impl_->thread = std::thread([this] { impl_->run(); });
}

Injector::~Injector() {
    const uint64_t one = 1;
    (void)!write(impl_->wake, &one, sizeof(one));
    if (impl_->thread.joinable()) impl_->thread.join();
    for (const int fd : impl_->notifiers) close(fd);
    close(impl_->listener);
    close(impl_->wake);
    std::error_code ignored;
    std::filesystem::remove_all(impl_->directory, ignored);
}

std::vector<std::string> Injector::command() const {
    return {std::string(tree::kBuild) + "/bin/slipway-inject", impl_->socket_path()};
}

void Injector::arm(const Fault& fault) {
    const std::lock_guard lock(impl_->mutex);
    impl_->fault = fault;
    impl_->report = {};
    impl_->armed = true;
}

FaultReport Injector::disarm() {
    const std::lock_guard lock(impl_->mutex);
    impl_->armed = false;
    for (const auto& [notifier, id] : impl_->held) Impl::respond(notifier, id, 0);
    impl_->held.clear();
    return impl_->report;
}

bool Injector::fired() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->report.fired;
}

void Injector::Impl::run() {
    for (;;) {
        std::vector<pollfd> waits = {{wake, POLLIN, 0}, {listener, POLLIN, 0}};
        for (const int fd : notifiers) waits.push_back({fd, POLLIN, 0});
        if (poll(waits.data(), waits.size(), -1) < 0) continue;
        if (waits[0].revents != 0) return;
        if (waits[1].revents != 0) {
            const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            const int notifier = receive_descriptor(connection);
            close(connection);
            if (notifier >= 0) notifiers.push_back(notifier);
        }
        for (size_t i = 2; i < waits.size(); ++i) {
            const bool alive = (waits[i].revents & POLLIN) == 0 || answer(waits[i].fd);
            // Nobody uses the filter any more.
            if (!alive || (waits[i].revents & (POLLHUP | POLLIN)) == POLLHUP) {
                close(waits[i].fd);
                std::erase(notifiers, waits[i].fd);
            }
        }
    }
}

bool Injector::Impl::answer(int notifier) {
    seccomp_notif request{};
    if (ioctl(notifier, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return errno == EINTR || errno == ENOENT;
    const int error = decide(request);
    if (error != kHold) {
        respond(notifier, request.id, error);
        return true;
    }
    const std::lock_guard lock(mutex);
    held.emplace_back(notifier, request.id);
    return true;
}

void Injector::Impl::respond(int notifier, uint64_t id, int error) {
    seccomp_notif_resp response{};
    response.id = id;
    response.error = -error;
    if (error == 0) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    // ENOENT: the caller was killed or interrupted meanwhile.
    (void)ioctl(notifier, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

int Injector::Impl::decide(const seccomp_notif& request) {
    const std::lock_guard lock(mutex);
    const int number = request.data.nr;
    if (!armed || (!fault.calls.empty() && !fault.calls.contains(number))) return 0;
    const auto pid = static_cast<pid_t>(request.pid);
    const unsigned caller = caller_of(pid);
    if ((caller & fault.callers) == 0) return 0;
    if (!fault.writes_below.empty() && !written_path(pid, request.data).starts_with(fault.writes_below)) return 0;

    ++report.seen;
    ++report.by_call[number];
    const bool is_nth = report.seen == fault.nth;
    if (!is_nth && !(fault.from_then_on && report.fired)) return 0;
    const InjectedCall* call = find_injected_call(number);
    if (is_nth) {
        report.fired = true;
        report.where = std::string(name_of(caller)) + " " + call->name;
    }
    if (fault.hold) return is_nth ? kHold : 0;
    if (fault.kill != 0) {
        if (is_nth) kill(fault.kill > 0 ? fault.kill : pid, SIGKILL);
        return 0;
    }
    return fault.error != 0 ? fault.error : call->error;
}

}  // namespace slipway::testing
