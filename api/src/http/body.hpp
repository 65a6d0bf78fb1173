// api/src/http/body.hpp - reads the body of one request.
#pragma once

#include "http/request.hpp"
#include "net/client.hpp"

#include <slipway/cpp/error.hpp>

#include <chrono>
#include <string>

namespace slipway::api {

// Streams a body of any length without its framing. Sends "100 Continue" before the first read when asked to.
class Body {
public:
    Body(Client& client, const Request& request, std::chrono::milliseconds timeout);

    // Stores at most `capacity` bytes; 0 at the end, negative when the client went away, stalled or broke the framing.
    int64_t read(void* to, uint64_t capacity);

    // All of it. kResourceExhausted beyond `limit` bytes, kInvalidArgument when it ended early.
    Result<std::string> read_all(size_t limit);

    // Reads and drops what is left, so that what follows on the connection is another request. False when that is not
    // worth it: a long rest, a broken body, or one the client has not been told to send.
    bool skip_rest();
    // read_all() gave up because of its limit.
    bool was_too_large() const { return too_large_; }

private:
    enum class State { kFixed, kChunkHead, kChunkData, kChunkEnd, kDone, kBroken };

    int64_t read_data(void* to, uint64_t capacity);
    bool read_line(std::string& line);
    bool next_chunk();
    bool end_chunk();
    Error refuse_size(size_t limit);

    Client& client_;
    std::chrono::milliseconds timeout_;
    State state_ = State::kDone;
    uint64_t left_ = 0;
    bool send_continue_ = false;
    bool too_large_ = false;
};

}  // namespace slipway::api
