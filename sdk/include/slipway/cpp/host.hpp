// sdk/include/slipway/cpp/host.hpp - a plugin's view of the host, in C++.
#pragma once

#include <slipway/host.h>

#include <slipway/cpp/text.hpp>

#include <chrono>

namespace slipway {

// Wraps the slw_host given to init(). Cheap to copy; every method is safe on any thread.
class Host {
public:
    explicit Host(const slw_host* host)
        : host_(host),
          log_(static_cast<const slw_host_log*>(host->get_service(host->ctx, SLW_HOST_LOG))),
          events_(static_cast<const slw_host_events*>(host->get_service(host->ctx, SLW_HOST_EVENTS))),
          config_(static_cast<const slw_host_config*>(host->get_service(host->ctx, SLW_HOST_CONFIG))) {}

    void log(int32_t level, std::string_view line) const {
        if (log_ != nullptr) log_->write(host_->ctx, level, text_of(line));
    }
    void debug(std::string_view line) const { log(SLW_LOG_DEBUG, line); }
    void info(std::string_view line) const { log(SLW_LOG_INFO, line); }
    void warn(std::string_view line) const { log(SLW_LOG_WARN, line); }
    void error(std::string_view line) const { log(SLW_LOG_ERROR, line); }

    void post(const slw_event& event) const {
        if (events_ != nullptr) events_->post(host_->ctx, &event);
    }

    // The backend's configuration as JSON text (host.h lists the keys).
    Result<std::string> config() const {
        if (config_ == nullptr) return Error(ErrorCode::kUnimplemented, "the host has no configuration service");
        StringSink sink;
        slw_error err{};
        err.struct_size = sizeof(err);
        const slw_status status = config_->read(host_->ctx, sink.get(), &err);
        if (status != SLW_OK) return from_abi(status, err);
        return sink.take();
    }

    uint64_t monotonic_ns() const { return host_->monotonic_ns(host_->ctx); }

private:
    const slw_host* host_;
    const slw_host_log* log_;
    const slw_host_events* events_;
    const slw_host_config* config_;
};

// The limits of one call as the callee sees them.
class CallLimits {
public:
    CallLimits(const Host& host, const slw_call* call) : host_(host), call_(call) {}

    // kCancelled or kDeadlineExceeded once the host has given up or the time is over; ok before.
    Status check() const {
        if (call_ == nullptr) return ok();
        if (call_->cancelled != nullptr && call_->cancelled(call_->cancel_ctx) != 0) {
            return Error(ErrorCode::kCancelled, "cancelled");
        }
        if (call_->deadline_ns != 0 && host_.monotonic_ns() >= call_->deadline_ns) {
            return Error(ErrorCode::kDeadlineExceeded, "deadline exceeded");
        }
        return ok();
    }

    // Time left, at most `cap`; never negative.
    std::chrono::milliseconds remaining(std::chrono::milliseconds cap) const {
        if (call_ == nullptr || call_->deadline_ns == 0) return cap;
        const uint64_t now = host_.monotonic_ns();
        if (now >= call_->deadline_ns) return std::chrono::milliseconds(0);
        const auto left = std::chrono::milliseconds((call_->deadline_ns - now) / 1'000'000 + 1);
        return left < cap ? left : cap;
    }

private:
    const Host& host_;
    const slw_call* call_;
};

}  // namespace slipway
