// plugins/windows/src/hcs/events.hpp - from HCS's callbacks to objects of ours.
//
// HCS gets a number as context, never an address: an event that is on its way while its receiver goes finds nothing
// instead of something freed.
#pragma once

#include <raw/types.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>

namespace slipway::windows_backend {

// Runs on a thread of HCS; must neither block nor close the handle the event came for.
using EventHandler = std::function<void(uint32_t type, const nlohmann::json& data)>;

// A registration. Once it is gone no new call of the handler begins, and none runs.
class EventSubscription {
public:
    EventSubscription() = default;
    explicit EventSubscription(EventHandler handler);
    EventSubscription(EventSubscription&& other) noexcept;
    EventSubscription& operator=(EventSubscription&& other) noexcept;
    ~EventSubscription();

    // To be given to HCS together with deliver().
    void* context() const;
    static void deliver(const raw::Event* event, void* context);

private:
    void end();
    uintptr_t key_ = 0;
};

}  // namespace slipway::windows_backend
