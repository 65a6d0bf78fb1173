// plugins/linux/src/sys/pidfd.hpp - processes by descriptor, which is never somebody else's.
#pragma once

#include <sys/unique_fd.hpp>

#include <sys/types.h>

#include <cstdint>

namespace slipway::linux_backend {

// Clock ticks since boot when `pid` started; 0 when there is no such process.
uint64_t process_start_time(pid_t pid);

// A descriptor of `pid` if it is the process that started at `start_time`; unset otherwise.
UniqueFd open_pidfd(pid_t pid, uint64_t start_time);

// True once the process behind the descriptor has ended.
bool has_ended(int pidfd);

// Waits for the end, at most `timeout_ms`; true when it came.
bool wait_for_end(int pidfd, int timeout_ms);

// Sends a signal; 0 or errno, ESRCH when it has ended.
int send_signal(int pidfd, int signum);

// Takes the exit status of a child of ours, so that it does not stay as a zombie. Not our child is fine.
void reap(int pidfd);

}  // namespace slipway::linux_backend
