// plugins/linux/src/process/spawn_supervisor.hpp - starts a supervisor that waits for its plan.
#pragma once

#include <backend.hpp>
#include <process/supervisor_session.hpp>

#include <memory>
#include <string>

namespace slipway::linux_backend {

struct SpawnedSupervisor {
    std::shared_ptr<SupervisorSession> session;
    pid_t pid = 0;
};

// `id` is what it supervises: a container, or an exec of `container`.
Result<SpawnedSupervisor> spawn_supervisor(slw_backend& backend, const std::string& id, const std::string& container);

}  // namespace slipway::linux_backend
