// api/src/http/web_socket.hpp - the server's side of RFC 6455: the handshake and the frames, without a connection.
#pragma once

#include "http/request.hpp"

#include <slipway/cpp/error.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace slipway::api {

enum class WebSocketOpcode : uint8_t {
    kContinuation = 0x0,
    kText = 0x1,
    kBinary = 0x2,
    kClose = 0x8,
    kPing = 0x9,
    kPong = 0xA,
};

// Reasons to close, as the protocol numbers them.
enum class WebSocketStatus : uint16_t { kNormal = 1000, kGoingAway = 1001, kProtocolError = 1002, kInternal = 1011 };

// Checks that `request` asks for a web socket, and that no page of another site does: browsers send such requests
// across sites with all that the user is known by. Gives the header lines of the 101 reply, each with its CRLF.
//   kInvalidArgument   not the handshake of version 13
//   kPermissionDenied  an Origin that is not the host asked for
Result<std::string> accept_web_socket(const Request& request);

// A whole, unmasked frame.
std::string web_socket_frame(WebSocketOpcode opcode, std::string_view payload);
// A close frame; `reason` is cut to what one holds, at a character's end.
std::string web_socket_close(WebSocketStatus status, std::string_view reason = {});

// Takes frames apart as their bytes come, so that one of any length needs no memory.
class WebSocketReader {
public:
    struct Handlers {
        std::function<bool(std::string_view)> data;                      // a piece of a message; false to stop
        std::function<bool(WebSocketOpcode, std::string_view)> control;  // a whole close, ping or pong; false to stop
    };

    // `bytes` are changed: they are unmasked in place. False when a handler stopped it.
    //   kInvalidArgument  not the frames of a client
    Result<bool> feed(std::string& bytes, const Handlers& handlers);

private:
    Status take_head(char byte);
    Status begin_payload();
    size_t head_size() const;
    bool is_control() const { return (static_cast<uint8_t>(opcode_) & 0x8) != 0; }

    std::array<uint8_t, 14> head_{};
    size_t head_have_ = 0;
    WebSocketOpcode opcode_ = WebSocketOpcode::kBinary;
    uint64_t left_ = 0;      // of the payload
    uint64_t position_ = 0;  // in the payload, for the mask
    bool in_payload_ = false;
    bool in_message_ = false;  // the last data frame was not the final one
    std::string control_;      // payload of a control frame so far
};

}  // namespace slipway::api
