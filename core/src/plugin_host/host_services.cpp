#include "plugin_host/host_services.hpp"

#include <slipway/plugin.h>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>

#include <cstring>

#include "plugin_host/abi_call.hpp"

namespace slipway::core {
namespace {

// A line is for people; what is longer is a dump, and would only drown the log.
constexpr size_t kMaxLineBytes = 8 * 1024;

LogLevel level_from(int32_t level) {
    switch (level) {
        case SLW_LOG_DEBUG:
            return LogLevel::kDebug;
        case SLW_LOG_INFO:
            return LogLevel::kInfo;
        case SLW_LOG_WARN:
            return LogLevel::kWarn;
        default:
            return LogLevel::kError;
    }
}

// A container's own text may be inside a line: it must not be able to forge lines or drive a terminal.
std::string escape_controls(std::string_view line) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(line.size());
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7F) {
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

}  // namespace

HostServices::HostServices(std::string backend, nlohmann::json config, LogFunction log,
                           std::shared_ptr<BackendEventQueue> queue)
    : backend_(std::move(backend)),
      config_(config.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
      log_(std::move(log)),
      queue_(std::move(queue)) {
    host_ = {static_cast<uint32_t>(sizeof(slw_host)), SLW_ABI_MINOR, this, &get_service, &monotonic_ns};
}

const void* SLW_CALL HostServices::get_service(void*, const char* id) noexcept {
    static constexpr slw_host_log kLog = {sizeof(slw_host_log), 0, &write_log};
    static constexpr slw_host_events kEvents = {sizeof(slw_host_events), 0, &post_event};
    static constexpr slw_host_config kConfig = {sizeof(slw_host_config), 0, &read_config};
    if (id == nullptr) return nullptr;
    if (std::strcmp(id, SLW_HOST_LOG) == 0) return &kLog;
    if (std::strcmp(id, SLW_HOST_EVENTS) == 0) return &kEvents;
    if (std::strcmp(id, SLW_HOST_CONFIG) == 0) return &kConfig;
    return nullptr;
}

uint64_t SLW_CALL HostServices::monotonic_ns(void*) noexcept {
    return monotonic_now();
}

void SLW_CALL HostServices::write_log(void* ctx, int32_t level, slw_text line) noexcept {
    try {
        if (line.data == nullptr && line.size != 0) return;
        static_cast<const HostServices*>(ctx)->log_line(level_from(level), view_of(line));
    } catch (...) {  // out of memory: the line is lost, the plugin goes on
    }
}

void HostServices::log_line(LogLevel level, std::string_view line) const {
    if (!log_) return;
    const bool cut = line.size() > kMaxLineBytes;
    std::string text = valid_utf8(escape_controls(line.substr(0, kMaxLineBytes)));
    if (cut) text += " [cut]";
    log_(level, backend_ + ": " + text);
}

void SLW_CALL HostServices::post_event(void* ctx, const slw_event* event) noexcept {
    const auto* self = static_cast<const HostServices*>(ctx);
    try {
        if (event != nullptr) self->queue_event(*event);
    } catch (...) {
        // Out of memory. Reconciling finds the exit again at the next start of the daemon.
    }
}

void HostServices::queue_event(const slw_event& event) const {
    if (!SLW_HAS(&event, slw_event, oom_killed) || event.container_id == nullptr) {
        log_line(LogLevel::kError, "posted an event without a container or of a wrong size, ignoring");
        return;
    }
    BackendEvent copy;
    switch (event.kind) {
        case SLW_EVENT_EXIT:
            copy.kind = BackendEvent::Kind::kExit;
            break;
        case SLW_EVENT_OOM:
            copy.kind = BackendEvent::Kind::kOom;
            break;
        case SLW_EVENT_LOST:
            copy.kind = BackendEvent::Kind::kLost;
            break;
        case SLW_EVENT_EXEC_EXIT:
            copy.kind = BackendEvent::Kind::kExecExit;
            break;
        default:
            log_line(LogLevel::kWarn, "posted an event of unknown kind " + std::to_string(event.kind) + ", ignoring");
            return;
    }
    copy.container_id = event.container_id;
    copy.when = event.unix_ns;
    copy.exit_code = event.exit_code;
    copy.oom_killed = event.oom_killed != 0;
    if (SLW_HAS(&event, slw_event, text) && event.text.data != nullptr)
        copy.text = valid_utf8(std::string(view_of(event.text)));
    if (queue_) queue_->push(std::move(copy));
}

slw_status SLW_CALL HostServices::read_config(void* ctx, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status { return write_to(out, static_cast<const HostServices*>(ctx)->config_); });
}

}  // namespace slipway::core
