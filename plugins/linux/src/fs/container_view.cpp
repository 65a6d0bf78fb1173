#include <fs/container_view.hpp>

#include <fs/copy_up.hpp>
#include <fs/mounts.hpp>
#include <fs/overlay_root.hpp>
#include <process/base_namespace.hpp>
#include <process/container_root.hpp>
#include <sys/dir.hpp>
#include <sys/mount_api.hpp>
#include <sys/own_thread.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <memory>

namespace slipway::linux_backend {
namespace {

// Base name spaces have an empty directory of this name.
constexpr const char* kPlace = "/root";

// The session of a running container; null when it does not run.
Result<std::shared_ptr<SupervisorSession>> running_session(const slw_container& c) {
    std::shared_ptr<SupervisorSession> session = c.session();
    if (session == nullptr || session->status().state == SLW_PROCESS_RUNNING) return session;
    return container_not_running(c);
}

Result<std::string> read_process_file(const slw_container& c, const SupervisorSession& session, const char* name) {
    const Result<UniqueFd> file = open_process_file(c, session, name);
    if (!file) return file.error();
    std::string text(size_t{64} << 10, '\0');  // at most 340 lines
    const ssize_t size = ::read(file->get(), text.data(), text.size());
    if (size < 0) return Error::from_errno(errno, std::string("read ") + name);
    text.resize(static_cast<size_t>(size));
    return text;
}

Result<OwnerMap> ids_of(const slw_container& c, const SupervisorSession& session) {
    const Result<std::string> uids = read_process_file(c, session, "uid_map");
    if (!uids) return uids.error();
    const Result<std::string> gids = read_process_file(c, session, "gid_map");
    if (!gids) return gids.error();
    return OwnerMap::parse(*uids, *gids);
}

Error failed(const char* what, const std::string& target) {
    const int err = errno;
    return Error::from_errno(err, std::string(what) + " '" + target + "'").with_operation(what).with_resource(target);
}

UniqueFd open_place(int root, const std::string& path, uint64_t flags) {
    const char* const name = path.empty() ? "/" : path.c_str();
    return UniqueFd(try_open_below(root, name, O_PATH | flags, Links::kInRoot, 0, Mounts::kCross));
}

// What is done at most to make one mount point; as in the supervisor's paths.cpp.
struct Effort {
    int links = 40;  // that lead nowhere
    int parts = 2048;
};

// Opens the mount point `target`, making what is missing of it, and what links to nowhere lead to. Every part is made
// in the open directory before it and found again inside the root, so that links, whoever changes them, lead nowhere
// else.
Result<UniqueFd> open_mount_point(int root, const std::string& target, bool directory, Effort& effort) {
    UniqueFd place = open_place(root, target, 0);
    if (place) return place;
    if (errno == ENOENT && --effort.parts < 0) errno = ENAMETOOLONG;
    if (errno != ENOENT) return failed("open", target);
    const size_t slash = target.rfind('/');
    Result<UniqueFd> parent = open_mount_point(root, target.substr(0, slash), true, effort);
    if (!parent) return parent;
    const std::string name = target.substr(slash + 1);
    if (directory) {
        if (::mkdirat(parent->get(), name.c_str(), 0755) != 0 && errno != EEXIST) return failed("mkdir", target);
    } else {
        const UniqueFd made(
            ::openat(parent->get(), name.c_str(), O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0644));
        if (!made && errno != EEXIST) return failed("create", target);
    }
    place = open_place(root, target, 0);
    if (place) return place;
    if (errno != ENOENT) return failed("open", target);
    std::string link(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(parent->get(), name.c_str(), link.data(), link.size());
    if (size > 0 && --effort.links < 0) errno = ELOOP;
    if (size <= 0 || effort.links < 0) return failed("open", target);
    link.resize(static_cast<size_t>(size));
    return open_mount_point(root, link.front() == '/' ? link : target.substr(0, slash + 1) + link, directory, effort);
}

Status attach_mounts(int root, const std::vector<PreparedMount>& mounts, const std::function<Status()>& check) {
    for (const PreparedMount& mount : mounts) {
        if (Status go_on = check(); !go_on) return go_on;
        Effort effort;
        const Result<UniqueFd> place = open_mount_point(root, mount.target, mount.is_directory, effort);
        if (!place) return place.error();
        if (Status attached = attach_tree(mount.tree.get(), place->get(), mount.target); !attached) return attached;
    }
    return ok();
}

// Runs on a thread of its own. Mounts can only be attached in the mount name space one is in.
Status assemble(int base, int root, bool read_only, const std::vector<PreparedMount>& mounts,
                const std::function<Status()>& check, UniqueFd& name_space) {
    const UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));  // out of sight from here on
    if (!proc) return failed("open", "/proc");
    if (::unshare(CLONE_FS) != 0 || ::setns(base, CLONE_NEWNS) != 0 || ::unshare(CLONE_NEWNS) != 0) {
        return failed("join", "base mount name space");
    }
    ::umask(0);  // this thread's alone by now
    const UniqueFd place(::open(kPlace, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place) return failed("open", kPlace);
    if (Status attached = attach_tree(root, place.get(), "/"); !attached) return attached;
    if (Status attached = attach_mounts(root, mounts, check); !attached) return attached;
    if (read_only) {
        MountAttributes attributes;
        attributes.set = MOUNT_ATTR_RDONLY;
        if (Status set = set_mount_attributes(root, attributes, false, "/"); !set) return set;
    }
    name_space.reset(::openat(proc.get(), "thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    return name_space ? ok() : Status(failed("open", "thread-self/ns/mnt"));
}

Result<std::vector<PreparedMount>> prepare_mounts(int root, const std::vector<MountPlan>& plans,
                                                  const std::function<Status()>& check) {
    std::vector<PreparedMount> mounts;
    for (MountPlan plan : plans) {
        plan.propagation.clear();  // what is attached here must not show on the host
        if (plan.copy_up) {
            if (Status filled = copy_up(root, plan.target, plan.source, check); !filled)
                return std::move(filled).error();
        }
        Result<uint64_t> id = add_mount(mounts, plan);
        if (!id) return std::move(id).error();
    }
    return mounts;
}

}  // namespace

ContainerView::~ContainerView() {
    if (!root_) return;
    // The last reference may write file systems back; and a start must not mount this root again before it is gone.
    DeferredCloser& closer = container_->backend.layers->closer();
    if (mounts_) closer.close(std::move(mounts_), container_->data_dir);
    closer.close(std::move(root_), container_->data_dir);
}

Result<ContainerView> open_view(slw_container& c, const ViewParts& parts, const std::function<Status()>& check) {
    const Result<std::shared_ptr<SupervisorSession>> session = running_session(c);
    if (!session) return session.error();
    ContainerView view(c);
    if (*session != nullptr) {
        // The name space first: its mounts would be gone with the container otherwise.
        Result<UniqueFd> mounts = open_process_file(c, **session, "ns/mnt");
        if (!mounts) return std::move(mounts).error();
        Result<OwnerMap> ids = ids_of(c, **session);
        if (!ids) return std::move(ids).error();
        Result<UniqueFd> root = open_process_root(c, **session);
        if (!root) return std::move(root).error();
        view.ids_ = std::move(*ids);
        view.mounts_ = std::move(*mounts);
        view.root_ = std::move(*root);
        return view;
    }
    const Result<int> base = c.backend.base_namespace->get();
    if (!base) return base.error();
    Result<UniqueFd> tree = OverlayRoot(*c.backend.layers, c.data_dir).mount(parts.layers);
    if (!tree) return std::move(tree).error();
    view.root_ = std::move(*tree);
    const Result<std::vector<PreparedMount>> mounts = prepare_mounts(view.root(), parts.mounts, check);
    if (!mounts) return mounts.error();
    Status assembled =
        on_own_thread([&] { return assemble(*base, view.root(), parts.read_only_root, *mounts, check, view.mounts_); });
    if (!assembled) return std::move(assembled).error();
    return view;
}

Result<ContainerView> open_bare_view(slw_container& c, const ViewParts& parts) {
    const Result<std::shared_ptr<SupervisorSession>> session = running_session(c);
    if (!session) return session.error();
    ContainerView view(c);
    if (*session == nullptr) {
        Result<UniqueFd> tree = OverlayRoot(*c.backend.layers, c.data_dir).mount(parts.layers);
        if (!tree) return std::move(tree).error();
        view.root_ = std::move(*tree);
        return view;
    }
    const Result<UniqueFd> mounts = open_process_file(c, **session, "ns/mnt");
    if (!mounts) return mounts.error();
    Result<OwnerMap> ids = ids_of(c, **session);
    if (!ids) return std::move(ids).error();
    const Result<UniqueFd> root = open_process_root(c, **session);
    if (!root) return root.error();
    view.ids_ = std::move(*ids);
    // The kernel clones mounts only of the caller's own name space.
    Status cloned = on_own_thread([&]() -> Status {
        if (::unshare(CLONE_FS) != 0 || ::setns(mounts->get(), CLONE_NEWNS) != 0) {
            return failed("join", "the container's mount name space");
        }
        Result<UniqueFd> tree = clone_tree(root->get(), false, "/");
        if (!tree) return std::move(tree).error();
        view.root_ = std::move(*tree);
        return ok();
    });
    if (!cloned) return std::move(cloned).error();
    return view;
}

}  // namespace slipway::linux_backend
