// plugins/linux/src/sys/kernel_files.hpp - tells the kernel's own file systems from those that hold files.
#pragma once

namespace slipway::linux_backend {

// True when `fd`, which may be O_PATH, is in /proc, /sys, a control group tree or another window into the kernel, and
// when that cannot be found out. What such a file shows is no container's content, although its type says "regular
// file": opening it can have effects and reading it can wait for ever, as /proc/kmsg does.
bool is_kernel_file_system(int fd) noexcept;

}  // namespace slipway::linux_backend
