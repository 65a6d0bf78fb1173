#include <fs/mounts.hpp>

#include <fs/propagation.hpp>
#include <sys/dir.hpp>
#include <sys/mount_api.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>

namespace slipway::linux_backend {
namespace {

int try_open_source(const MountPlan& plan) {
    if (!plan.no_symlinks) return ::open(plan.source.c_str(), O_PATH | O_CLOEXEC);
    struct open_how how {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS;
    return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, plan.source.c_str(), &how, sizeof(how)));
}

Result<UniqueFd> open_source(const MountPlan& plan) {
    UniqueFd source(try_open_source(plan));
    if (!source && errno == ENOENT && plan.create_source) {
        if (Status made = make_dirs(plan.source, 0755); !made) return std::move(made).error();
        source.reset(::open(plan.source.c_str(), O_PATH | O_CLOEXEC));
    }
    if (source) return source;
    const int err = errno;
    if (err == ENOENT) {
        return Error(ErrorCode::kNotFound, "bind source path does not exist: " + plan.source)
            .with_os(SLW_OS_ERRNO, err)
            .with_operation("open")
            .with_resource(plan.source)
            .with_hint("the source of such a mount must exist when the container starts");
    }
    return Error::from_errno(err, "open '" + plan.source + "'").with_operation("open").with_resource(plan.source);
}

Status apply_attributes(int tree, const MountPlan& plan) {
    MountAttributes all;
    all.set = plan.attributes | (plan.all_read_only ? MOUNT_ATTR_RDONLY : 0);
    // A clone of a shared mount is its peer. For the other modes that is the point, and who attaches it goes on.
    if (plan.propagation.empty()) all.propagation = MS_PRIVATE;
    if (all.set != 0 || all.propagation != 0) {
        if (Status set = set_mount_attributes(tree, all, true, plan.source); !set) return set;
    }
    if (!plan.read_only || plan.all_read_only) return ok();
    MountAttributes top;
    top.set = MOUNT_ATTR_RDONLY;
    return set_mount_attributes(tree, top, false, plan.source);
}

Result<PreparedMount> prepare_bind(const MountPlan& plan, const MountUsers& users) {
    Result<UniqueFd> source = open_source(plan);
    if (!source) return std::move(source).error();
    if (Status possible = check_propagation_source(source->get(), plan.source, plan.propagation); !possible) {
        return std::move(possible).error();
    }
    Result<UniqueFd> tree = clone_tree(source->get(), plan.recursive, plan.source);
    if (!tree) return std::move(tree).error();
    if (Status applied = apply_attributes(tree->get(), plan); !applied) return std::move(applied).error();
    if (plan.map_ids && users.map != nullptr) {
        Status mapped = map_mount_ids(tree->get(), users.user_namespace, plan.recursive, plan.source);
        if (!mapped) return std::move(mapped).error();
    }
    struct stat info {};
    if (::fstat(tree->get(), &info) != 0) return Error::from_errno(errno, "stat '" + plan.source + "'");

    PreparedMount mount;
    mount.tree = std::move(*tree);
    mount.is_directory = S_ISDIR(info.st_mode);
    return mount;
}

Result<PreparedMount> prepare_memory(const MountPlan& plan, const MountUsers& users) {
    Result<FsContext> fs = FsContext::open("tmpfs");
    if (!fs) return std::move(fs).error();
    char mode[16];
    std::snprintf(mode, sizeof(mode), "%o", plan.mode);
    if (Status set = fs->set_string("source", "tmpfs"); !set) return std::move(set).error();
    if (plan.limit_bytes != 0) {
        if (Status set = fs->set_string("size", std::to_string(plan.limit_bytes)); !set) return std::move(set).error();
    }
    if (Status set = fs->set_string("mode", mode); !set) return std::move(set).error();
    if (users.map != nullptr) {
        const std::string uid = std::to_string(*to_host(users.map->uids, 0));
        const std::string gid = std::to_string(*to_host(users.map->gids, 0));
        if (Status set = fs->set_string("uid", uid); !set) return std::move(set).error();
        if (Status set = fs->set_string("gid", gid); !set) return std::move(set).error();
    }
    Result<UniqueFd> tree = fs->mount(plan.attributes | (plan.read_only ? MOUNT_ATTR_RDONLY : 0));
    if (!tree) return std::move(tree).error();

    PreparedMount mount;
    mount.tree = std::move(*tree);
    return mount;
}

}  // namespace

Result<PreparedMount> prepare_mount(const MountPlan& plan, const MountUsers& users) {
    Result<PreparedMount> mount = plan.source.empty() ? prepare_memory(plan, users) : prepare_bind(plan, users);
    // Docker's text for a missing source is compared by clients and stays as it is.
    if (!mount && mount.error().code() == ErrorCode::kNotFound) return mount;
    if (!mount) return std::move(mount).error().context("mount '" + plan.target + "'");
    mount->target = plan.target;
    mount->propagation = plan.propagation;
    return mount;
}

Result<uint64_t> add_mount(std::vector<PreparedMount>& mounts, const MountPlan& plan, const MountUsers& users) {
    const bool taken = std::any_of(mounts.begin(), mounts.end(),
                                   [&](const PreparedMount& mount) { return mount.target == plan.target; });
    if (taken) {
        return Error(ErrorCode::kConflict, "Duplicate mount point '" + plan.target + "'").with_resource(plan.target);
    }
    Result<PreparedMount> mount = prepare_mount(plan, users);
    if (!mount) return std::move(mount).error();
    // Counted over all containers, so that a late unmount() never meets a newer mount of the same id.
    static std::atomic<uint64_t> next_id{1};
    mount->id = next_id++;
    mounts.push_back(std::move(*mount));
    return mounts.back().id;
}

void remove_mount(std::vector<PreparedMount>& mounts, uint64_t id) {
    std::erase_if(mounts, [id](const PreparedMount& mount) { return mount.id == id; });
}

}  // namespace slipway::linux_backend
