#include "net/client.hpp"

#include <slipway/core/overlapped.hpp>

#include <algorithm>
#include <cstring>

namespace slipway::api {
namespace {

namespace overlapped = core::overlapped;
using overlapped::Outcome;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

void cut_connection(slw_os_handle descriptor) {
    overlapped::cut(descriptor);
}

ReadOutcome Client::fill(Deadline deadline) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
    } else if (end_ == kCapacity && begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    size_t got = 0;
    switch (overlapped::read(descriptor_, buffer_.data() + end_, kCapacity - end_, deadline, got)) {
        case Outcome::kDone:
            end_ += got;
            return ReadOutcome::kData;
        case Outcome::kTimeout:
            return ReadOutcome::kTimeout;
        default:
            return ReadOutcome::kClosed;
    }
}

void Client::consume(size_t count) {
    begin_ += std::min(count, end_ - begin_);
}

int64_t Client::read(void* to, size_t capacity, milliseconds timeout) {
    if (begin_ != end_) {
        const size_t count = std::min(capacity, end_ - begin_);
        std::memcpy(to, buffer_.data() + begin_, count);
        consume(count);
        return static_cast<int64_t>(count);
    }
    size_t got = 0;
    switch (overlapped::read(descriptor_, to, capacity, steady_clock::now() + timeout, got)) {
        case Outcome::kDone:
            return static_cast<int64_t>(got);
        case Outcome::kEnd:
            return 0;
        default:
            return -1;
    }
}

bool Client::send(std::string_view data) {
    return overlapped::write(descriptor_, data, overlapped::kNoDeadline) == Outcome::kDone;
}

// A short body joins its head: two writes would be two packets.
bool Client::send(std::string_view head, std::string_view body) {
    constexpr size_t kWorthJoining = 16 * 1024;
    if (body.size() > kWorthJoining) return send(head) && send(body);
    std::string both;
    both.reserve(head.size() + body.size());
    both.append(head).append(body);
    return send(both);
}

bool Client::is_gone() const {
    return overlapped::is_peer_gone(descriptor_, true);
}

void Client::linger_and_close() {
    overlapped::end_writing(descriptor_);
    // Bounded both ways: a client that keeps sending a large body is cut off.
    const Deadline deadline = steady_clock::now() + milliseconds(2000);
    size_t budget = size_t{64} << 20;
    size_t got = 0;
    while (budget > 0 && overlapped::read(descriptor_, buffer_.data(), kCapacity, deadline, got) == Outcome::kDone) {
        budget -= std::min(budget, got);
    }
    // Not cut(): what a pipe still holds for the other side would be lost.
}

}  // namespace slipway::api
