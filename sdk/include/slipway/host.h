/* sdk/include/slipway/host.h - what the host offers a plugin. */
#ifndef SLIPWAY_HOST_H
#define SLIPWAY_HOST_H

#include <slipway/base.h>

SLW_BEGIN_C

/* Services the plugin asks for by id with slw_host.get_service. NULL means the host does not have it. */
#define SLW_HOST_LOG "slw.host.log/1"       /* const slw_host_log * */
#define SLW_HOST_EVENTS "slw.host.events/1" /* const slw_host_events * */
#define SLW_HOST_CONFIG "slw.host.config/1" /* const slw_host_config * */

/* Given to slw_plugin.init. It and everything reached through it stay valid until deinit returns. */
typedef struct slw_host {
    uint32_t struct_size;
    uint32_t abi_minor; /* the minor both sides use */
    void *ctx;          /* first argument of every host function */

    /* Returns the service or NULL. [any] */
    const void *(SLW_CALL *get_service)(void *ctx, const char *service_id);

    /* Nanoseconds on a clock that never jumps; the clock of slw_call.deadline_ns. [any] */
    uint64_t(SLW_CALL *monotonic_ns)(void *ctx);
} slw_host;

#define SLW_LOG_DEBUG INT32_C(0)
#define SLW_LOG_INFO INT32_C(1)
#define SLW_LOG_WARN INT32_C(2)
#define SLW_LOG_ERROR INT32_C(3)

typedef struct slw_host_log {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    /* Writes one line to the daemon's log, without a newline at its end. Control characters are escaped by the host.
     * Never blocks for long. [any] */
    void(SLW_CALL *write)(void *host_ctx, int32_t level, slw_text line);
} slw_host_log;

/* Kinds of slw_event. */
#define SLW_EVENT_EXIT INT32_C(1)   /* the container's first process ended: exit_code, oom_killed, time */
#define SLW_EVENT_OOM INT32_C(2)    /* the memory limit was hit; the container may live on */
#define SLW_EVENT_LOST INT32_C(3)   /* the backend lost track of the container; text says why; treated as exit 255 */
/* Since ABI 1.1: a process of slw.exec/1 ended: text is the exec's id, exit_code as with EXIT, 255 when it was lost. */
#define SLW_EVENT_EXEC_EXIT INT32_C(4)

typedef struct slw_event {
    uint32_t struct_size;
    int32_t kind;             /* SLW_EVENT_* */
    const char *container_id; /* NUL-terminated */
    int64_t unix_ns;          /* when it happened, nanoseconds since the Unix epoch, UTC */
    int32_t exit_code;        /* EXIT: 0..255 on Linux (128 + signal when killed by one), 32-bit value on Windows */
    uint32_t oom_killed;      /* EXIT: 1 if the memory limit ended it */
    slw_text text;            /* may be empty */
} slw_event;

typedef struct slw_host_events {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    /* Queues a copy of `event` and returns at once; the engine's own thread handles it, so no lock of the engine is
     * ever taken inside. Legal from within any call of the plugin. [any] */
    void(SLW_CALL *post)(void *host_ctx, const slw_event *event);
} slw_host_events;

typedef struct slw_host_config {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    /* Writes the backend's configuration, one JSON object, into `out`: what the operator gave under
     * "backends": {"<name>": {...}} of the daemon's configuration file, plus what the daemon's own options say.
     * Keys that every host sets:
     *   "data_root"    absolute path, persistent, private to this backend (mode 0700 or tighter parents)
     *   "exec_root"    absolute path, lost at reboot, private to this backend
     *                  (the parents of both exist; the directories themselves are the backend's to make)
     *   "instance"     8 hex digits, differs between daemons on one machine and is stable for one exec_root
     *   "bridge", "bip", "cgroup_parent", "default_ulimits", "init", "no_new_privileges", "seccomp_profile"
     *                  as the daemon's options of those names, when given
     *   "cgroup_driver"  "systemd" when the daemon was told native.cgroupdriver=systemd; absent otherwise
     *   "cdi_spec_dirs"  list of absolute paths with specifications of CDI devices, the last counts most; since ABI 1.2
     * [any] */
    slw_status(SLW_CALL *read)(void *host_ctx, slw_sink *out, slw_error *err);
} slw_host_config;

SLW_END_C

#endif
