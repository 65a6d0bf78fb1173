// core/src/engine/registry.hpp - the containers there are, by id. Names and prefixes are NameIndex's.
#pragma once

#include "engine/container.hpp"

#include <map>
#include <vector>

namespace slipway::core {

class Registry {
public:
    void add(ContainerPtr container);
    void remove(const std::string& id);
    ContainerPtr find(const std::string& id) const;  // null when there is none
    std::vector<ContainerPtr> all() const;

private:
    using Mutex = RankedMutex<LockRank::kRegistry>;
    mutable Mutex mutex_;
    std::map<std::string, ContainerPtr> containers_;  // guarded by mutex_
};

}  // namespace slipway::core
