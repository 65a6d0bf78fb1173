// core/src/health/health_monitor.hpp - when each container is probed. One schedule for all containers and no thread of
// its own: somebody calls run_due() when it is time. What may take long (starting, killing, reporting) is the port's to
// hand to other threads. Safe on any thread; no lock is held while the port is called.
#pragma once

#include "health/health_check.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace slipway::core {

struct ProbePort {
    // Starts a probe; its end is told by finished(). Must return at once.
    std::function<void(const std::string& container, const std::string& probe, const HealthCheck& check)> start;
    // Kills it. Must return at once; called again until it has ended.
    std::function<void(const std::string& container, const std::string& probe)> kill;
    // What came of a probe of a container that is still watched.
    std::function<void(const std::string& container, const HealthCheck& check, HealthResult result)> report;
};

class HealthMonitor {
public:
    explicit HealthMonitor(ProbePort port) : port_(std::move(port)) {}

    // Probes the container from now on, first after one interval. `age`: how long it has been running. Whatever was
    // known of it before is dropped; a probe that still runs is killed and its result is nobody's.
    void watch(const std::string& container, HealthCheck check, HealthStatus status, std::chrono::nanoseconds age);
    void forget(const std::string& container);
    // Its health changed, which the time of the next probe depends on.
    void note_status(const std::string& container, HealthStatus status);

    // A probe ended, or did not start (exit code -1, output says why). True when it is one of ours.
    bool finished(const std::string& probe, int32_t exit_code, UnixNanos when, std::string output);
    bool is_ours(const std::string& probe) const;

    // Does what is due at `now` and answers when to come again; nullopt: not before something changes.
    std::optional<MonotonicNanos> run_due(MonotonicNanos now);

    // For the thread that calls run_due(): runs it when it is time, until close().
    void run();
    void close();

private:
    struct Watched {
        HealthCheck check;
        HealthStatus status = HealthStatus::kStarting;
        MonotonicNanos started = 0;  // the container
        MonotonicNanos due = 0;      // the next probe, or while one runs: when it is killed
        std::string probe;           // id of the one that runs; empty when none does
        UnixNanos probe_began = 0;
        bool killed = false;
    };
    struct Action {
        enum class Kind { kStart, kKill } kind;
        std::string container, probe;
        HealthCheck check;
    };

    void schedule(Watched& watched, MonotonicNanos now) const;
    void drop_probe(const std::string& container, Watched& watched);

    const ProbePort port_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Watched> watched_;     // guarded by mutex_, as everything below
    std::map<std::string, std::string> probes_;  // probe -> container
    std::map<std::string, std::string> stray_;   // probes nobody waits for, to be killed: probe -> container
    uint64_t changes_ = 0;
    bool closed_ = false;
};

}  // namespace slipway::core
