// plugins/windows/src/container_registry.hpp - the open handles of one backend.
#pragma once

#include <slipway/cpp/error.hpp>

#include <map>
#include <mutex>
#include <string>

struct slw_container;

namespace slipway::windows_backend {

// Handles are borrowed: a container adds itself when it is opened and removes itself before it is closed. Any thread.
class ContainerRegistry {
public:
    // kConflict when a handle for this id is open.
    Status add(slw_container& container);
    void remove(const slw_container& container);

    // The name space of a container that runs, for another to join. kConflict when it does not run,
    // kUnimplemented when it runs in a virtual machine.
    Result<std::string> namespace_of(const std::string& id) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, slw_container*> containers_;  // guarded by mutex_
};

}  // namespace slipway::windows_backend
