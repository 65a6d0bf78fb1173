// daemon/src/sys/unique_fd.hpp - owner of a file descriptor. POSIX alone.
#pragma once

#include <slipway/cpp/unique_handle.hpp>

#include <unistd.h>

namespace slipway::daemon {

struct FdTraits {
    using Type = int;
    static Type none() { return -1; }
    static void close(Type fd) noexcept { ::close(fd); }
};
using UniqueFd = UniqueHandle<FdTraits>;

}  // namespace slipway::daemon
