// core/include/slipway/core/events.hpp - the event stream: sequence-numbered, journalled, resumable.
#pragma once

#include <slipway/core/clock.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace slipway::core {

// One event. `sequence` starts at 1 and never has holes for one data root.
struct Event {
    uint64_t sequence = 0;
    UnixNanos when = 0;
    std::string type;    // "container", "image", "network", "daemon"
    std::string action;  // "start", "die", ...
    std::string actor_id;
    std::map<std::string, std::string> attributes;
};

// Docker's filters: {"type": ["container"], "event": [...], "container": [id prefix or name], "image": [...],
// "label": ["k" or "k=v"], "network": [...], "daemon": [...], "scope": [...]}. Values of one key are alternatives,
// except that all labels must match; keys are combined by and. Keys that are not known are ignored: the API refuses
// them.
using Filters = std::map<std::string, std::set<std::string>>;

bool matches(const Filters& filters, const Event& event);

// What a subscriber receives: an event, or word that `missed` events could not be kept for it.
struct EventOrGap {
    std::optional<Event> event;
    uint64_t missed = 0;
};

// A reader's place in the stream. Not thread-safe; one thread reads it.
class EventSubscription {
public:
    virtual ~EventSubscription() = default;
    // Waits at most `timeout` for the next event. nullopt: nothing came, or the stream was closed (see closed()).
    virtual std::optional<EventOrGap> next(std::chrono::milliseconds timeout) = 0;
    virtual bool closed() const = 0;
};

}  // namespace slipway::core
