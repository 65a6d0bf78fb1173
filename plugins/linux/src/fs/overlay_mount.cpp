#include <fs/overlay_mount.hpp>

#include <sys/dir.hpp>
#include <sys/file_owner.hpp>
#include <sys/mount_api.hpp>
#include <sys/own_thread.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <optional>
#include <thread>
#include <utility>

namespace slipway::linux_backend {
namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr size_t kMaxFsconfigString = 255;  // strndup_user(value, 256) in the kernel's fsconfig()
constexpr size_t kMaxMountData = 4095;      // one page and its terminator

// Said explicitly because distributions change the defaults. Redirects and metacopy would let the content of a layer
// name other paths, and make a directory's changes unreadable from the upper directory alone (root_diff.cpp).
constexpr std::array<std::pair<const char*, const char*>, 3> kFixedOptions{
    {{"redirect_dir", "nofollow"}, {"index", "off"}, {"metacopy", "off"}}};

// /proc/self/fd works from every thread: descriptors are shared even when the rest is not.
std::string fd_path(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

// Overlay wants the top layer first.
std::string lower_string(const std::vector<int>& lower) {
    std::string text;
    for (auto fd = lower.rbegin(); fd != lower.rend(); ++fd) {
        if (!text.empty()) text += ':';
        text += fd_path(*fd);
    }
    return text;
}

Error too_many_layers(const OverlayParts& parts) {
    return Error(ErrorCode::kResourceExhausted,
                 "overlay: " + std::to_string(parts.lower.size()) + " layers do not fit into the mount options")
        .with_os(SLW_OS_ERRNO, E2BIG);
}

Status set_upper(FsContext& fs, const OverlayParts& parts, bool by_descriptor) {
    if (by_descriptor) {
        if (Status set = fs.set_fd("upperdir", parts.upper); !set) return set;
        return fs.set_fd("workdir", parts.work);
    }
    if (Status set = fs.set_string("upperdir", fd_path(parts.upper)); !set) return set;
    return fs.set_string("workdir", fd_path(parts.work));
}

Status set_lower(FsContext& fs, const OverlayParts& parts, OverlayMethod method) {
    if (method == OverlayMethod::kLowerString) return fs.set_string("lowerdir", lower_string(parts.lower));
    for (auto fd = parts.lower.rbegin(); fd != parts.lower.rend(); ++fd) {
        Status set = method == OverlayMethod::kDescriptors ? fs.set_fd("lowerdir+", *fd)
                                                           : fs.set_string("lowerdir+", fd_path(*fd));
        if (!set) return set;
    }
    return ok();
}

Result<UniqueFd> mount_by_context(OverlayMethod method, const OverlayParts& parts) {
    if (method == OverlayMethod::kLowerString && lower_string(parts.lower).size() > kMaxFsconfigString) {
        return too_many_layers(parts);
    }
    Result<FsContext> fs = FsContext::open("overlay");
    if (!fs) return std::move(fs).error();
    if (Status set = fs->set_string("source", "overlay"); !set) return std::move(set).error();
    for (const auto& [key, value] : kFixedOptions) {
        if (Status set = fs->set_string(key, value); !set) return std::move(set).error();
    }
    if (Status set = set_lower(*fs, parts, method); !set) return std::move(set).error();
    if (Status set = set_upper(*fs, parts, method == OverlayMethod::kDescriptors); !set) return std::move(set).error();
    return fs->mount(0);
}

std::string overlay_options(const OverlayParts& parts) {
    std::string options = "lowerdir=" + lower_string(parts.lower) + ",upperdir=" + fd_path(parts.upper) +
                          ",workdir=" + fd_path(parts.work);
    for (const auto& [key, value] : kFixedOptions) options += std::string(",") + key + "=" + value;
    return options;
}

// The directory behind `fd` as the calling thread's mount namespace has it: overlay only takes mounts of the namespace
// it is made in. Found by its path, and believed only when it is the same directory.
Result<UniqueFd> reopen(int fd) {
    char path[PATH_MAX];
    const ssize_t length = ::readlink(fd_path(fd).c_str(), path, sizeof(path) - 1);
    if (length < 0) return Error::from_errno(errno, "read " + fd_path(fd));
    path[length] = '\0';
    Result<UniqueFd> again = open_dir(path);
    if (!again) return again;
    struct stat before {};
    struct stat after {};
    if (::fstat(fd, &before) != 0 || ::fstat(again->get(), &after) != 0) {
        return Error::from_errno(errno, "stat '" + std::string(path) + "'");
    }
    if (before.st_dev != after.st_dev || before.st_ino != after.st_ino) {
        return Error(ErrorCode::kConflict, "'" + std::string(path) + "' was replaced meanwhile").with_resource(path);
    }
    return again;
}

// The same directory through an ID-mapped mount over it, in this namespace.
Status map_in_place(UniqueFd& directory, int user_namespace) {
    Result<UniqueFd> tree = clone_mapped(directory.get(), user_namespace, "overlay");
    if (!tree) return std::move(tree).error();
    if (Status attached = attach_tree(tree->get(), directory.get(), "overlay"); !attached) return attached;
    Result<UniqueFd> again = reopen(directory.get());
    if (!again) return std::move(again).error();
    directory = std::move(*again);
    return ok();
}

// Runs on a thread that ends afterwards; with it goes the namespace and every mount in it but the clone.
Result<UniqueFd> mount_in_own_namespace(const OverlayParts& given) {
    if (::unshare(CLONE_NEWNS) != 0) return Error::from_errno(errno, "unshare mount namespace");
    // In a chroot "/" is no mount. Joining a mount name space, even one's own, puts this thread's root back to its
    // root.
    const UniqueFd own(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    if (!own || ::setns(own.get(), CLONE_NEWNS) != 0) return Error::from_errno(errno, "leave the chroot");
    // Copies of shared mounts are peers of the host's: without this the mount below would appear there.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return Error::from_errno(errno, "make mounts private");
    }
    const bool is_mapped = given.user_namespace >= 0;
    std::vector<int> originals = given.lower;
    originals.push_back(given.base);
    if (!is_mapped) originals.insert(originals.end(), {given.upper, given.work});
    std::vector<UniqueFd> reopened;
    for (const int fd : originals) {
        Result<UniqueFd> again = reopen(fd);
        if (!again) return again;
        if (is_mapped) {
            Status mapped = map_in_place(*again, given.user_namespace);
            if (!mapped) return std::move(mapped).error();
        }
        reopened.push_back(std::move(*again));
    }
    if (is_mapped) {
        // Below the same mount, as overlayfs wants them.
        const int base = reopened.back().get();
        for (const char* name : {"upper", "work"}) {
            reopened.emplace_back(::openat(base, name, kOpenDirectory));
            if (!reopened.back()) return Error::from_errno(errno, "open the writable layer");
        }
    }
    OverlayParts parts;
    for (size_t i = 0; i < given.lower.size(); ++i) parts.lower.push_back(reopened[i].get());
    parts.base = reopened[given.lower.size()].get();
    parts.upper = reopened[given.lower.size() + 1].get();
    parts.work = reopened[given.lower.size() + 2].get();

    if (is_mapped) {
        if (Status owner = make_files_as(given.root_uid, given.root_gid); !owner) return std::move(owner).error();
    }
    const std::string options = overlay_options(parts);
    if (options.size() > kMaxMountData) return too_many_layers(parts);
    if (::fchdir(parts.base) != 0) return Error::from_errno(errno, "enter the root's directory");
    // Covers "upper" in this namespace only. The overlay reached the real one before.
    if (::mount("overlay", "upper", "overlay", 0, options.c_str()) != 0) {
        return Error::from_errno(errno, "mount overlay");
    }
    UniqueFd tree(::open_tree(AT_FDCWD, "upper", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!tree) return Error::from_errno(errno, "open_tree overlay");
    return tree;
}

Result<UniqueFd> mount_by_namespace(const OverlayParts& parts) {
    std::optional<Result<UniqueFd>> result;
    std::thread worker([&] {
        try {
            result.emplace(mount_in_own_namespace(parts));
        } catch (...) {
            // Out of memory while building the message; the caller reports the empty result.
        }
    });
    worker.join();
    if (!result) return Error(ErrorCode::kResourceExhausted, "out of memory");
    return *std::move(result);
}

// The parts as ID-mapped mounts show them. The mounts are detached and last as long as this.
class MappedParts {
public:
    Status make(const OverlayParts& given) {
        for (const int layer : given.lower) {
            Result<int> directory = map(layer, given.user_namespace, "layer");
            if (!directory) return std::move(directory).error();
            parts_.lower.push_back(*directory);
        }
        Result<int> base = map(given.base, given.user_namespace, "writable layer");
        if (!base) return std::move(base).error();
        parts_.base = *base;
        // Below the same mount, as overlayfs wants them.
        Result<int> upper = open(parts_.base, "upper");
        if (!upper) return std::move(upper).error();
        Result<int> work = open(parts_.base, "work");
        if (!work) return std::move(work).error();
        parts_.upper = *upper;
        parts_.work = *work;
        return ok();
    }

    const OverlayParts& parts() const { return parts_; }

private:
    Result<int> map(int directory, int user_namespace, const char* name) {
        Result<UniqueFd> tree = clone_mapped(directory, user_namespace, name);
        if (!tree) return std::move(tree).error();
        held_.push_back(std::move(*tree));
        return open(held_.back().get(), ".");
    }
    Result<int> open(int directory, const char* name) {
        UniqueFd fd(::openat(directory, name, kOpenDirectory));
        if (!fd) return Error::from_errno(errno, std::string("open '") + name + "' of the root");
        held_.push_back(std::move(fd));
        return held_.back().get();
    }

    std::vector<UniqueFd> held_;
    OverlayParts parts_;
};

// Errors that say "this kernel does not know the method" and not "this mount is impossible". Kernels before 6.8 take
// any option name and refuse it only when the superblock is made, with EINVAL; 6.8 to 6.12 refuse descriptors the same
// way.
bool may_be_unsupported(const Error& error) {
    switch (error.os().code) {
        case EINVAL:
        case EBADF:
        case ENOSYS:
        case EOPNOTSUPP:
        case E2BIG:
            return true;
        default:
            return false;
    }
}

}  // namespace

Result<UniqueFd> mount_overlay_by(OverlayMethod method, const OverlayParts& parts) {
    if (parts.lower.empty()) return Error(ErrorCode::kInternal, "overlay: no layer given");
    if (method == OverlayMethod::kPrivateNamespace) return mount_by_namespace(parts);
    if (parts.user_namespace < 0) return mount_by_context(method, parts);
    MappedParts mapped;
    if (Status made = mapped.make(parts); !made) return std::move(made).error();
    std::optional<Result<UniqueFd>> tree;
    Status done = on_own_thread([&] {
        Status owner = make_files_as(parts.root_uid, parts.root_gid);
        if (owner) tree.emplace(mount_by_context(method, mapped.parts()));
        return owner;
    });
    if (!done) return std::move(done).error();
    return *std::move(tree);
}

Result<UniqueFd> mount_overlay(const OverlayParts& parts) {
    static std::atomic<int> known_plain{static_cast<int>(OverlayMethod::kDescriptors)};
    static std::atomic<int> known_mapped{static_cast<int>(OverlayMethod::kDescriptors)};
    std::atomic<int>& first_known = parts.user_namespace < 0 ? known_plain : known_mapped;
    const int first = first_known.load(std::memory_order_relaxed);
    std::optional<Error> refusal;
    // How many layers fit says nothing about the kernel, so methods before `refused_until` only are given up for good.
    int refused_until = first;
    for (int method = first; method <= static_cast<int>(OverlayMethod::kPrivateNamespace); ++method) {
        Result<UniqueFd> tree = mount_overlay_by(static_cast<OverlayMethod>(method), parts);
        if (tree) {
            if (refused_until > first) first_known.store(refused_until, std::memory_order_relaxed);
            return tree;
        }
        const Error& error = tree.error();
        if (!may_be_unsupported(error)) return tree;
        if (refused_until == method && error.os().code != E2BIG) refused_until = method + 1;
        if (!refusal) refusal = std::move(tree).error();
    }
    return *std::move(refusal);
}

}  // namespace slipway::linux_backend
