// plugins/windows/src/hcs/limits.hpp - how long something may take.
#pragma once

#include <slipway/cpp/host.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace slipway::windows_backend {

// What the call allows, and at most a time of our own. Cheap to copy; used on the thread of the call.
class Limits {
public:
    using Clock = std::chrono::steady_clock;

    Limits(const CallLimits& call, std::chrono::milliseconds most) : call_(call), end_(Clock::now() + most) {}
    // For what must be given back whatever the call says.
    explicit Limits(std::chrono::milliseconds most) : end_(Clock::now() + most) {}

    // kCancelled or kDeadlineExceeded; the message names `what` was going on.
    Status check(const std::string& what) const {
        if (call_) {
            if (Status allowed = call_->check(); !allowed) return std::move(allowed).error().context(what);
        }
        if (Clock::now() < end_) return ok();
        return Error(ErrorCode::kDeadlineExceeded, what + ": deadline exceeded").with_operation(what);
    }

    // How long to wait before the next check(): short, because a cancellation wakes nobody.
    std::chrono::milliseconds slice() const {
        constexpr std::chrono::milliseconds kMost(50);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now());
        const auto own = std::clamp(left + std::chrono::milliseconds(1), std::chrono::milliseconds(1), kMost);
        return call_ ? std::max(call_->remaining(own), std::chrono::milliseconds(1)) : own;
    }

private:
    std::optional<CallLimits> call_;
    Clock::time_point end_;
};

// How long a request is waited for that is over only when what it asks for is: a shutdown, a control event, a
// termination. A refusal comes within it; what lasts longer goes on, and the end of the process is told by its event.
constexpr std::chrono::milliseconds kHandOver{500};

// How long each kind of work may take at most; the host's configuration may set others.
struct Timeouts {
    std::chrono::milliseconds system{240'000};   // creating and starting a system
    std::chrono::milliseconds process{60'000};   // starting a process in it
    std::chrono::milliseconds network{120'000};  // each call of the HNS
    std::chrono::milliseconds storage{240'000};  // each call about layers and disks
    std::chrono::milliseconds stop{30'000};      // the shutdown of a system whose first process ended by itself
    std::chrono::milliseconds undo{10'000};      // each step of giving something back
};

}  // namespace slipway::windows_backend
