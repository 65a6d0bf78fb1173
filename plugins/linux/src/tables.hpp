// plugins/linux/src/tables.hpp - the extension tables this backend offers, one per service; plugin.cpp hands them out.
#pragma once

#include <slipway/slipway.h>

namespace slipway::linux_backend {

extern const slw_create_ops kCreateOps;        // process/create_ops.cpp
extern const slw_mount_ops kMountOps;          // fs/mount_ops.cpp
extern const slw_network_ops kNetworkOps;      // net/network_ops.cpp
extern const slw_stdio_ops kStdioOps;          // process/stdio_ops.cpp
extern const slw_reconcile_ops kReconcileOps;  // process/reconcile_ops.cpp
extern const slw_pause_ops kPauseOps;          // process/pause_ops.cpp
extern const slw_exec_ops kExecOps;            // process/exec_ops.cpp
extern const slw_update_ops kUpdateOps;        // process/update_ops.cpp
extern const slw_stats_ops kStatsOps;          // observe/stats_ops.cpp
extern const slw_top_ops kTopOps;              // observe/top_ops.cpp
extern const slw_archive_ops kArchiveOps;      // fs/archive_ops.cpp

}  // namespace slipway::linux_backend
