/* sdk/include/slipway/exec.h - start further processes in a running container. Optional: without it the engine answers
 * exec with 501 and refuses health checks. Since ABI 1.1.
 *
 * What an exec writes goes to its own client or into its own bounded buffer, never to the container's log or to the
 * container's clients. Execs end with their container at the latest. An exec that outlives the daemon runs on with its
 * client, unless it was started with SLW_EXEC_ENDS_WITH_HOST, but cannot be taken over. */
#ifndef SLIPWAY_EXEC_H
#define SLIPWAY_EXEC_H

#include <slipway/create.h>
#include <slipway/stdio.h>

SLW_BEGIN_C

#define SLW_EXT_EXEC "slw.exec/1" /* const slw_exec_ops * */

/* slw_exec_request.flags */
#define SLW_EXEC_TTY (UINT32_C(1) << 0)            /* a pseudo terminal as stdin, stdout and stderr */
#define SLW_EXEC_OPEN_STDIN (UINT32_C(1) << 1)     /* the client's input is its stdin; otherwise it reads end of file */
#define SLW_EXEC_ENDS_WITH_HOST (UINT32_C(1) << 2) /* kill it when the daemon goes away */

typedef struct slw_exec_request {
    uint32_t struct_size;
    uint32_t flags;                   /* SLW_EXEC_TTY... */
    const char *exec_id;              /* 64 lower-case hex digits, never used before */
    slw_text process;                 /* as the request of build_spec(), see start() */
    const slw_attach_request *client; /* who gets the output and gives the input; NULL: nobody */
    uint64_t capture_bytes;           /* output() keeps so many bytes from the beginning, at most 1 MiB; 0: none */
    uint16_t tty_rows, tty_cols;      /* initial size, 0 for the default of 24x80; ignored without SLW_EXEC_TTY */
    uint32_t reserved;                /* 0 */
} slw_exec_request;

typedef struct slw_exec_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Starts the process in the name spaces, control groups and root of the container, as confined as its first process.
     * Returns once the command was executed, also when it has ended since; its end is then reported by
     * SLW_EVENT_EXEC_EXIT, after its last output reached client and buffer. `process` is the request of build_spec() with
     * Path, Args, Env, Config.User, Config.WorkingDir and Config.Tty those of the exec. A failure leaves nothing behind,
     * and then nothing was written to the client but, perhaps, the preamble.
     *   SLW_ERR_CONFLICT       the container does not run, or the id is in use
     *   SLW_ERR_EXEC_NOT_FOUND, SLW_ERR_EXEC_DENIED, SLW_ERR_INVALID_ARGUMENT (user), ...
     * [per-container, may-block; state: running] */
    slw_status(SLW_CALL *start)(slw_container *c, const slw_call *call, const slw_exec_request *req,
                                slw_process_info *out, slw_error *err);

    /* Sends a signal, by its Linux number. One that has ended, or is not known, is SLW_ERR_NOT_FOUND. [any] */
    slw_status(SLW_CALL *signal)(slw_container *c, const char *exec_id, int32_t signum, slw_error *err);

    /* Sets the terminal's size in characters.
     *   SLW_ERR_NOT_FOUND  no such exec
     *   SLW_ERR_CONFLICT   no terminal, or it has ended
     * [any] */
    slw_status(SLW_CALL *resize)(slw_container *c, const char *exec_id, uint16_t rows, uint16_t cols, slw_error *err);

    /* Writes what `capture_bytes` kept so far: stdout and stderr in the order they were read. SLW_ERR_NOT_FOUND when
     * there is no such exec. [any] */
    slw_status(SLW_CALL *output)(slw_container *c, const char *exec_id, slw_sink *out, slw_error *err);

    /* Kills the process if it still runs and forgets the exec. Its client's stream ends after this call, or, for a host
     * that does not come, after 5 s: a client asks for the exit code as soon as it sees the end, so the host releases an
     * exec when it has noted its exit. Not known is success. Ignores call->cancelled.
     * [any, may-block] */
    slw_status(SLW_CALL *release)(slw_container *c, const slw_call *call, const char *exec_id, slw_error *err);
} slw_exec_ops;

SLW_END_C

#endif
