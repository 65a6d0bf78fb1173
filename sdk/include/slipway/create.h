/* sdk/include/slipway/create.h - verify, specify, create, start, signal and end a container. Required.
 *
 * States of a container as the tags below name them:
 *
 *   open      container_open succeeded; nothing exists outside the process
 *   created   create() succeeded: the first process exists, fully set up, and waits (parked) - or, when the backend
 *             lacks SLW_CREATE_PARKS, everything is ready but no process exists
 *   running   start() succeeded, or reconcile's adopt() found it so
 *   exited    the first process ended; SLW_EVENT_EXIT was posted
 *
 *   open -> created -> running -> exited -> open (after destroy);  created -> open (after destroy)
 */
#ifndef SLIPWAY_CREATE_H
#define SLIPWAY_CREATE_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_CREATE "slw.create/1" /* const slw_create_ops * */

/* slw_create_ops.flags */
#define SLW_CREATE_ACCEPTS_START_HOSTCONFIG (UINT32_C(1) << 0) /* deprecated start-time host configuration (API < 1.24) */
#define SLW_CREATE_PARKS (UINT32_C(1) << 1)                    /* create() leaves a parked process */
#define SLW_CREATE_NETWORK_FIRST (UINT32_C(1) << 2) /* endpoints are attached before create(), else between create and start */

#define SLW_CREATE_USER_NAMESPACES (UINT32_C(1) << 3) /* reads slw_container_desc.user_namespace; since ABI 1.2 */
#define SLW_CREATE_LOG_ATTRIBUTES (UINT32_C(1) << 4) /* writes slw_log_target.attributes; since ABI 1.3 */

/* Names the container a handle stands for. */
typedef struct slw_container_desc {
    uint32_t struct_size;
    uint32_t reserved;     /* 0 */
    const char *id;        /* 64 lower-case hex digits; the names of all kernel objects derive from it */
    const char *name;      /* display name without slash, for messages */
    const char *state_dir; /* absolute, exists, 0700, lost at reboot: for the backend alone */
    const char *data_dir;  /* absolute, exists, 0700, persistent: for the backend alone */
    /* Since ABI 1.2, NULL unless the backend has SLW_CREATE_USER_NAMESPACES: who the container's users are outside, as a
     * JSON object {"UIDs": [{"ContainerID": 0, "HostID": 100000, "Size": 65536}, ...], "GIDs": [...], "Owner": ""}.
     * Its image layers and its writable layer keep on disk the ids that its users have inside. With an "Owner", the id
     * of a running container with the same map, the name space of that one is joined; without, one is made for each
     * start. NULL: users are the same inside and outside. */
    const char *user_namespace;
} slw_container_desc;

#define SLW_LOG_ATTRIBUTES_BYTES 65536 /* longest slw_log_target.attributes, without its NUL; since ABI 1.3 */

/* The log the backend writes for the container's output: one JSON object a line, {"log": "text\n", "stream": "stdout",
 * "time": "RFC 3339, nanoseconds"}. */
typedef struct slw_log_target {
    uint32_t struct_size;
    uint32_t max_files; /* rotated files kept including the current one, 1 or more */
    const char *path;   /* absolute path of the current file; NULL: no log. Parent exists */
    uint64_t max_bytes; /* rotate when the file would pass this; 0 for never */
    /* Since ABI 1.3, NULL unless the backend has SLW_CREATE_LOG_ATTRIBUTES: a JSON object of strings on one line, at most
     * SLW_LOG_ATTRIBUTES_BYTES long, that every record carries as its member "attrs", as it is. NULL: no such member. */
    const char *attributes;
} slw_log_target;

/* slw_create_request.flags */
#define SLW_CREATE_TTY (UINT32_C(1) << 0)        /* a pseudo terminal as stdin, stdout and stderr */
#define SLW_CREATE_OPEN_STDIN (UINT32_C(1) << 1) /* keep stdin open for attach; otherwise it reads end of file */
#define SLW_CREATE_STDIN_ONCE (UINT32_C(1) << 2) /* close stdin when the first client that had it closes its side */

typedef struct slw_create_request {
    uint32_t struct_size;
    uint32_t flags;              /* SLW_CREATE_TTY... */
    slw_text spec;               /* what build_spec() wrote */
    const slw_log_target *log;   /* NULL: no log */
    uint16_t tty_rows, tty_cols; /* initial size, 0 for the default of 24x80; ignored without SLW_CREATE_TTY */
    uint32_t reserved;           /* 0 */
} slw_create_request;

typedef struct slw_process_info {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t pid;         /* of the first process as the host sees it; 0 when the platform has none */
    int64_t started_ns;  /* Unix time of start(), 0 before */
} slw_process_info;

