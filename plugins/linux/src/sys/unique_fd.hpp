// plugins/linux/src/sys/unique_fd.hpp - an owned file descriptor.
#pragma once

#include <slipway/cpp/unique_handle.hpp>

#include <unistd.h>

namespace slipway::linux_backend {

struct FdTraits {
    using Type = int;
    static int none() { return -1; }
    static void close(int fd) noexcept { ::close(fd); }
};

// Every descriptor in the plugin is one of these and close-on-exec from birth.
using UniqueFd = UniqueHandle<FdTraits>;

}  // namespace slipway::linux_backend
