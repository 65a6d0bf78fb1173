// core/src/plugin_host/host_services.hpp - what the host offers one plugin: log, events, configuration and a clock, as
// the C tables of sdk/include/slipway/host.h.
#pragma once

#include <slipway/core/engine.hpp>
#include <slipway/core/event_queue.hpp>

#include <slipway/host.h>

#include <memory>
#include <string>

namespace slipway::core {

// Stays at one address from init until deinit has returned, because the plugin keeps the pointers. Every function the
// plugin can reach is noexcept and may be called on any thread.
class HostServices {
public:
    // `log` and `queue` may be empty: lines and events are dropped then.
    HostServices(std::string backend, nlohmann::json config, LogFunction log, std::shared_ptr<BackendEventQueue> queue);
    HostServices(const HostServices&) = delete;
    HostServices& operator=(const HostServices&) = delete;

    const slw_host* get() const { return &host_; }

private:
    static const void* SLW_CALL get_service(void* ctx, const char* id) noexcept;
    static uint64_t SLW_CALL monotonic_ns(void* ctx) noexcept;
    static void SLW_CALL write_log(void* ctx, int32_t level, slw_text line) noexcept;
    static void SLW_CALL post_event(void* ctx, const slw_event* event) noexcept;
    static slw_status SLW_CALL read_config(void* ctx, slw_sink* out, slw_error* err) noexcept;

    void log_line(LogLevel level, std::string_view line) const;
    void queue_event(const slw_event& event) const;

    std::string backend_;
    std::string config_;  // JSON text
    LogFunction log_;
    std::shared_ptr<BackendEventQueue> queue_;
    slw_host host_{};
};

}  // namespace slipway::core
