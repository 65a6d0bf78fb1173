// core/include/slipway/core/overlapped.hpp - Windows alone: bytes through handles that were opened for overlapped use,
// sockets and pipes alike. A zero-length message ends the writing side of a message pipe, as shutdown() does for a
// socket.
#pragma once

#include <slipway/base.h>
#include <slipway/cpp/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace slipway::core::overlapped {

using Clock = std::chrono::steady_clock;
inline constexpr Clock::time_point kNoDeadline = Clock::time_point::max();

enum class Outcome { kDone, kEnd, kTimeout, kBroken };

// Reads what is there, waiting for it until `deadline`. kEnd: the other side writes no more. kBroken also after cut().
// One reader and one writer may be inside at the same time.
Outcome read(slw_os_handle handle, void* to, size_t capacity, Clock::time_point deadline, size_t& got);

// Writes all of it; kTimeout when the other side does not read until `deadline`, or until `gives_up` (may be empty),
// asked several times a second, says so. A part was sent then.
Outcome write(slw_os_handle handle, std::string_view data, Clock::time_point deadline,
              const std::function<bool()>& gives_up = {});

// The other side reads the end after what was written.
void end_writing(slw_os_handle handle);

// Whether the other side closed its end. `also_half`: one that merely writes no more counts as well; known for sockets
// only, and only when everything before was read.
bool is_peer_gone(slw_os_handle handle, bool also_half);

// Ends both directions; whoever waits inside wakes up. For the server's end of a pipe.
void cut(slw_os_handle handle);

// Not inherited by child processes.
Result<slw_os_handle> duplicate(slw_os_handle handle);
void close(slw_os_handle handle);

}  // namespace slipway::core::overlapped
