#include <cgroup/group_files.hpp>
#include <sys/unique_fd.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <thread>

namespace slipway::linux_backend {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxDepth = 32;  // a container may nest groups; nobody nests this many
constexpr auto kStep = std::chrono::milliseconds(1);

struct DirectoryCloser {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

void collect_pids(const std::string& group, int depth, std::vector<pid_t>& pids) {
    const std::string text = read_control(group, "cgroup.procs");
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        pid_t pid = 0;
        const auto [next, failure] = std::from_chars(at, end, pid);
        // 0 stands for a process of a pid name space that is not below ours.
        if (failure == std::errc() && pid > 0) pids.push_back(pid);
        at = std::find(next, end, '\n') + 1;
    }
    if (depth == 0) return;
    for (const std::string& name : subgroups(group)) collect_pids(group + "/" + name, depth - 1, pids);
}

std::vector<pid_t> pids_in_all(const std::vector<std::string>& groups) {
    std::vector<pid_t> pids;
    for (const std::string& group : groups) collect_pids(group, kMaxDepth, pids);
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return pids;
}

// errno of the removal, 0 when it is gone.
int remove_tree(const std::string& group, int depth) {
    if (::rmdir(group.c_str()) == 0) return 0;
    const int err = errno;
    if (err == ENOENT) return 0;
    if ((err != EBUSY && err != ENOTEMPTY) || depth == 0) return err;
    for (const std::string& name : subgroups(group)) remove_tree(group + "/" + name, depth - 1);
    return ::rmdir(group.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

}  // namespace

Status write_control(const std::string& group, const std::string& file, const std::string& value, bool create) {
    const std::string path = group + "/" + file;
    const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0600)};
    if (!fd) return Error::from_errno(errno, "open '" + path + "'").with_operation("open").with_resource(path);
    ssize_t written = 0;
    do {
        written = ::write(fd.get(), value.data(), value.size());
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
        return Error::from_errno(errno, "write '" + value + "' to '" + path + "'")
            .with_operation("write")
            .with_resource(path);
    }
    return ok();
}

std::string read_control(const std::string& group, const std::string& file) {
    const std::string path = group + "/" + file;
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::string text;
    if (!fd) return text;
    char buffer[4096];
    while (true) {
        const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        text.append(buffer, static_cast<size_t>(got));
    }
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::vector<std::string> subgroups(const std::string& group) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir(group.c_str()));
    if (!directory) return names;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..") names.push_back(name);
    }
    return names;
}

std::vector<pid_t> pids_in(const std::string& group) {
    return pids_in_all({group});
}

Status remove_group(const std::string& group) {
    const auto give_up = Clock::now() + std::chrono::milliseconds(100);
    while (true) {
        const int err = remove_tree(group, kMaxDepth);
        if (err == 0) return ok();
        const bool busy = err == EBUSY;
        if (busy && Clock::now() < give_up && pids_in(group).empty()) {
            std::this_thread::sleep_for(kStep);
            continue;
        }
        Error error = Error::from_errno(err, "rmdir '" + group + "'").with_operation("rmdir").with_resource(group);
        if (busy) return std::move(error).with_code(ErrorCode::kConflict);
        return error;
    }
}

Status kill_groups(const std::vector<std::string>& groups, const std::string& freezer) {
    const auto give_up = Clock::now() + std::chrono::seconds(2);
    for (int round = 0;; ++round) {
        // The first round is for the usual few processes; only who forks faster than we kill is frozen.
        const bool freeze = round > 0 && round % 5 == 0 && !freezer.empty();
        if (freeze) {
            static_cast<void>(write_control(freezer, "freezer.state", "FROZEN", false));
            std::this_thread::sleep_for(5 * kStep);
        }
        const std::vector<pid_t> pids = pids_in_all(groups);
        for (const pid_t pid : pids) ::kill(pid, SIGKILL);
        // A frozen process dies when it thaws, and a paused container must be thawed for it in any case.
        if (!freezer.empty() && !pids.empty())
            static_cast<void>(write_control(freezer, "freezer.state", "THAWED", false));
        if (pids.empty()) return ok();
        if (Clock::now() >= give_up) {
            return Error(ErrorCode::kUnavailable,
                         std::to_string(pids.size()) + " processes do not die in '" + groups.front() + "'")
                .with_resource(groups.front());
        }
        std::this_thread::sleep_for(kStep);
    }
}

}  // namespace slipway::linux_backend
