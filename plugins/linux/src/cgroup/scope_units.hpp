// plugins/linux/src/cgroup/scope_units.hpp - control groups as units of a service manager.
#pragma once

#include <slipway/cpp/error.hpp>

#include <memory>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// A scope that exists.
struct ScopeUnit {
    std::string name;
    std::string group;  // path below the mount point; empty when it has none (any more)
};

// Makes and ends transient scopes. Thread-safe; each call waits until the service manager is done.
class ScopeUnits {
public:
    virtual ~ScopeUnits() = default;

    // Starts the scope `unit` in `slice`, delegated to us. A scope without a process ends, so a process of ours sits in
    // it until what is returned is let go of; by then another must have entered.
    //   kConflict     a unit of that name exists
    //   kUnavailable  the service manager cannot be reached, or refuses
    virtual Result<std::shared_ptr<void>> start(const std::string& unit, const std::string& slice,
                                                const std::string& description) = 0;
    // Ends the scope and forgets how it ended. Gone already is success.
    virtual Status stop(const std::string& unit) = 0;
    // Scopes whose description ends in `ending`, those that have failed included.
    virtual Result<std::vector<ScopeUnit>> list(const std::string& ending) = 0;
};

}  // namespace slipway::linux_backend