#define SLW_PROCESS_NONE INT32_C(0)
#define SLW_PROCESS_PARKED INT32_C(1)
#define SLW_PROCESS_RUNNING INT32_C(2)
#define SLW_PROCESS_EXITED INT32_C(3)

typedef struct slw_process_status {
    uint32_t struct_size;
    int32_t state;       /* SLW_PROCESS_* */
    int64_t pid;         /* 0 unless parked or running */
    int64_t started_ns;  /* Unix time, 0 when never started */
    int64_t finished_ns; /* Unix time, 0 unless exited */
    int32_t exit_code;   /* valid when exited */
    uint32_t oom_killed; /* 1 if the memory limit ended it */
} slw_process_status;

typedef struct slw_create_ops {
    uint32_t struct_size;
    uint32_t flags; /* SLW_CREATE_ACCEPTS_START_HOSTCONFIG... */

    /* Checks a host configuration against what this machine can do and adapts it.
     *
     * `request` is a JSON object {"HostConfig": {...}, "Config": {...} or null, "Update": bool} in the shapes of the
     * Docker Engine API, every known key present. `out` receives {"HostConfig": {...}, "Warnings": ["..."]}, the
     * adapted host configuration whole. Touches nothing; adaptation is idempotent.
     *   SLW_ERR_INVALID_ARGUMENT  the configuration is not acceptable here; message has the Docker text
     *   SLW_ERR_UNIMPLEMENTED     it asks for something this backend does not have; message names it
     * [any, may-block] */
    slw_status(SLW_CALL *verify)(slw_backend *b, const slw_call *call, slw_text request, slw_sink *out, slw_error *err);

    /* Opens a handle. Nothing outside the process is acquired. One handle per id at a time.
     *   SLW_ERR_CONFLICT  a handle for this id is open
     * [any] */
    slw_status(SLW_CALL *container_open)(slw_backend *b, const slw_container_desc *desc, slw_container **out,
                                         slw_error *err);

    /* Ends the handle. The container itself, running or not, stays as it is. NULL is ignored. [per-container] */
    void(SLW_CALL *container_close)(slw_container *c);

    /* Turns the engine's view of the container into the platform's launch document, for Linux an OCI runtime-spec
     * JSON. `request` is {"Id", "Name", "Hostname", "Domainname", "Config": {...}, "HostConfig": {...},
     * "Path": "...", "Args": [...], "Env": [...]} with Config already merged with the image's. Pure but for reads.
     *   SLW_ERR_INVALID_ARGUMENT, SLW_ERR_NOT_FOUND (user, group, device; resource names it)
     * [per-container, may-block; state: open] */
    slw_status(SLW_CALL *build_spec)(slw_container *c, const slw_call *call, slw_text request, slw_sink *out,
                                     slw_error *err);

    /* Makes the container: with SLW_CREATE_PARKS its first process exists afterwards, set up to the last step before
     * the command is executed, and waits for start(). Uses the root and mounts given by slw.mount/1 and the sandbox
     * and endpoints given by slw.network/1.
     *   SLW_ERR_EXEC_NOT_FOUND, SLW_ERR_EXEC_DENIED, SLW_ERR_MOUNT_TYPE, SLW_ERR_SYSTEM, ...
     * [per-container, may-block; state: open -> created] */
    slw_status(SLW_CALL *create)(slw_container *c, const slw_call *call, const slw_create_request *req,
                                 slw_process_info *out, slw_error *err);

    /* Lets the parked process go. Returns SLW_OK once the command was executed, also when it has ended since; the
     * exit is then reported by SLW_EVENT_EXIT as always. On failure the container is still `created` and destroy()
     * is the only legal call.
     *   SLW_ERR_EXEC_NOT_FOUND, SLW_ERR_EXEC_DENIED, ...
     * [per-container, may-block; state: created -> running] */
    slw_status(SLW_CALL *start)(slw_container *c, const slw_call *call, slw_process_info *out, slw_error *err);

    /* Sends a signal, by its Linux number, to the first process. Windows backends map 15 to shutdown and 9 to
     * terminate. A process that has ended already is SLW_ERR_NOT_FOUND.
     * [any; state: running] */
    slw_status(SLW_CALL *signal)(slw_container *c, int32_t signum, slw_error *err);

    /* Reports the first process. [any; state: any] */
    slw_status(SLW_CALL *status)(slw_container *c, slw_process_status *out, slw_error *err);

    /* Kills what still runs and gives back everything create() took: processes, control groups, namespaces, the
     * supervisor. Output already written by the container reaches its log and its attached clients first, for at most
     * 2 s. Idempotent: nothing there is success. Ignores call->cancelled.
     * [per-container, may-block; state: any -> open] */
    slw_status(SLW_CALL *destroy)(slw_container *c, const slw_call *call, slw_error *err);
} slw_create_ops;

SLW_END_C

#endif
