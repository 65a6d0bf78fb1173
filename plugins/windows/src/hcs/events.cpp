#include <hcs/events.hpp>

#include <raw/utf16.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace slipway::windows_backend {
namespace {

struct Receiver {
    std::mutex running;  // held while the handler runs
    EventHandler handler;
};

struct Receivers {
    std::mutex mutex;
    uintptr_t next = 1;                                     // guarded by mutex
    std::map<uintptr_t, std::shared_ptr<Receiver>> by_key;  // guarded by mutex
};

Receivers& receivers() {
    static auto* const all = new Receivers;  // outlives late callbacks at the end of the process
    return *all;
}

}  // namespace

EventSubscription::EventSubscription(EventHandler handler) {
    auto receiver = std::make_shared<Receiver>();
    receiver->handler = std::move(handler);
    Receivers& all = receivers();
    const std::lock_guard lock(all.mutex);
    key_ = all.next++;
    all.by_key[key_] = std::move(receiver);
}

EventSubscription::EventSubscription(EventSubscription&& other) noexcept : key_(std::exchange(other.key_, 0)) {}

EventSubscription& EventSubscription::operator=(EventSubscription&& other) noexcept {
    if (this != &other) {
        end();
        key_ = std::exchange(other.key_, 0);
    }
    return *this;
}

EventSubscription::~EventSubscription() {
    end();
}

void EventSubscription::end() {
    if (key_ == 0) return;
    Receivers& all = receivers();
    std::shared_ptr<Receiver> receiver;
    {
        const std::lock_guard lock(all.mutex);
        const auto at = all.by_key.find(key_);
        receiver = at->second;
        all.by_key.erase(at);
    }
    key_ = 0;
    const std::lock_guard finished(receiver->running);
    receiver->handler = nullptr;
}

void* EventSubscription::context() const {
    return reinterpret_cast<void*>(key_);
}

void EventSubscription::deliver(const raw::Event* event, void* context) {
    try {
        Receivers& all = receivers();
        std::shared_ptr<Receiver> receiver;
        {
            const std::lock_guard lock(all.mutex);
            const auto at = all.by_key.find(reinterpret_cast<uintptr_t>(context));
            if (at == all.by_key.end()) return;
            receiver = at->second;
        }
        const std::string text = event->data == nullptr ? std::string() : to_utf8(event->data);
        const nlohmann::json data = nlohmann::json::parse(text, nullptr, false);
        const std::lock_guard running(receiver->running);
        if (receiver->handler) receiver->handler(event->type, data.is_object() ? data : nlohmann::json::object());
    } catch (...) {
        // Nothing may be thrown into HCS; the lost-event guards of the receivers take over.
    }
}

}  // namespace slipway::windows_backend
