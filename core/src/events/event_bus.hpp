// core/src/events/event_bus.hpp - live delivery of journalled events. Events enter by Store::commit(); the bus hears of
// each commit, keeps the newest in memory, and readers that fall behind go on from the journal.
#pragma once

#include "store/store.hpp"

#include <slipway/core/events.hpp>

#include <memory>
#include <optional>

namespace slipway::core {

class EventBus {
public:
    // Becomes the store's event sink until destroyed.
    explicit EventBus(std::shared_ptr<Store> store);
    ~EventBus();
    EventBus(const EventBus&) = delete;
    EventBus& operator=(const EventBus&) = delete;

    // Journals one event by itself; for those that belong to no record. Others go into the Batch of their change.
    Result<uint64_t> append(Event event, Durability durability = Durability::kNormal);

    // As Engine::subscribe(): without `since`, `until` and `since_sequence` only what comes; otherwise history first,
    // from the time or number on (inclusive). `until` in the past ends the stream after its history. A subscription may
    // outlive the bus; it is closed then. Events the journal no longer has are reported as a gap.
    std::unique_ptr<EventSubscription> subscribe(UnixNanos since, UnixNanos until,
                                                 std::optional<uint64_t> since_sequence, Filters filters);

    // Ends every subscription, now and later.
    void close();

    struct Shared;  // what subscriptions and the bus have in common

private:
    std::shared_ptr<Shared> shared_;
};

}  // namespace slipway::core
