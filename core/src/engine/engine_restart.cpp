// What runs again by itself: after an exit, and when the daemon begins.

#include "engine/engine_impl.hpp"
#include "restart/boot_order.hpp"

#include <future>

namespace slipway::core {

namespace {
// How many containers are started at once when the daemon begins; more would only wait for the same disk and kernel
// locks.
constexpr size_t kBootStarters = 4;
// What a start at boot waits for the containers it depends on, which are starting as well (start-flow.md 9.5).
constexpr std::chrono::seconds kBootPatience{5};
}  // namespace

void EngineImpl::schedule_relaunch(const ContainerPtr& container, std::chrono::milliseconds delay) {
    const uint64_t run = container->runs_ended;
    timers_.run_at(TimerQueue::Clock::now() + delay,
                   [this, container, run] { workers_.run([this, container, run] { relaunch(container, run); }); });
}

void EngineImpl::relaunch(const ContainerPtr& container, uint64_t run) {
    if (stopping_) return;  // the next daemon decides
    auto started = start(container, run);
    if (started) return;
    log(LogLevel::kError, "restart of " + container->record()->name + ": " + started.error().message());
}

void EngineImpl::cancel_relaunch(Container& container) {
    ContainerRecord record = *container.record();
    record.state = RunState::kExited;
    record.desired = DesiredState::kStopped;
    record.manually_stopped = true;
    record.restart_at = 0;
    const WaitResult result{record.exit_code, ""};
    publish_and_store(container, std::move(record), {});
    container.waiters.note_exit(result);
}

void EngineImpl::start_at_boot() {
    std::vector<RecordPtr> wanted;
    for (const RecordPtr& record : all_records()) {
        if (starts_at_boot(*record)) wanted.push_back(record);
    }
    if (wanted.empty()) return;
    const std::vector<BootStep> order =
        boot_order(wanted, [this](const std::string& ref) -> std::optional<std::string> {
            auto id = names_.find(ref);
            if (!id) return std::nullopt;
            return *id;
        });

    // Taken in order, so that whoever waits waits for somebody who has begun.
    std::vector<std::promise<void>> done(order.size());
    std::vector<std::shared_future<void>> ended;
    for (auto& promise : done) ended.push_back(promise.get_future().share());
    std::atomic<size_t> next{0};
    const auto work = [&] {
        for (size_t i = next++; i < order.size(); i = next++) {
            const auto deadline = std::chrono::steady_clock::now() + kBootPatience;
            for (const size_t dependency : order[i].after) ended[dependency].wait_until(deadline);
            const ContainerPtr container = registry_.find(order[i].id);
            if (container != nullptr && !stopping_) {
                auto started = start(container);
                if (!started)
                    log(LogLevel::kError, "start at boot of " + order[i].id + ": " + started.error().message());
            }
            done[i].set_value();
        }
    };
    std::vector<std::thread> starters;
    for (size_t i = 1; i < std::min(kBootStarters, order.size()); ++i) starters.emplace_back(work);
    work();
    for (std::thread& starter : starters) starter.join();
}

}  // namespace slipway::core
