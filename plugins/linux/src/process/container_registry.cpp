#include <process/container_registry.hpp>

#include <container.hpp>
#include <process/supervisor_session.hpp>

namespace slipway::linux_backend {

Status ContainerRegistry::add(slw_container& container) {
    const std::lock_guard lock(mutex_);
    if (!containers_.emplace(container.id, &container).second) {
        return Error(ErrorCode::kConflict, "a handle for container " + container.id + " is open")
            .with_resource(container.id);
    }
    return ok();
}

void ContainerRegistry::remove(const slw_container& container) {
    const std::lock_guard lock(mutex_);
    const auto found = containers_.find(container.id);
    if (found != containers_.end() && found->second == &container) containers_.erase(found);
}

Result<int64_t> ContainerRegistry::pid_of(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = containers_.find(id);
    if (found == containers_.end()) {
        return Error(ErrorCode::kNotFound, "no such container: " + id).with_resource(id);
    }
    const auto session = found->second->session();
    const int64_t pid = session ? session->status().pid : 0;
    if (pid == 0) return Error(ErrorCode::kConflict, "container " + id + " is not running").with_resource(id);
    return pid;
}

bool ContainerRegistry::is_open(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return containers_.count(id) != 0;
}

}  // namespace slipway::linux_backend
