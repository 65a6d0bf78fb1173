/* sdk/checks/layout.c - writes the layout of every structure of the ABI and the value of every constant. C11, so that
 * it is also a use of each header from C. A structure, field or constant added to a header must be added here: a test
 * looks for holes and for names that are missing. */
#include "layout.h"

#include <slipway/slipway.h>

#include <inttypes.h>

#define NUMBER(name) fprintf(to, "constant %s %" PRId64 "\n", #name, (int64_t)(name))
#define TEXT(name) fprintf(to, "constant %s \"%s\"\n", #name, name)
#define STRUCT(type) fprintf(to, "struct %s size %zu align %zu\n", #type, sizeof(type), _Alignof(type))
#define FIELD(type, field) \
    fprintf(to, "  %s offset %zu size %zu\n", #field, offsetof(type, field), sizeof(((type *)0)->field))

static void write_base(FILE *to) {
    NUMBER(SLW_ABI_MAJOR);
    NUMBER(SLW_ABI_MINOR);
    NUMBER(SLW_OK);
    NUMBER(SLW_ERR_INVALID_ARGUMENT);
    NUMBER(SLW_ERR_NOT_FOUND);
    NUMBER(SLW_ERR_CONFLICT);
    NUMBER(SLW_ERR_NOT_MODIFIED);
    NUMBER(SLW_ERR_PERMISSION_DENIED);
    NUMBER(SLW_ERR_UNAVAILABLE);
    NUMBER(SLW_ERR_UNIMPLEMENTED);
    NUMBER(SLW_ERR_INTERNAL);
    NUMBER(SLW_ERR_SYSTEM);
    NUMBER(SLW_ERR_EXEC_NOT_FOUND);
    NUMBER(SLW_ERR_EXEC_DENIED);
    NUMBER(SLW_ERR_MOUNT_TYPE);
    NUMBER(SLW_ERR_CANCELLED);
    NUMBER(SLW_ERR_DEADLINE_EXCEEDED);
    NUMBER(SLW_ERR_RESOURCE_EXHAUSTED);
    NUMBER(SLW_ERR_DATA_LOSS);
    NUMBER(SLW_OS_NONE);
    NUMBER(SLW_OS_ERRNO);
    NUMBER(SLW_OS_HRESULT);
    NUMBER(SLW_ERROR_MESSAGE_BYTES);
    NUMBER(SLW_ERROR_OPERATION_BYTES);
    NUMBER(SLW_ERROR_RESOURCE_BYTES);
    NUMBER(SLW_ERROR_HINT_BYTES);
    NUMBER(SLW_NO_HANDLE);
    STRUCT(slw_error);
    FIELD(slw_error, struct_size);
    FIELD(slw_error, status);
    FIELD(slw_error, os_domain);
    FIELD(slw_error, os_code);
    FIELD(slw_error, message);
    FIELD(slw_error, operation);
    FIELD(slw_error, resource);
    FIELD(slw_error, hint);
    STRUCT(slw_text);
    FIELD(slw_text, data);
    FIELD(slw_text, size);
    STRUCT(slw_sink);
    FIELD(slw_sink, struct_size);
    FIELD(slw_sink, reserved);
    FIELD(slw_sink, ctx);
    FIELD(slw_sink, write);
    STRUCT(slw_source);
    FIELD(slw_source, struct_size);
    FIELD(slw_source, reserved);
    FIELD(slw_source, ctx);
    FIELD(slw_source, read);
    STRUCT(slw_call);
    FIELD(slw_call, struct_size);
    FIELD(slw_call, reserved);
    FIELD(slw_call, deadline_ns);
    FIELD(slw_call, cancel_ctx);
    FIELD(slw_call, cancelled);
}

static void write_host(FILE *to) {
    TEXT(SLW_HOST_LOG);
    TEXT(SLW_HOST_EVENTS);
    TEXT(SLW_HOST_CONFIG);
    NUMBER(SLW_LOG_DEBUG);
    NUMBER(SLW_LOG_INFO);
    NUMBER(SLW_LOG_WARN);
    NUMBER(SLW_LOG_ERROR);
    NUMBER(SLW_EVENT_EXIT);
    NUMBER(SLW_EVENT_OOM);
    NUMBER(SLW_EVENT_LOST);
    NUMBER(SLW_EVENT_EXEC_EXIT);
    STRUCT(slw_host);
    FIELD(slw_host, struct_size);
    FIELD(slw_host, abi_minor);
    FIELD(slw_host, ctx);
    FIELD(slw_host, get_service);
    FIELD(slw_host, monotonic_ns);
    STRUCT(slw_host_log);
    FIELD(slw_host_log, struct_size);
    FIELD(slw_host_log, reserved);
    FIELD(slw_host_log, write);
    STRUCT(slw_event);
    FIELD(slw_event, struct_size);
    FIELD(slw_event, kind);
    FIELD(slw_event, container_id);
    FIELD(slw_event, unix_ns);
    FIELD(slw_event, exit_code);
    FIELD(slw_event, oom_killed);
    FIELD(slw_event, text);
    STRUCT(slw_host_events);
    FIELD(slw_host_events, struct_size);
    FIELD(slw_host_events, reserved);
    FIELD(slw_host_events, post);
    STRUCT(slw_host_config);
    FIELD(slw_host_config, struct_size);
    FIELD(slw_host_config, reserved);
    FIELD(slw_host_config, read);
}

static void write_create(FILE *to) {
    TEXT(SLW_EXT_CREATE);
    NUMBER(SLW_CREATE_ACCEPTS_START_HOSTCONFIG);
    NUMBER(SLW_CREATE_PARKS);
    NUMBER(SLW_CREATE_NETWORK_FIRST);
    NUMBER(SLW_CREATE_USER_NAMESPACES);
    NUMBER(SLW_CREATE_LOG_ATTRIBUTES);
    NUMBER(SLW_LOG_ATTRIBUTES_BYTES);
    NUMBER(SLW_CREATE_TTY);
    NUMBER(SLW_CREATE_OPEN_STDIN);
    NUMBER(SLW_CREATE_STDIN_ONCE);
    NUMBER(SLW_PROCESS_NONE);
    NUMBER(SLW_PROCESS_PARKED);
    NUMBER(SLW_PROCESS_RUNNING);
    NUMBER(SLW_PROCESS_EXITED);
    STRUCT(slw_container_desc);
    FIELD(slw_container_desc, struct_size);
    FIELD(slw_container_desc, reserved);
    FIELD(slw_container_desc, id);
    FIELD(slw_container_desc, name);
    FIELD(slw_container_desc, state_dir);
    FIELD(slw_container_desc, data_dir);
    FIELD(slw_container_desc, user_namespace);
    STRUCT(slw_log_target);
    FIELD(slw_log_target, struct_size);
    FIELD(slw_log_target, max_files);
    FIELD(slw_log_target, path);
    FIELD(slw_log_target, max_bytes);
    FIELD(slw_log_target, attributes);
    STRUCT(slw_create_request);
    FIELD(slw_create_request, struct_size);
    FIELD(slw_create_request, flags);
    FIELD(slw_create_request, spec);
    FIELD(slw_create_request, log);
    FIELD(slw_create_request, tty_rows);
    FIELD(slw_create_request, tty_cols);
    FIELD(slw_create_request, reserved);
    STRUCT(slw_process_info);
    FIELD(slw_process_info, struct_size);
    FIELD(slw_process_info, reserved);
    FIELD(slw_process_info, pid);
    FIELD(slw_process_info, started_ns);
    STRUCT(slw_process_status);
    FIELD(slw_process_status, struct_size);
    FIELD(slw_process_status, state);
    FIELD(slw_process_status, pid);
    FIELD(slw_process_status, started_ns);
    FIELD(slw_process_status, finished_ns);
    FIELD(slw_process_status, exit_code);
    FIELD(slw_process_status, oom_killed);
    STRUCT(slw_create_ops);
    FIELD(slw_create_ops, struct_size);
    FIELD(slw_create_ops, flags);
    FIELD(slw_create_ops, verify);
    FIELD(slw_create_ops, container_open);
    FIELD(slw_create_ops, container_close);
    FIELD(slw_create_ops, build_spec);
    FIELD(slw_create_ops, create);
    FIELD(slw_create_ops, start);
    FIELD(slw_create_ops, signal);
    FIELD(slw_create_ops, status);
    FIELD(slw_create_ops, destroy);
}

static void write_mount(FILE *to) {
    TEXT(SLW_EXT_MOUNT);
    NUMBER(SLW_MOUNT_READ_ONLY);
    NUMBER(SLW_MOUNT_RECURSIVE_READ_ONLY);
    NUMBER(SLW_MOUNT_CREATE_SOURCE);
    NUMBER(SLW_MOUNT_NO_RECURSIVE);
    NUMBER(SLW_MOUNT_NO_EXEC);
    NUMBER(SLW_MOUNT_NO_SUID);
    NUMBER(SLW_MOUNT_NO_DEV);
    NUMBER(SLW_MOUNT_COPY_UP);
    NUMBER(SLW_MOUNT_NO_SYMLINKS);
    NUMBER(SLW_MOUNT_MAP_IDS);
    NUMBER(SLW_ROOT_READ_ONLY);
    STRUCT(slw_mount_request);
    FIELD(slw_mount_request, struct_size);
    FIELD(slw_mount_request, flags);
    FIELD(slw_mount_request, source);
    FIELD(slw_mount_request, target);
    FIELD(slw_mount_request, propagation);
    FIELD(slw_mount_request, limit_bytes);
    FIELD(slw_mount_request, mode);
    FIELD(slw_mount_request, reserved);
    STRUCT(slw_root_request);
    FIELD(slw_root_request, struct_size);
    FIELD(slw_root_request, flags);
    FIELD(slw_root_request, layer_ids);
    FIELD(slw_root_request, layer_count);
    STRUCT(slw_layer_info);
    FIELD(slw_layer_info, struct_size);
    FIELD(slw_layer_info, reserved);
    FIELD(slw_layer_info, size_bytes);
    FIELD(slw_layer_info, entry_count);
    STRUCT(slw_mount_ops);
    FIELD(slw_mount_ops, struct_size);
    FIELD(slw_mount_ops, flags);
    FIELD(slw_mount_ops, layer_import);
    FIELD(slw_mount_ops, layer_stat);
    FIELD(slw_mount_ops, layer_remove);
    FIELD(slw_mount_ops, layer_list);
    FIELD(slw_mount_ops, root_create);
    FIELD(slw_mount_ops, root_remove);
    FIELD(slw_mount_ops, root_mount);
    FIELD(slw_mount_ops, root_unmount);
    FIELD(slw_mount_ops, mount);
    FIELD(slw_mount_ops, unmount);
    FIELD(slw_mount_ops, root_size);
    FIELD(slw_mount_ops, root_diff);
    FIELD(slw_mount_ops, root_export);
}

static void write_network(FILE *to) {
    TEXT(SLW_EXT_NETWORK);
    STRUCT(slw_network_ops);
    FIELD(slw_network_ops, struct_size);
    FIELD(slw_network_ops, flags);
    FIELD(slw_network_ops, network_create);
    FIELD(slw_network_ops, network_remove);
    FIELD(slw_network_ops, sandbox_create);
    FIELD(slw_network_ops, sandbox_destroy);
    FIELD(slw_network_ops, endpoint_attach);
    FIELD(slw_network_ops, endpoint_detach);
}

static void write_stdio(FILE *to) {
    TEXT(SLW_EXT_STDIO);
    NUMBER(SLW_ATTACH_STDIN);
    NUMBER(SLW_ATTACH_STDOUT);
    NUMBER(SLW_ATTACH_STDERR);
    NUMBER(SLW_ATTACH_MULTIPLEXED);
    NUMBER(SLW_ATTACH_REPLY_FIRST);
    STRUCT(slw_attach_request);
    FIELD(slw_attach_request, struct_size);
    FIELD(slw_attach_request, flags);
    FIELD(slw_attach_request, stream);
    FIELD(slw_attach_request, preamble);
    FIELD(slw_attach_request, early_input);
    FIELD(slw_attach_request, detach_keys);
    STRUCT(slw_stdio_ops);
    FIELD(slw_stdio_ops, struct_size);
    FIELD(slw_stdio_ops, flags);
    FIELD(slw_stdio_ops, attach);
    FIELD(slw_stdio_ops, resize);
}

static void write_pause(FILE *to) {
    TEXT(SLW_EXT_PAUSE);
    STRUCT(slw_pause_ops);
    FIELD(slw_pause_ops, struct_size);
    FIELD(slw_pause_ops, flags);
    FIELD(slw_pause_ops, pause);
    FIELD(slw_pause_ops, resume);
}

static void write_exec(FILE *to) {
    TEXT(SLW_EXT_EXEC);
    NUMBER(SLW_EXEC_TTY);
    NUMBER(SLW_EXEC_OPEN_STDIN);
    NUMBER(SLW_EXEC_ENDS_WITH_HOST);
    STRUCT(slw_exec_request);
    FIELD(slw_exec_request, struct_size);
    FIELD(slw_exec_request, flags);
    FIELD(slw_exec_request, exec_id);
    FIELD(slw_exec_request, process);
    FIELD(slw_exec_request, client);
    FIELD(slw_exec_request, capture_bytes);
    FIELD(slw_exec_request, tty_rows);
    FIELD(slw_exec_request, tty_cols);
    FIELD(slw_exec_request, reserved);
    STRUCT(slw_exec_ops);
    FIELD(slw_exec_ops, struct_size);
    FIELD(slw_exec_ops, flags);
    FIELD(slw_exec_ops, start);
    FIELD(slw_exec_ops, signal);
    FIELD(slw_exec_ops, resize);
    FIELD(slw_exec_ops, output);
    FIELD(slw_exec_ops, release);
}

static void write_update(FILE *to) {
    TEXT(SLW_EXT_UPDATE);
    STRUCT(slw_update_ops);
    FIELD(slw_update_ops, struct_size);
    FIELD(slw_update_ops, flags);
    FIELD(slw_update_ops, update);
}

static void write_stats(FILE *to) {
    TEXT(SLW_EXT_STATS);
    STRUCT(slw_stats_ops);
    FIELD(slw_stats_ops, struct_size);
    FIELD(slw_stats_ops, flags);
    FIELD(slw_stats_ops, read);
}

static void write_top(FILE *to) {
    TEXT(SLW_EXT_TOP);
    STRUCT(slw_top_ops);
    FIELD(slw_top_ops, struct_size);
    FIELD(slw_top_ops, flags);
    FIELD(slw_top_ops, list);
}

static void write_archive(FILE *to) {
    TEXT(SLW_EXT_ARCHIVE);
    NUMBER(SLW_ARCHIVE_KEEP_KINDS);
    NUMBER(SLW_ARCHIVE_KEEP_OWNERS);
    STRUCT(slw_archive_place);
    FIELD(slw_archive_place, struct_size);
    FIELD(slw_archive_place, flags);
    FIELD(slw_archive_place, path);
    FIELD(slw_archive_place, root);
    FIELD(slw_archive_place, mounts);
    FIELD(slw_archive_place, mount_count);
    STRUCT(slw_archive_ops);
    FIELD(slw_archive_ops, struct_size);
    FIELD(slw_archive_ops, flags);
    FIELD(slw_archive_ops, stat);
    FIELD(slw_archive_ops, get);
    FIELD(slw_archive_ops, put);
    FIELD(slw_archive_ops, export_root);
}

static void write_reconcile(FILE *to) {
    TEXT(SLW_EXT_RECONCILE);
    STRUCT(slw_reconcile_ops);
    FIELD(slw_reconcile_ops, struct_size);
    FIELD(slw_reconcile_ops, flags);
    FIELD(slw_reconcile_ops, list);
    FIELD(slw_reconcile_ops, adopt);
    FIELD(slw_reconcile_ops, remove);
}

static void write_plugin(FILE *to) {
    TEXT(SLW_PLUGIN_SYMBOL);
    STRUCT(slw_plugin);
    FIELD(slw_plugin, struct_size);
    FIELD(slw_plugin, abi_major);
    FIELD(slw_plugin, abi_minor);
    FIELD(slw_plugin, reserved);
    FIELD(slw_plugin, name);
    FIELD(slw_plugin, version);
    FIELD(slw_plugin, init);
    FIELD(slw_plugin, deinit);
    FIELD(slw_plugin, get_extension);
}

void slw_layout_write(FILE *to) {
    fprintf(to, "# ABI %" PRIu32 ".%" PRIu32 ", pointers of %zu bytes\n", SLW_ABI_MAJOR, SLW_ABI_MINOR, sizeof(void *));
    write_base(to);
    write_host(to);
    write_create(to);
    write_mount(to);
    write_network(to);
    write_stdio(to);
    write_reconcile(to);
    write_pause(to);
    write_exec(to);
    write_update(to);
    write_stats(to);
    write_top(to);
    write_archive(to);
    write_plugin(to);
}
