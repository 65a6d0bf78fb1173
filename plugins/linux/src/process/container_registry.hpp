// plugins/linux/src/process/container_registry.hpp - the open handles of one backend.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

struct slw_container;

namespace slipway::linux_backend {

// Which handles are open, by id. Handles are borrowed: a container adds itself when it is opened and removes itself
// before it is closed. Safe on any thread.
class ContainerRegistry {
public:
    // kConflict when a handle for this id is open.
    Status add(slw_container& container);
    void remove(const slw_container& container);

    // Pid of the first process as the host sees it. kNotFound when there is no such handle, kConflict when the
    // container does not run.
    Result<int64_t> pid_of(const std::string& id) const;

    bool is_open(const std::string& id) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, slw_container*> containers_;  // guarded by mutex_
};

}  // namespace slipway::linux_backend
