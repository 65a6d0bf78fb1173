// core/src/plugin_host/tables.hpp - which functions of an extension table a plugin may not leave out.
#pragma once

#include <slipway/slipway.h>

namespace slipway::core {

// The name of the first required function that is null, or null when the table is complete.
const char* missing_function(const slw_create_ops& ops);
const char* missing_function(const slw_mount_ops& ops);  // root_diff and root_export may be null
const char* missing_function(const slw_network_ops& ops);
const char* missing_function(const slw_stdio_ops& ops);
const char* missing_function(const slw_reconcile_ops& ops);
const char* missing_function(const slw_pause_ops& ops);
const char* missing_function(const slw_exec_ops& ops);
const char* missing_function(const slw_update_ops& ops);
const char* missing_function(const slw_stats_ops& ops);
const char* missing_function(const slw_top_ops& ops);
const char* missing_function(const slw_archive_ops& ops);

}  // namespace slipway::core
