#include "engine/registry.hpp"

namespace slipway::core {

void Registry::add(ContainerPtr container) {
    const std::lock_guard lock(mutex_);
    containers_.insert_or_assign(container->id, std::move(container));
}

void Registry::remove(const std::string& id) {
    ContainerPtr gone;  // freed after the lock
    const std::lock_guard lock(mutex_);
    const auto found = containers_.find(id);
    if (found == containers_.end()) return;
    gone = std::move(found->second);
    containers_.erase(found);
}

ContainerPtr Registry::find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = containers_.find(id);
    return found == containers_.end() ? nullptr : found->second;
}

std::vector<ContainerPtr> Registry::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<ContainerPtr> list;
    list.reserve(containers_.size());
    for (const auto& [id, container] : containers_) list.push_back(container);
    return list;
}

}  // namespace slipway::core
