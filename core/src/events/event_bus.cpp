#include "events/event_bus.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace slipway::core {

namespace {

// Kept in memory for readers that keep up; the journal has the rest.
constexpr size_t kRecentEvents = 4096;
constexpr size_t kJournalBatch = 256;

using EventPtr = std::shared_ptr<const Event>;

}  // namespace

struct EventBus::Shared {
    explicit Shared(std::shared_ptr<Store> from) : store(std::move(from)) {}

    const std::shared_ptr<Store> store;

    std::mutex mutex;  // a leaf below the store's: never held while the store is called
    std::condition_variable changed;
    std::deque<EventPtr> recent;  // consecutive numbers, newest last; guarded by mutex
    uint64_t last = 0;            // newest number there is; guarded by mutex
    bool closed = false;          // guarded by mutex

    // Runs under the store's lock.
    void publish(std::span<const Event> events) {
        {
            std::lock_guard lock(mutex);
            for (const Event& event : events) {
                recent.push_back(std::make_shared<const Event>(event));
                last = event.sequence;
            }
            while (recent.size() > kRecentEvents) recent.pop_front();
        }
        changed.notify_all();
    }
};

namespace {

// A place in the numbered stream. What is near comes from the bus's memory, what is far from the journal; since numbers
// have no holes, a jump in them is exactly what was lost.
class Subscription final : public EventSubscription {
public:
    Subscription(std::shared_ptr<EventBus::Shared> shared, uint64_t next, UnixNanos since, UnixNanos until,
                 Filters filters)
        : shared_(std::move(shared)), next_(next), since_(since), until_(until), filters_(std::move(filters)) {}

    std::optional<EventOrGap> next(std::chrono::milliseconds timeout) override {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        while (!closed_) {
            std::optional<EventOrGap> item = take(deadline);
            if (!item) return std::nullopt;
            if (!item->event || passes(*item->event)) return item;
        }
        return std::nullopt;
    }

    bool closed() const override { return closed_; }

private:
    bool passes(const Event& event) {
        if (until_ != 0 && event.when > until_) return false;
        return event.when >= since_ && matches(filters_, event);
    }

    // The next event or gap in number order, unfiltered.
    std::optional<EventOrGap> take(std::chrono::steady_clock::time_point deadline) {
        if (batch_.empty()) {
            bool from_journal = false;
            if (EventPtr event = take_recent(deadline, from_journal)) {
                next_ = event->sequence + 1;
                return EventOrGap{*event, 0};
            }
            if (!from_journal) return std::nullopt;
            if (!read_journal()) return std::nullopt;
        }
        Event event = std::move(batch_.front());
        if (event.sequence > next_) {
            const uint64_t missed = event.sequence - next_;
            next_ = event.sequence;
            batch_.front() = std::move(event);
            return EventOrGap{std::nullopt, missed};
        }
        batch_.pop_front();
        next_ = event.sequence + 1;
        return EventOrGap{std::move(event), 0};
    }

    // Waits for event number next_. Null: nothing came, the stream ended, or (`from_journal`) memory lacks it.
    EventPtr take_recent(std::chrono::steady_clock::time_point deadline, bool& from_journal) {
        std::unique_lock lock(shared_->mutex);
        while (true) {
            if (shared_->closed) {
                closed_ = true;
                return nullptr;
            }
            if (next_ <= shared_->last) {
                const uint64_t first = shared_->last + 1 - shared_->recent.size();
                if (next_ >= first) return shared_->recent[static_cast<size_t>(next_ - first)];
                from_journal = true;
                return nullptr;
            }
            if (until_ != 0 && unix_now() >= until_) {
                closed_ = true;
                return nullptr;
            }
            const auto wake = std::min(deadline, until_wake());
            if (shared_->changed.wait_until(lock, wake) == std::cv_status::timeout &&
                std::chrono::steady_clock::now() >= deadline && next_ > shared_->last) {
                return nullptr;
            }
        }
    }

    // When `until` passes, as a time to wait for.
    std::chrono::steady_clock::time_point until_wake() const {
        const auto now = std::chrono::steady_clock::now();
        if (until_ == 0) return now + std::chrono::hours(1);
        return now + std::chrono::nanoseconds(std::clamp<int64_t>(until_ - unix_now(), 0, 3'600'000'000'000));
    }

    bool read_journal() {
        Result<std::vector<Event>> events = shared_->store->read_events(next_, kJournalBatch);
        if (!events || events->empty()) {
            // The journal cannot be read, or shrank meanwhile: a reader must not wait for what will not come.
            closed_ = !events;
            return false;
        }
        batch_.assign(std::make_move_iterator(events->begin()), std::make_move_iterator(events->end()));
        return true;
    }

    std::shared_ptr<EventBus::Shared> shared_;
    uint64_t next_;  // the number wanted next
    UnixNanos since_, until_;
    Filters filters_;
    std::deque<Event> batch_;  // read from the journal, not given out yet
    bool closed_ = false;
};

}  // namespace

EventBus::EventBus(std::shared_ptr<Store> store) : shared_(std::make_shared<Shared>(std::move(store))) {
    shared_->last = shared_->store->last_sequence();
    shared_->store->set_event_sink(
        [shared = shared_.get()](std::span<const Event> events) { shared->publish(events); });
}

EventBus::~EventBus() {
    shared_->store->set_event_sink(nullptr);
    close();
}

Result<uint64_t> EventBus::append(Event event, Durability durability) {
    Batch batch;
    batch.append(std::move(event));
    Result<std::vector<Event>> events = shared_->store->commit(std::move(batch), durability);
    if (!events) return std::move(events).error();
    return events->front().sequence;
}

std::unique_ptr<EventSubscription> EventBus::subscribe(UnixNanos since, UnixNanos until,
                                                       std::optional<uint64_t> since_sequence, Filters filters) {
    uint64_t next = 0;
    if (since_sequence) {
        next = std::max<uint64_t>(*since_sequence, 1);
    } else if (since != 0 || until != 0) {
        // A journal that cannot be searched is read from its oldest event; the filter by time holds anyway.
        const Result<uint64_t> found = shared_->store->first_event_since(since);
        next = found ? *found : shared_->store->first_sequence();
    } else {
        std::lock_guard lock(shared_->mutex);
        next = shared_->last + 1;
    }
    return std::make_unique<Subscription>(shared_, next, since_sequence ? 0 : since, until, std::move(filters));
}

void EventBus::close() {
    {
        std::lock_guard lock(shared_->mutex);
        shared_->closed = true;
    }
    shared_->changed.notify_all();
}

}  // namespace slipway::core
