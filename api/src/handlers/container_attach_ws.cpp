// GET /containers/{id}/attach/ws. The engine gets one end of a pair of sockets in place of the client's. Three threads
// see to a client: this one takes its frames apart, one makes frames of what the container says, and one attaches,
// since replaying a log waits for the second. The first to see the end cuts the pair, which ends the others.
#include "handlers/container_attach.hpp"
#include "handlers/handlers.hpp"
#include "http/web_socket.hpp"
#include "net/stream_pair.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <thread>

namespace slipway::api {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{200};       // how soon a stopping daemon is noticed
constexpr std::chrono::milliseconds kPatience{2000};  // for the client's answer to our close

class WebSocketAttachment {
public:
    WebSocketAttachment(Exchange& exchange, AttachTarget target, StreamPair pair)
        : exchange_(exchange), target_(std::move(target)), pair_(std::move(pair)) {
        // Docker's clients before API 1.28 got text.
        if (!exchange.at_least(28)) opcode_ = WebSocketOpcode::kText;
        target_.options.stream_handle = pair_.far_end();
    }

    void run() {
        std::thread output([this] { pass_output(); });
        std::thread attacher([this] { attach(); });
        pass_input();
        pair_.cut();
        attacher.join();
        output.join();
    }

private:
    void attach() {
        const Status attached = exchange_.engine().attach_container(target_.record->id, target_.options);
        if (!attached) close(WebSocketStatus::kInternal, attached.error().message());
        pair_.close_far_end();
    }

    void pass_output() {
        std::array<char, 32 * 1024> buffer;
        for (int64_t got = 0; (got = pair_.read(buffer.data(), buffer.size())) > 0;) {
            const std::lock_guard lock(mutex_);
            const std::string_view bytes(buffer.data(), static_cast<size_t>(got));
            if (closed_ || !exchange_.client.send(web_socket_frame(opcode_, bytes))) break;
        }
        close(WebSocketStatus::kNormal);
        pair_.cut();  // a client that is gone stops reading: so does the engine
    }

    void pass_input() {
        WebSocketReader reader;
        const WebSocketReader::Handlers handlers{
            [this](std::string_view bytes) { return take_input(bytes); },
            [this](WebSocketOpcode opcode, std::string_view payload) { return answer(opcode, payload); }};
        std::optional<Deadline> give_up;
        for (;;) {
            std::string bytes(exchange_.client.buffered());
            exchange_.client.consume(bytes.size());
            const Result<bool> more = reader.feed(bytes, handlers);
            if (!more) close(WebSocketStatus::kProtocolError, more.error().message());
            if (!more || !*more) return;
            if (exchange_.server.is_stopping()) close(WebSocketStatus::kGoingAway, "the daemon stops");
            const auto now = steady_clock::now();
            if (closed_ && !give_up) give_up = now + kPatience;
            if (give_up && now >= *give_up) return;
            if (exchange_.client.fill(now + kTick) == ReadOutcome::kClosed) return;
        }
    }

    // What nobody takes any more is dropped: the container has ended, or has no stdin.
    bool take_input(std::string_view bytes) {
        const auto gives_up = [this] { return closed_ || exchange_.server.is_stopping(); };
        if (!closed_ && target_.options.want_stdin) (void)pair_.write(bytes, gives_up);
        return true;
    }

    bool answer(WebSocketOpcode opcode, std::string_view payload) {
        if (opcode == WebSocketOpcode::kPing) {
            const std::lock_guard lock(mutex_);
            return closed_ || exchange_.client.send(web_socket_frame(WebSocketOpcode::kPong, payload));
        }
        if (opcode != WebSocketOpcode::kClose) return true;
        close(WebSocketStatus::kNormal);
        return false;
    }

    // The first reason is the one that is sent.
    void close(WebSocketStatus status, std::string_view reason = {}) {
        const std::lock_guard lock(mutex_);
        if (closed_.exchange(true)) return;
        exchange_.client.send(web_socket_close(status, reason));
    }

    Exchange& exchange_;
    AttachTarget target_;
    StreamPair pair_;
    WebSocketOpcode opcode_ = WebSocketOpcode::kBinary;
    std::mutex mutex_;                 // held while a frame is sent
    std::atomic<bool> closed_{false};  // our close frame is sent; set under mutex_
};

}  // namespace

Status handle_container_attach_ws(Exchange& exchange) {
    const Result<std::string> accepted = accept_web_socket(exchange.request);
    if (!accepted) return accepted.error();
    Result<AttachTarget> target = find_attach_target(exchange);
    if (!target) return std::move(target).error();
    target->options.multiplexed = false;
    if (!exchange.at_least(42)) {
        target->options.want_stdin = target->options.want_stdout = target->options.want_stderr = true;
    }
    Result<StreamPair> pair = StreamPair::make();
    if (!pair) return std::move(pair).error();

    const std::string head = exchange.response.upgrade_head("HTTP/1.1 101 Switching Protocols", *accepted);
    exchange.response.end_as_stream();
    if (exchange.client.send(head)) WebSocketAttachment(exchange, std::move(*target), std::move(*pair)).run();
    return ok();
}

}  // namespace slipway::api
