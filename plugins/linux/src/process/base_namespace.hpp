// plugins/linux/src/process/base_namespace.hpp - the mount name space containers start from.
#pragma once

#include <process/supervisor_program.hpp>
#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <mutex>

namespace slipway::linux_backend {

// Made by a helper run of the supervisor on first use, kept as a descriptor, gone with this object: an almost empty
// mount name space, so that copying it costs nothing and no mount of the host is in it.
class BaseNamespace {
public:
    explicit BaseNamespace(SupervisorProgram& supervisor) : supervisor_(supervisor) {}

    // The name space's descriptor; valid as long as this object. Safe on any thread.
    Result<int> get();

private:
    Result<UniqueFd> make();

    SupervisorProgram& supervisor_;
    std::mutex mutex_;
    UniqueFd fd_;  // guarded by mutex_ until set, constant afterwards
};

}  // namespace slipway::linux_backend
