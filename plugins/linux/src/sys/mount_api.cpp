#include <sys/mount_api.hpp>

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

// The messages the kernel queued on a context descriptor: one per read, "e overlay: text", until ENODATA.
std::string read_kernel_log(int fd) {
    std::string log;
    char line[512];
    for (int messages = 0; messages < 16; ++messages) {
        const ssize_t size = ::read(fd, line, sizeof(line));
        if (size <= 0) break;
        std::string text(line, static_cast<size_t>(size));
        if (text.size() > 2 && text[1] == ' ') text.erase(0, 2);  // the level letter
        while (!text.empty() && text.back() == '\n') text.pop_back();
        if (!log.empty()) log += "; ";
        log += text;
    }
    return log;
}

}  // namespace

Result<UniqueFd> clone_tree(int fd, bool recursive, const std::string& name) {
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    UniqueFd tree(::open_tree(fd, "", flags));
    if (!tree) {
        const int err = errno;
        return Error::from_errno(err, "open_tree '" + name + "'").with_operation("open_tree").with_resource(name);
    }
    return tree;
}

Status set_mount_attributes(int tree, const MountAttributes& attributes, bool recursive, const std::string& name) {
    mount_attr attr{};
    attr.attr_set = attributes.set;
    attr.attr_clr = attributes.clear;
    attr.propagation = attributes.propagation;
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    if (::mount_setattr(tree, "", flags, &attr, sizeof(attr)) != 0) {
        const int err = errno;
        return Error::from_errno(err, "mount_setattr '" + name + "'")
            .with_operation("mount_setattr")
            .with_resource(name);
    }
    return ok();
}

Status map_mount_ids(int tree, int user_namespace, bool recursive, const std::string& name) {
    mount_attr attr{};
    attr.attr_set = MOUNT_ATTR_IDMAP;
    attr.userns_fd = static_cast<__u64>(user_namespace);
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    if (::mount_setattr(tree, "", flags, &attr, sizeof(attr)) == 0) return ok();
    const int err = errno;
    if (err != EINVAL && err != ENOSYS && err != EOPNOTSUPP) {
        return Error::from_errno(err, "ID-mapped mount of '" + name + "'").with_resource(name);
    }
    return Error(ErrorCode::kUnimplemented,
                 "'" + name +
                     "' cannot have an ID-mapped mount, which user namespaces need: its file system, or this "
                     "kernel, does not offer them")
        .with_os(SLW_OS_ERRNO, err)
        .with_operation("mount_setattr")
        .with_resource(name);
}

Result<UniqueFd> clone_mapped(int fd, int user_namespace, const std::string& name) {
    Result<UniqueFd> tree = clone_tree(fd, false, name);
    if (!tree) return tree;
    MountAttributes plain;
    plain.propagation = MS_PRIVATE;
    if (Status set = set_mount_attributes(tree->get(), plain, false, name); !set) return std::move(set).error();
    if (Status set = map_mount_ids(tree->get(), user_namespace, false, name); !set) return std::move(set).error();
    return tree;
}

Status attach_tree(int tree, int target, const std::string& name) {
    if (::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
        const int err = errno;
        return Error::from_errno(err, "move_mount '" + name + "'").with_operation("move_mount").with_resource(name);
    }
    return ok();
}

Result<FsContext> FsContext::open(const std::string& type) {
    UniqueFd fd(::fsopen(type.c_str(), FSOPEN_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return Error::from_errno(err, "fsopen '" + type + "'").with_operation("fsopen").with_resource(type);
    }
    return FsContext(type, std::move(fd));
}

Error FsContext::failed(int err, const std::string& operation) const {
    const std::string log = read_kernel_log(fd_.get());
    std::string what = operation;
    if (!log.empty()) what += " (" + log + ")";
    return Error::from_errno(err, what).with_operation("fsconfig").with_resource(type_);
}

Status FsContext::set_string(const std::string& key, const std::string& value) {
    if (::fsconfig(fd_.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0) != 0) {
        const int err = errno;
        return failed(err, "fsconfig " + type_ + " " + key + "='" + value + "'");
    }
    return ok();
}

Status FsContext::set_fd(const std::string& key, int fd) {
    if (::fsconfig(fd_.get(), FSCONFIG_SET_FD, key.c_str(), nullptr, fd) != 0) {
        const int err = errno;
        return failed(err, "fsconfig " + type_ + " " + key + " by descriptor");
    }
    return ok();
}

Result<UniqueFd> FsContext::mount(uint64_t mount_attributes) {
    if (::fsconfig(fd_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
        const int err = errno;
        return failed(err, "create " + type_);
    }
    UniqueFd tree(::fsmount(fd_.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(mount_attributes)));
    if (!tree) {
        const int err = errno;
        return failed(err, "fsmount " + type_);
    }
    return tree;
}

}  // namespace slipway::linux_backend
