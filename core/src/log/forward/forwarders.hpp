// core/src/log/forward/forwarders.hpp - the forwarders of all containers whose log driver sends records away.
#pragma once

#include "log/forward/forwarder.hpp"

#include <slipway/core/record.hpp>

#include <map>
#include <mutex>

namespace slipway::core {

struct ForwarderOptions {
    std::filesystem::path journal_socket = "/run/systemd/journal/socket";
    LogFunction log;  // may be empty
};

// Whether the log of such a HostConfig is forwarded.
bool is_forwarded(const nlohmann::json& host_config);

// Safe for concurrent use. Never called back from a forwarder's thread with its lock held.
class Forwarders {
public:
    explicit Forwarders(ForwarderOptions options) : options_(std::move(options)) {}
    ~Forwarders() { stop_all(); }

    // Whether a start may go ahead. kSystem "failed to initialize logging driver: journald is not enabled on this
    // host".
    Status check(const nlohmann::json& host_config) const;

    // Sends what was not sent yet and what comes, until `ended` says that nobody writes any more. Nothing for a
    // container whose log is not forwarded; harmless while it is.
    void start(const ContainerRecord& record, std::function<bool()> ended);

    // The container, which has ended, is going to be removed: waits at most `patience` for a receiver that takes the
    // rest, and forgets it. True when everything was sent.
    bool finish(const std::string& id, std::chrono::milliseconds patience);

    void stop_all();

private:
    Result<ForwardPlan> plan(const ContainerRecord& record) const;
    void say(LogLevel level, const std::string& id, const std::string& line) const;

    const ForwarderOptions options_;
    std::mutex mutex_;
    bool stopped_ = false;                                          // guarded by mutex_
    std::map<std::string, std::shared_ptr<Forwarder>> forwarders_;  // by container id; guarded by mutex_
};

}  // namespace slipway::core
