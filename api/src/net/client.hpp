// api/src/net/client.hpp - one accepted connection: bounded, timed reads through a small buffer, whole writes, and the
// question whether the other side is still there. Used by the connection's own thread.
#pragma once

#include <slipway/base.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::api {

using Deadline = std::chrono::steady_clock::time_point;

enum class ReadOutcome { kData, kClosed, kTimeout };

// Ends both directions of a connection. Threads that wait inside it wake up; whoever owns the descriptor still closes
// it.
void cut_connection(slw_os_handle descriptor);

class Client {
public:
    // Borrows the descriptor; its owner (Poco's socket) outlives this object.
    explicit Client(slw_os_handle descriptor) : descriptor_(descriptor) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    slw_os_handle descriptor() const { return descriptor_; }

    // Waits for more bytes and appends them to the buffer, at most until `deadline`.
    ReadOutcome fill(Deadline deadline);

    // Received and not yet consumed.
    std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
    void consume(size_t count);
    static constexpr size_t kCapacity = 16 * 1024;
    bool full() const { return begin_ == 0 && end_ == kCapacity; }

    // Reads into `to`, buffered bytes first. 0 at the end of the stream; negative on failure or after `timeout`.
    int64_t read(void* to, size_t capacity, std::chrono::milliseconds timeout);

    // Sends everything; false once the other side is gone. Blocks while the other side does not read.
    bool send(std::string_view data);
    bool send(std::string_view head, std::string_view body);

    // True when the other side closed or reset the connection.
    bool is_gone() const;

    // Tells the other side that no more comes, and discards for a moment what it still sends, so that the reply is
    // not lost to a reset.
    void linger_and_close();

private:
    slw_os_handle descriptor_;
    size_t begin_ = 0, end_ = 0;
    std::array<char, kCapacity> buffer_;
};

}  // namespace slipway::api
