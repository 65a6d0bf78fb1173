#include "http/web_socket.hpp"

#include "http/base64.hpp"

#include <Poco/SHA1Engine.h>

#include <algorithm>

namespace slipway::api {
namespace {

constexpr uint64_t kMaxControlBytes = 125;
constexpr size_t kKeyCharacters = 24;  // 16 bytes in base64
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

Error refused(std::string text) {
    return Error(ErrorCode::kInvalidArgument, "web socket: " + std::move(text));
}

bool is_base64(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=';
}

std::string accept_value(const std::string& key) {
    Poco::SHA1Engine engine;
    engine.update(key);
    engine.update(kGuid.data(), kGuid.size());
    const Poco::DigestEngine::Digest& digest = engine.digest();
    return to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// "http://host:port" of a page, against "host:port" of the request.
bool is_of_host(std::string_view origin, std::string_view host) {
    const size_t scheme = origin.find("://");
    return scheme != std::string_view::npos && equals_ignoring_case(origin.substr(scheme + 3), host);
}

}  // namespace

Result<std::string> accept_web_socket(const Request& request) {
    const std::string* upgrade = request.header("upgrade");
    if (upgrade == nullptr || !request.header_has_token("upgrade", "websocket") ||
        !request.header_has_token("connection", "upgrade")) {
        return refused("the request does not ask to upgrade to websocket");
    }
    if (const std::string* origin = request.header("origin")) {
        const std::string* host = request.header("host");
        if (host == nullptr || !is_of_host(*origin, *host)) {
            return Error(ErrorCode::kPermissionDenied, "requests from other origins are refused");
        }
    }
    const std::string* version = request.header("sec-websocket-version");
    if (version == nullptr || *version != "13") return refused("Sec-WebSocket-Version must be 13");
    const std::string* key = request.header("sec-websocket-key");
    if (key == nullptr || key->size() != kKeyCharacters || !std::all_of(key->begin(), key->end(), is_base64)) {
        return refused("Sec-WebSocket-Key must be 16 bytes in base64");
    }
    return "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept_value(*key) + "\r\n";
}

std::string web_socket_frame(WebSocketOpcode opcode, std::string_view payload) {
    std::string frame(1, static_cast<char>(0x80 | static_cast<uint8_t>(opcode)));
    const uint64_t size = payload.size();
    int bytes = 0;
    if (size <= kMaxControlBytes) {
        frame += static_cast<char>(size);
    } else if (size <= 0xFFFF) {
        frame += static_cast<char>(126);
        bytes = 2;
    } else {
        frame += static_cast<char>(127);
        bytes = 8;
    }
    while (bytes-- > 0) frame += static_cast<char>(size >> (8 * bytes));
    return frame.append(payload);
}

std::string web_socket_close(WebSocketStatus status, std::string_view reason) {
    if (reason.size() > kMaxControlBytes - 2) {
        size_t end = kMaxControlBytes - 2;
        while (end > 0 && (static_cast<uint8_t>(reason[end]) & 0xC0) == 0x80) --end;  // inside a character
        reason = reason.substr(0, end);
    }
    const auto number = static_cast<uint16_t>(status);
    std::string payload{static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
    return web_socket_frame(WebSocketOpcode::kClose, payload.append(reason));
}

// Two bytes, the longer length if there is one, four bytes of mask.
size_t WebSocketReader::head_size() const {
    if (head_have_ < 2) return 2;
    const uint8_t length = head_[1] & 0x7F;
    return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + 4;
}

Status WebSocketReader::take_head(char byte) {
    head_[head_have_++] = static_cast<uint8_t>(byte);
    if (head_have_ == 2 && (head_[1] & 0x80) == 0) return refused("a client's frame is not masked");
    if (head_have_ < 2 || head_have_ < head_size()) return ok();
    return begin_payload();
}

Status WebSocketReader::begin_payload() {
    const bool is_final = (head_[0] & 0x80) != 0;
    opcode_ = static_cast<WebSocketOpcode>(head_[0] & 0x0F);
    if ((head_[0] & 0x70) != 0) return refused("a frame has reserved bits");
    left_ = head_[1] & 0x7F;
    const size_t longer = head_size() - 6;
    if (longer > 0) left_ = 0;
    for (size_t i = 0; i < longer; ++i) left_ = left_ << 8 | head_[2 + i];
    switch (opcode_) {
        case WebSocketOpcode::kText:
        case WebSocketOpcode::kBinary:
            if (in_message_) return refused("a message begins inside another");
            in_message_ = !is_final;
            break;
        case WebSocketOpcode::kContinuation:
            if (!in_message_) return refused("a message goes on that never began");
            in_message_ = !is_final;
            break;
        case WebSocketOpcode::kClose:
        case WebSocketOpcode::kPing:
        case WebSocketOpcode::kPong:
            if (!is_final || left_ > kMaxControlBytes) return refused("a control frame is too long");
            break;
        default:
            return refused("a frame of an unknown kind");
    }
    in_payload_ = true;
    position_ = 0;
    control_.clear();
    return ok();
}

Result<bool> WebSocketReader::feed(std::string& bytes, const Handlers& handlers) {
    size_t at = 0;
    while (at < bytes.size() || (in_payload_ && left_ == 0)) {
        if (!in_payload_) {
            if (Status taken = take_head(bytes[at++]); !taken) return std::move(taken).error();
            continue;
        }
        const auto size = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size() - at));
        const uint8_t* const mask = head_.data() + head_size() - 4;
        for (size_t i = 0; i < size; ++i) {
            bytes[at + i] = static_cast<char>(bytes[at + i] ^ mask[(position_ + i) % 4]);
        }
        const std::string_view piece(bytes.data() + at, size);
        at += size;
        position_ += size;
        left_ -= size;
        if (is_control()) {
            control_.append(piece);
        } else if (!piece.empty() && !handlers.data(piece)) {
            return false;
        }
        if (left_ > 0) continue;
        in_payload_ = false;
        head_have_ = 0;
        if (is_control() && !handlers.control(opcode_, control_)) return false;
    }
    return true;
}

}  // namespace slipway::api
