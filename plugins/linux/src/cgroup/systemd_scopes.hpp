// plugins/linux/src/cgroup/systemd_scopes.hpp - transient scopes of the systemd that runs this machine.
#pragma once

#include <cgroup/scope_units.hpp>

namespace slipway::linux_backend {

class SupervisorProgram;  // process/supervisor_program.hpp

// Talks to systemd over the socket it keeps for root, so that no D-Bus daemon is needed, with a connection per call:
// none can be stale after systemd was executed anew.
class SystemdScopes : public ScopeUnits {
public:
    // `supervisor` is what sits in a new scope until a container's process does; it must outlive this object.
    explicit SystemdScopes(SupervisorProgram& supervisor) : supervisor_(supervisor) {}

    Result<std::shared_ptr<void>> start(const std::string& unit, const std::string& slice,
                                        const std::string& description) override;
    Status stop(const std::string& unit) override;
    Result<std::vector<ScopeUnit>> list(const std::string& ending) override;

private:
    SupervisorProgram& supervisor_;
};

}  // namespace slipway::linux_backend
