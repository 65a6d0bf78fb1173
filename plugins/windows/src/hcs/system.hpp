// plugins/windows/src/hcs/system.hpp - a compute system.
#pragma once

#include <hcs/api.hpp>
#include <hcs/events.hpp>
#include <hcs/limits.hpp>

#include <nlohmann/json.hpp>

#include <vector>

namespace slipway::windows_backend {

// Owns an HCS_SYSTEM handle. Our documents say that the system ends with its last handle, so letting go is ending it.
// Safe on any thread; close it only when no call is inside.
class System {
public:
    // Made, not started. On failure, a late success included, nothing is left.
    //   kConflict  a system of this id exists
    static Result<System> create(const Api& api, const std::string& id, const nlohmann::json& document,
                                 const Limits& limits);
    // kNotFound when there is none.
    static Result<System> open(const Api& api, const std::string& id);

    System(System&& other) noexcept;
    System& operator=(System&& other) noexcept;
    ~System();

    // Events from now on; once per handle. Anything that happened before is not told again.
    Status watch(EventHandler handler);

    Status start(const Limits& limits) const;
    // Every process gets a shutdown event. Success: the system has stopped. After kDeadlineExceeded it goes on
    // stopping.
    Status shut_down(const Limits& limits) const;
    // Success: it has stopped.
    Status terminate(const Limits& limits) const;
    // Of virtual machines alone.
    Status pause(const Limits& limits) const;
    Status resume(const Limits& limits) const;
    // `types` empty: Id, Owner, State and the like.
    Result<nlohmann::json> properties(const std::vector<std::string>& types, const Limits& limits) const;
    Status modify(const nlohmann::json& request, const Limits& limits) const;

    const std::string& id() const { return id_; }
    raw::Handle get() const { return handle_; }
    const Api& api() const { return api_; }

private:
    System(Api api, std::string id, raw::Handle handle) : api_(std::move(api)), id_(std::move(id)), handle_(handle) {}
    void close();

    Api api_;
    std::string id_;
    raw::Handle handle_ = nullptr;
    EventSubscription events_;
};

// The basic properties of all systems of an owner, virtual machines included.
Result<std::vector<nlohmann::json>> list_systems(const Api& api, const std::string& owner, const Limits& limits);

}  // namespace slipway::windows_backend
