// plugins/windows/src/ops/root_contents.hpp - slw_mount_ops.root_diff and root_export.
#pragma once

#include <slipway/mount.h>

namespace slipway::windows_backend {

slw_status SLW_CALL root_diff(slw_container* c, const slw_call* call, slw_sink* out, slw_error* err) noexcept;
slw_status SLW_CALL root_export(slw_container* c, const slw_call* call, slw_sink* tar, slw_error* err) noexcept;

}  // namespace slipway::windows_backend
