#include <sys/foreign_mount.hpp>
#include <sys/mount_api.hpp>
#include <sys/own_thread.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace slipway::linux_backend {

std::optional<ForeignPath> parse_foreign_path(const std::string& path) {
    constexpr std::string_view kProc = "/proc/", kRoot = "/root/";
    if (!path.starts_with(kProc)) return std::nullopt;
    ForeignPath place;
    const char* const end = path.data() + path.size();
    const auto [rest, failed] = std::from_chars(path.data() + kProc.size(), end, place.pid);
    if (failed != std::errc() || place.pid <= 0) return std::nullopt;
    const std::string_view below(rest, static_cast<size_t>(end - rest));
    if (!below.starts_with(kRoot)) return std::nullopt;
    place.path = below.substr(kRoot.size() - 1);
    return place;
}

Result<UniqueFd> clone_tree_of(pid_t pid, const std::string& path) {
    const std::string name = "/proc/" + std::to_string(pid) + "/ns/mnt";
    const UniqueFd mounts{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!mounts) return Error::from_errno(errno, "open '" + name + "'").with_resource(name);
    UniqueFd tree;
    Status cloned = on_own_thread([&]() -> Status {
        // setns() wants root and working directory to be this thread's alone.
        if (::unshare(CLONE_FS) != 0 || ::setns(mounts.get(), CLONE_NEWNS) != 0) {
            return Error::from_errno(errno, "join '" + name + "'").with_resource(name);
        }
        struct open_how how {};
        how.flags = O_PATH | O_CLOEXEC;
        how.resolve = RESOLVE_NO_SYMLINKS;
        const UniqueFd place{static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)))};
        if (!place) return Error::from_errno(errno, "open '" + path + "'").with_resource(path);
        Result<UniqueFd> clone = clone_tree(place.get(), true, path);
        if (!clone) return std::move(clone).error();
        tree = std::move(*clone);
        return ok();
    });
    if (!cloned) return std::move(cloned).error();
    return tree;
}

}  // namespace slipway::linux_backend
