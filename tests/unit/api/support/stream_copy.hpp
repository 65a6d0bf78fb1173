// tests/unit/api/support/stream_copy.hpp - a second descriptor of somebody's connection, as backends make themselves
// one.
#pragma once

#include <slipway/base.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace slipway::test {

// Closed when it goes out of scope.
class StreamCopy {
public:
    explicit StreamCopy(slw_os_handle of);
    StreamCopy(StreamCopy&& other) noexcept : handle_(std::exchange(other.handle_, SLW_NO_HANDLE)) {}
    StreamCopy& operator=(StreamCopy&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~StreamCopy();

    // All of it; false once the other side is gone.
    bool send(std::string_view bytes) const;
    // Fewer at the end of the stream.
    std::string receive(size_t count) const;

private:
    slw_os_handle handle_;
};

}  // namespace slipway::test
