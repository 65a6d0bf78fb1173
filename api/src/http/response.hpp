// api/src/http/response.hpp - writes one reply: whole, or as a stream.
#pragma once

#include "http/request.hpp"
#include "net/client.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::api {

class Response {
public:
    // `common` holds the header lines every reply carries, each with its CRLF.
    Response(Client& client, const Request& request, std::string_view common);

    // Adds a header to the reply. Control characters in `value` become spaces.
    void set(std::string_view name, std::string_view value);
    bool has(std::string_view name) const;

    // Sends a complete reply. HEAD gets the head alone.
    void send(int status, std::string_view content_type, std::string_view body);
    void send_empty(int status);

    // Starts a stream: chunked for HTTP/1.1, until close for 1.0. The head goes out at once.
    void begin_stream(int status, std::string_view content_type);
    // False once the client is gone.
    bool write(std::string_view data);
    // Ends the stream properly. A stream that is not ended makes the connection close, which tells the client that
    // something is missing.
    void end_stream();

    bool is_begun() const { return begun_; }
    bool is_stream_open() const { return streaming_; }
    // The connection can serve another request.
    bool allows_reuse() const { return keep_alive_ && !failed_ && !streaming_; }
    void close_after() { keep_alive_ = false; }

    // The head of a reply that takes the connection over; `lines` end in CRLF each.
    std::string upgrade_head(std::string_view status_line, std::string_view lines) const;
    // Marks the reply as handed to somebody else.
    void hand_over() { begun_ = handed_over_ = true; }
    // The handler has sent the head of upgrade_head() and writes to the client itself; the connection then ends.
    void end_as_stream() {
        begun_ = true;
        keep_alive_ = false;
    }
    bool is_handed_over() const { return handed_over_; }

private:
    std::string head(int status) const;

    Client& client_;
    std::string_view common_;
    std::string extra_;
    bool head_only_;
    bool http_1_0_;
    bool keep_alive_;
    bool begun_ = false;
    bool handed_over_ = false;
    bool streaming_ = false;
    bool chunked_ = false;
    bool failed_ = false;
};

std::string_view reason_phrase(int status);

}  // namespace slipway::api
