// daemon/src/sys/os_handle.hpp - owner of a file descriptor, on Windows of a HANDLE.
#pragma once

#include <slipway/base.h>
#include <slipway/cpp/unique_handle.hpp>

namespace slipway::daemon {

struct OsHandleTraits {
    using Type = slw_os_handle;
    static Type none() { return SLW_NO_HANDLE; }
    static void close(Type handle) noexcept;
};
using UniqueOsHandle = UniqueHandle<OsHandleTraits>;

}  // namespace slipway::daemon
