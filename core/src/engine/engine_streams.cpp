// A container's terminal, streams and log.

#include "engine/engine_impl.hpp"
#include "engine/stdio_frames.hpp"
#include "log/log_reader.hpp"
#include "model/log_config.hpp"

#include <slipway/core/path.hpp>

namespace slipway::core {

namespace {

// Writes what was logged so far to the client.
Status replay_log(const ContainerRecord& record, const AttachOptions& options, bool multiplexed,
                  const ClientStream& stream) {
    if (record.log_path.empty()) return ok();
    LogOptions wanted;
    wanted.want_stdout = options.want_stdout;
    wanted.want_stderr = options.want_stderr;
    Status written = ok();
    const auto sink = [&](const LogLine& line) {
        written = stream.write_all(multiplexed ? stdio_frame(line.stream == "stderr", line.text) : line.text);
        return written.has_value();
    };
    auto report = read_log(path_of(record.log_path), wanted, sink, {});
    if (!report) return std::move(report).error();
    return written;
}

Error not_loaded(const ContainerRecord& record) {
    return Error(ErrorCode::kUnavailable, "backend '" + record.backend + "' is not loaded");
}

}  // namespace

Status EngineImpl::attach_container(const std::string& ref, const AttachOptions& options) {
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    RecordPtr record = container->record();
    if (record->state == RunState::kPaused) {
        return Error(ErrorCode::kConflict,
                     "container " + record->id + " is paused, unpause the container before attach.");
    }
    auto stream = ClientStream::duplicate(options.stream_handle);
    if (!stream) return std::move(stream).error();
    const bool is_terminal = record->config.value("Tty", false);

    PendingAttachment client;
    client.stream = std::move(*stream);
    client.params.want_stdin = options.want_stdin && record->config.value("OpenStdin", false);
    client.params.want_stdout = options.want_stdout;
    client.params.want_stderr = options.want_stderr;
    client.params.multiplexed = options.multiplexed && !is_terminal;
    client.params.preamble = options.preamble;
    client.params.early_input = options.early_input;
    client.params.detach_keys = options.detach_keys;

    // Outside the lock: a client that reads slowly must not hold up the container's exit.
    if (options.logs) {
        Status written = client.stream.write_all(std::exchange(client.params.preamble, {}));
        if (!written) return ok();  // the client has gone, and nobody is left to be told
        Status replayed = replay_log(*record, options, client.params.multiplexed, client.stream);
        if (!replayed) log(LogLevel::kWarn, "attach " + ref + ": " + replayed.error().message());
    }
    if (!options.stream) {
        if (!options.logs) (void)client.stream.write_all(client.params.preamble).has_value();
        return ok();
    }

    auto hold = lock(container, ref, "attach");
    if (!hold) return std::move(hold).error();
    record = container->record();
    if (record->is_running()) {
        const auto handle = container->handle();
        if (handle == nullptr) return not_loaded(*record);
        client.params.stream = client.stream.handle();
        Status attached = handle->attach(internal_call(), client.params);
        // Ended already: the client sees the end of the stream.
        const bool has_ended = !attached && attached.error().code() == ErrorCode::kConflict;
        if (has_ended) (void)client.stream.write_all(client.params.preamble).has_value();
        return has_ended || options.logs ? ok() : attached;
    }
    // Clients wait for the response head before they ask for the start.
    Status greeted = client.stream.write_all(std::exchange(client.params.preamble, {}));
    if (!greeted) return ok();
    container->attachments.add(std::move(client));
    return ok();
}

Status EngineImpl::resize_container(const std::string& ref, uint16_t rows, uint16_t cols) {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    const RecordPtr record = (*container)->record();
    const auto handle = (*container)->handle();
    if (handle == nullptr) return not_loaded(*record);
    if (!record->is_running()) return Error(ErrorCode::kConflict, "container " + record->id + " is not running");
    return handle->resize(rows, cols);
}

Status EngineImpl::read_logs(const std::string& ref, const LogOptions& options, const LogSink& sink,
                             const std::function<bool()>& cancelled) {
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    const RecordPtr record = container->record();
    const auto policy = log_policy(record->host_config);
    if (record->log_path.empty() || (policy && !policy->readable)) {
        return Error(ErrorCode::kUnimplemented, "configured logging driver does not support reading");
    }
    LogOptions wanted = options;
    // As in Docker: following something that does not run ends with what is there.
    wanted.follow = options.follow && record->is_running();
    const auto ticket = container->waiters.ticket();
    LogFollow follow;
    follow.ended = [&] {
        return container->waiters.wait_for_exit(ticket, std::chrono::milliseconds(0)) ||
               !container->record()->is_running();
    };
    follow.cancelled = [&] { return stopping_.load() || (cancelled && cancelled()); };
    auto report = read_log(path_of(record->log_path), wanted, sink, follow);
    if (!report) return std::move(report).error();
    if (report->damaged > 0) {
        log(LogLevel::kWarn,
            "log of container " + record->id + ": skipped " + std::to_string(report->damaged) + " damaged places");
    }
    return ok();
}

}  // namespace slipway::core
