#include "connection.hpp"

#include <algorithm>

namespace slipway::api {
namespace {

using std::chrono::steady_clock;

enum class HeadOutcome { kComplete, kGone, kSlow, kTooLarge };

// Collects a request head in `head`, up to and without the empty line. Empty lines before it are skipped, as RFC 9112
// asks. The deadline covers the whole head, so trickling bytes does not extend it.
class HeadReader {
public:
    HeadReader(Client& client, size_t limit) : client_(client), limit_(limit) {}

    HeadOutcome read(std::chrono::milliseconds timeout, std::string& head) {
        const Deadline deadline = steady_clock::now() + timeout;
        head.clear();
        for (;;) {
            if (take(head)) return head.size() > limit_ ? HeadOutcome::kTooLarge : HeadOutcome::kComplete;
            if (head.size() > limit_) return HeadOutcome::kTooLarge;
            switch (client_.fill(deadline)) {
                case ReadOutcome::kData:
                    break;
                case ReadOutcome::kClosed:
                    return HeadOutcome::kGone;
                case ReadOutcome::kTimeout:
                    return HeadOutcome::kSlow;
            }
        }
    }

private:
    // Moves buffered bytes to `head` until the head is complete.
    bool take(std::string& head) {
        std::string_view fresh = client_.buffered();
        while (head.empty() && fresh.starts_with("\r\n")) {
            client_.consume(2);
            fresh.remove_prefix(2);
        }
        // A lone CR may be the first half of such an empty line.
        if (fresh.empty() || (head.empty() && fresh == "\r")) return false;
        const size_t old = head.size();
        head.append(fresh);
        const size_t end = head.find("\r\n\r\n", old < 3 ? 0 : old - 3);
        if (end == std::string::npos) {
            client_.consume(fresh.size());
            return false;
        }
        client_.consume(end + 4 - old);
        head.resize(end + 2);
        return true;
    }

    Client& client_;
    size_t limit_;
};

void reply_and_close(const ConnectionContext& context, Client& client, int status, std::string_view message) {
    Request nothing;
    nothing.keep_alive = false;
    Response response(client, nothing, context.common_headers);
    const ErrorBody body = error_body(Profile::kModern, message);
    response.send(status, body.content_type, body.text);
    client.linger_and_close();
}

enum class Next { kAnotherRequest, kClose, kHandedOver };

Next serve_request(const ConnectionContext& context, Client& client, const std::string& head, bool browser_check) {
    Result<Request> request = parse_head(head, context.server.options.max_header_count);
    if (!request) {
        reply_and_close(context, client, 400, request.error().message());
        return Next::kClose;
    }
    if (browser_check) {
        if (Status allowed = check_browser(*request); !allowed) {
            reply_and_close(context, client, 403, allowed.error().message());
            return Next::kClose;
        }
    }
    Body body(client, *request, context.server.options.body_timeout);
    Response response(client, *request, context.common_headers);
    dispatch(context.server, *request, body, response, client);
    if (response.is_handed_over()) return Next::kHandedOver;
    if (response.allows_reuse() && body.skip_rest()) return Next::kAnotherRequest;
    // Unread input would turn the close into a reset that may overtake the reply.
    client.linger_and_close();
    return Next::kClose;
}

}  // namespace

bool serve_connection(const ConnectionContext& context, slw_os_handle descriptor, bool check_browser_headers) {
    const ServerOptions& options = context.server.options;
    ConnectionRegistry::Entry entry(context.registry, descriptor);
    Client client(descriptor);
    HeadReader reader(client, options.max_head_bytes);
    std::string head;
    bool first = true;
    for (;;) {
        if (client.buffered().empty()) {
            if (!entry.set_idle()) return false;
            const auto patience = first ? options.first_request_timeout : options.idle_timeout;
            const ReadOutcome came = client.fill(steady_clock::now() + patience);
            if (!entry.set_busy() || came != ReadOutcome::kData) return false;
        }
        first = false;
        switch (reader.read(options.head_timeout, head)) {
            case HeadOutcome::kComplete:
                break;
            case HeadOutcome::kGone:
                return false;
            case HeadOutcome::kSlow:
                reply_and_close(context, client, 408, "the request did not arrive in time");
                return false;
            case HeadOutcome::kTooLarge:
                reply_and_close(context, client, 431, "the request head is too large");
                return false;
        }
        switch (serve_request(context, client, head, check_browser_headers)) {
            case Next::kAnotherRequest:
                break;
            case Next::kClose:
                return false;
            case Next::kHandedOver:
                entry.hand_over();
                return true;
        }
    }
}

}  // namespace slipway::api
