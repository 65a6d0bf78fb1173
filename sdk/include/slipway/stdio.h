/* sdk/include/slipway/stdio.h - attach clients to a container's streams. Optional.
 *
 * The backend serves the client's socket itself, so an attached client costs the daemon no thread and survives the
 * daemon. Absent: the engine answers attach with 501. */
#ifndef SLIPWAY_STDIO_H
#define SLIPWAY_STDIO_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_STDIO "slw.stdio/1" /* const slw_stdio_ops * */

/* slw_attach_request.flags */
#define SLW_ATTACH_STDIN (UINT32_C(1) << 0)
#define SLW_ATTACH_STDOUT (UINT32_C(1) << 1)
#define SLW_ATTACH_STDERR (UINT32_C(1) << 2)
#define SLW_ATTACH_MULTIPLEXED (UINT32_C(1) << 3) /* Docker's 8-byte frame headers; never with a terminal */
#define SLW_ATTACH_REPLY_FIRST (UINT32_C(1) << 4) /* write `preamble` to the client before anything else */

typedef struct slw_attach_request {
    uint32_t struct_size;
    uint32_t flags;        /* SLW_ATTACH_* */
    slw_os_handle stream;  /* connected stream socket; duplicated by the callee */
    slw_text preamble;     /* bytes for the client, such as the HTTP response head; see REPLY_FIRST */
    slw_text early_input;  /* bytes the client sent already, to be delivered to stdin first */
    slw_text detach_keys;  /* raw key bytes that detach, such as "\x10\x11"; empty for none; terminals only */
} slw_attach_request;

typedef struct slw_stdio_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Joins a client. Output flows with back-pressure: a client that does not read stops the container's writes, not
     * its end. The stream is closed for writing after the last byte once the container has ended; a client that closes
     * its writing side half-closes stdin (see SLW_CREATE_STDIN_ONCE). Clients attached while `created` miss nothing.
     *   SLW_ERR_CONFLICT  the container has ended
     * [per-container; state: created, running] */
    slw_status(SLW_CALL *attach)(slw_container *c, const slw_call *call, const slw_attach_request *req, slw_error *err);

    /* Sets the terminal's size in characters and signals SIGWINCH.
     *   SLW_ERR_CONFLICT  no terminal, or not running
     * [any; state: created, running] */
    slw_status(SLW_CALL *resize)(slw_container *c, uint16_t rows, uint16_t cols, slw_error *err);
} slw_stdio_ops;

SLW_END_C

#endif
