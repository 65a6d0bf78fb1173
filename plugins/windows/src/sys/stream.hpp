// plugins/windows/src/sys/stream.hpp - a byte stream whose waits can be ended: a process's pipe or a client's
// connection.
#pragma once

#include <raw/types.hpp>

#include <slipway/base.h>
#include <slipway/cpp/error.hpp>

#include <cstddef>
#include <memory>

namespace slipway::windows_backend {

// One thread may read while another writes. cancel() is for any thread.
class Stream {
public:
    // Takes a pipe that HCS handed out: an overlapped handle on Windows.
    static std::unique_ptr<Stream> adopt(raw::Handle handle);
    // Duplicates a client's socket or pipe.
    static Result<std::unique_ptr<Stream>> duplicate(slw_os_handle handle);

    virtual ~Stream() = default;

    // Bytes read, 0 at the end, -1 when cancelled or broken.
    virtual int64_t read(void* buffer, size_t capacity) = 0;
    // False when the other side is gone or the stream cancelled.
    virtual bool write(const void* data, size_t size) = 0;
    // The other side reads end of file after what was written.
    virtual void end_writing() = 0;
    // Wakes everybody inside; from now on every call fails.
    virtual void cancel() = 0;
    // Only waiting readers: reading fails from now on, writing goes on.
    virtual void cancel_reading() = 0;
};

}  // namespace slipway::windows_backend
