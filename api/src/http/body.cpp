#include "http/body.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace slipway::api {

Body::Body(Client& client, const Request& request, std::chrono::milliseconds timeout)
    : client_(client), timeout_(timeout), send_continue_(request.expects_continue) {
    if (request.body_kind == BodyKind::kFixed) {
        state_ = State::kFixed;
        left_ = request.content_length;
    } else if (request.body_kind == BodyKind::kChunked) {
        state_ = State::kChunkHead;
    }
}

int64_t Body::read(void* to, uint64_t capacity) {
    if (send_continue_) {
        send_continue_ = false;
        client_.send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    for (;;) {
        switch (state_) {
            case State::kDone:
                return 0;
            case State::kBroken:
                return -1;
            case State::kFixed:
            case State::kChunkData:
                return read_data(to, capacity);
            case State::kChunkHead:
                if (!next_chunk()) state_ = State::kBroken;
                break;
            case State::kChunkEnd:
                state_ = end_chunk() ? State::kChunkHead : State::kBroken;
                break;
        }
    }
}

int64_t Body::read_data(void* to, uint64_t capacity) {
    const auto want = static_cast<size_t>(std::min<uint64_t>(capacity, left_));
    const int64_t got = client_.read(to, want, timeout_);
    if (got <= 0) {
        state_ = State::kBroken;
        return -1;
    }
    left_ -= static_cast<uint64_t>(got);
    if (left_ == 0) state_ = state_ == State::kFixed ? State::kDone : State::kChunkEnd;
    return got;
}

// A line of chunk framing without its CRLF. Short by nature; longer than 256 bytes is an attack or a bug.
bool Body::read_line(std::string& line) {
    line.clear();
    for (;;) {
        char c = 0;
        if (client_.read(&c, 1, timeout_) != 1) return false;
        if (c == '\n') {
            if (line.empty() || line.back() != '\r') return false;
            line.pop_back();
            return true;
        }
        if (line.size() == 256) return false;
        line += c;
    }
}

bool Body::next_chunk() {
    std::string line;
    if (!read_line(line)) return false;
    const std::string digits = line.substr(0, line.find_first_of("; \t"));
    uint64_t size = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || failure != std::errc() || end != digits.data() + digits.size()) return false;
    if (size > 0) {
        left_ = size;
        state_ = State::kChunkData;
        return true;
    }
    // Trailer fields are read and ignored.
    for (int count = 0; count < 32; ++count) {
        if (!read_line(line)) return false;
        if (line.empty()) {
            state_ = State::kDone;
            return true;
        }
    }
    return false;
}

bool Body::end_chunk() {
    std::string line;
    return read_line(line) && line.empty();
}

bool Body::skip_rest() {
    constexpr size_t kWorthwhile = 256 * 1024;
    if (state_ == State::kDone) return true;
    if (send_continue_ || (state_ == State::kFixed && left_ > kWorthwhile)) return false;
    std::array<char, 4096> scrap;
    for (size_t skipped = 0; skipped < kWorthwhile;) {
        const int64_t got = read(scrap.data(), scrap.size());
        if (got <= 0) return got == 0;
        skipped += static_cast<size_t>(got);
    }
    return false;
}

Error Body::refuse_size(size_t limit) {
    too_large_ = true;
    return Error(ErrorCode::kResourceExhausted, "request body is larger than " + std::to_string(limit) + " bytes");
}

Result<std::string> Body::read_all(size_t limit) {
    if (state_ == State::kFixed && left_ > limit) return refuse_size(limit);
    std::string text;
    text.reserve(static_cast<size_t>(left_));
    std::array<char, 16 * 1024> piece;
    for (;;) {
        const int64_t got = read(piece.data(), piece.size());
        if (got == 0) return text;
        if (got < 0) return Error(ErrorCode::kInvalidArgument, "the request body ended early or is malformed");
        text.append(piece.data(), static_cast<size_t>(got));
        if (text.size() > limit) return refuse_size(limit);
    }
}

}  // namespace slipway::api
