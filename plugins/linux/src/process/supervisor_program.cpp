#include <process/supervisor_program.hpp>

#include <sys/mount_api.hpp>

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

namespace slipway::linux_backend {

Result<int> SupervisorProgram::descriptor() {
    const std::lock_guard lock(mutex_);
    if (!mount_) {
        const UniqueFd file{open(path_.c_str(), O_PATH | O_CLOEXEC)};
        if (!file) return Error::from_errno(errno, "open '" + path_ + "'").with_resource(path_);
        Result<UniqueFd> tree = clone_tree(file.get(), false, path_);
        if (!tree) return std::move(tree).error();
        MountAttributes attributes;
        attributes.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
        attributes.propagation = MS_PRIVATE;
        const Status sealed = set_mount_attributes(tree->get(), attributes, false, path_);
        if (!sealed) return sealed.error();
        mount_ = std::move(*tree);
    }
    return mount_.get();
}

Result<std::string> SupervisorProgram::path() {
    const Result<int> mount = descriptor();
    if (!mount) return mount.error();
    return "/proc/self/fd/" + std::to_string(*mount);
}

}  // namespace slipway::linux_backend
