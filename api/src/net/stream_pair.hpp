// api/src/net/stream_pair.hpp - a connection within this process, one end of which the engine takes for a client's.
#pragma once

#include <slipway/base.h>
#include <slipway/cpp/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace slipway::api {

// Two connected stream sockets. read() and write() are for one thread each, cut() for any.
class StreamPair {
public:
    static Result<StreamPair> make();

    StreamPair(StreamPair&& other) noexcept;
    StreamPair(const StreamPair&) = delete;
    StreamPair& operator=(const StreamPair&) = delete;
    ~StreamPair();

    // The engine's end, to be lent to it.
    slw_os_handle far_end() const { return far_; }
    // From here on the end that is left sees the end of the stream once the engine has let go of the other.
    void close_far_end();

    // At least one byte; 0 at the end, negative on failure.
    int64_t read(void* to, size_t capacity) const;
    // All of it; false when nobody reads any more, or once `gives_up`, asked several times a second, says so.
    bool write(std::string_view bytes, const std::function<bool()>& gives_up) const;
    // Ends both directions; threads inside read() and write() come back.
    void cut() const;

private:
    StreamPair(slw_os_handle ours, slw_os_handle theirs) : near_(ours), far_(theirs) {}

    slw_os_handle near_, far_;
};

}  // namespace slipway::api
