// plugins/windows/src/tables.hpp - the extension tables this backend offers, one per service; plugin.cpp hands them
// out.
#pragma once

#include <slipway/slipway.h>

namespace slipway::windows_backend {

extern const slw_create_ops kCreateOps;        // ops/create_ops.cpp
extern const slw_mount_ops kMountOps;          // ops/mount_ops.cpp
extern const slw_network_ops kNetworkOps;      // ops/network_ops.cpp
extern const slw_stdio_ops kStdioOps;          // ops/stdio_ops.cpp
extern const slw_reconcile_ops kReconcileOps;  // ops/reconcile_ops.cpp
extern const slw_exec_ops kExecOps;            // ops/exec_ops.cpp
extern const slw_update_ops kUpdateOps;        // ops/update_ops.cpp
extern const slw_pause_ops kPauseOps;          // ops/pause_ops.cpp
extern const slw_stats_ops kStatsOps;          // ops/observe_ops.cpp
extern const slw_top_ops kTopOps;              // ops/observe_ops.cpp

}  // namespace slipway::windows_backend
