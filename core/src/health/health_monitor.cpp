#include "health/health_monitor.hpp"

#include "names/identity.hpp"

namespace slipway::core {

namespace {

using std::chrono::nanoseconds;

// A probe that was killed but has not ended, in an uninterruptible wait for instance, is killed again.
constexpr MonotonicNanos kKillAgain = 1'000'000'000;

MonotonicNanos after(MonotonicNanos now, nanoseconds wait) {
    return now + static_cast<MonotonicNanos>(std::max<int64_t>(0, wait.count()));
}

}  // namespace

void HealthMonitor::schedule(Watched& watched, MonotonicNanos now) const {
    const auto age = nanoseconds(static_cast<int64_t>(now - std::min(now, watched.started)));
    watched.due = after(now, watched.check.wait(watched.status, age));
    watched.killed = false;
}

// The host kills a stray probe at the next turn; `mutex_` held.
void HealthMonitor::drop_probe(const std::string& container, Watched& watched) {
    if (watched.probe.empty()) return;
    probes_.erase(watched.probe);
    stray_[watched.probe] = container;
    watched.probe.clear();
}

void HealthMonitor::watch(const std::string& container, HealthCheck check, HealthStatus status, nanoseconds age) {
    const MonotonicNanos now = monotonic_now();
    const std::lock_guard lock(mutex_);
    Watched& watched = watched_[container];
    drop_probe(container, watched);
    watched.check = std::move(check);
    watched.status = status;
    watched.started = now - std::min(now, static_cast<MonotonicNanos>(std::max<int64_t>(0, age.count())));
    schedule(watched, now);
    ++changes_;
    changed_.notify_all();
}

void HealthMonitor::forget(const std::string& container) {
    const std::lock_guard lock(mutex_);
    const auto found = watched_.find(container);
    if (found == watched_.end()) return;
    drop_probe(container, found->second);
    watched_.erase(found);
    ++changes_;
    changed_.notify_all();
}

void HealthMonitor::note_status(const std::string& container, HealthStatus status) {
    const MonotonicNanos now = monotonic_now();
    const std::lock_guard lock(mutex_);
    const auto found = watched_.find(container);
    if (found == watched_.end() || found->second.status == status) return;
    found->second.status = status;
    if (found->second.probe.empty()) schedule(found->second, now);
    ++changes_;
    changed_.notify_all();
}

bool HealthMonitor::is_ours(const std::string& probe) const {
    const std::lock_guard lock(mutex_);
    return probes_.contains(probe) || stray_.contains(probe);
}

bool HealthMonitor::finished(const std::string& probe, int32_t exit_code, UnixNanos when, std::string output) {
    std::string container;
    HealthCheck check;
    HealthResult result;
    {
        const MonotonicNanos now = monotonic_now();
        const std::lock_guard lock(mutex_);
        if (stray_.erase(probe) != 0) return true;
        const auto known = probes_.find(probe);
        if (known == probes_.end()) return false;
        container = known->second;
        probes_.erase(known);
        Watched& watched = watched_.at(container);
        check = watched.check;
        result.start = watched.probe_began;
        result.end = when != 0 ? when : unix_now();
        result.exit_code = exit_code;
        result.output = bounded_output(std::move(output));
        if (watched.killed) {
            const std::string text = "Health check exceeded timeout (" + go_duration(check.timeout) + ")";
            result.exit_code = -1;
            result.output = result.output.empty() ? text : text + ": " + result.output;
        }
        watched.probe.clear();
        schedule(watched, now);
        ++changes_;
        changed_.notify_all();
    }
    port_.report(container, check, std::move(result));
    return true;
}

std::optional<MonotonicNanos> HealthMonitor::run_due(MonotonicNanos now) {
    std::vector<Action> actions;
    std::optional<MonotonicNanos> next;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [probe, container] : stray_) {
            actions.push_back({Action::Kind::kKill, container, probe, {}});
            next = now + kKillAgain;
        }
        for (auto& [container, watched] : watched_) {
            if (watched.due <= now && watched.probe.empty()) {
                watched.probe = generate_id();
                watched.probe_began = unix_now();
                watched.killed = false;
                watched.due = after(now, watched.check.timeout);
                probes_[watched.probe] = container;
                actions.push_back({Action::Kind::kStart, container, watched.probe, watched.check});
            } else if (watched.due <= now) {
                watched.killed = true;
                watched.due = now + kKillAgain;
                actions.push_back({Action::Kind::kKill, container, watched.probe, {}});
            }
            if (!next || watched.due < *next) next = watched.due;
        }
    }
    for (const Action& action : actions) {
        if (action.kind == Action::Kind::kStart) {
            port_.start(action.container, action.probe, action.check);
        } else {
            port_.kill(action.container, action.probe);
        }
    }
    return next;
}

void HealthMonitor::run() {
    std::unique_lock lock(mutex_);
    while (!closed_) {
        const uint64_t seen = changes_;
        lock.unlock();
        const std::optional<MonotonicNanos> next = run_due(monotonic_now());
        lock.lock();
        const auto is_news = [&] { return closed_ || changes_ != seen; };
        if (!next) {
            changed_.wait(lock, is_news);
            continue;
        }
        const MonotonicNanos now = monotonic_now();
        if (*next > now) changed_.wait_for(lock, nanoseconds(static_cast<int64_t>(*next - now)), is_news);
    }
}

void HealthMonitor::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

}  // namespace slipway::core
