/* sdk/include/slipway/top.h - the processes of a container. Optional: without it the engine answers top with 501. Since
 * ABI 1.2. */
#ifndef SLIPWAY_TOP_H
#define SLIPWAY_TOP_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_TOP "slw.top/1" /* const slw_top_ops * */

typedef struct slw_top_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Writes {"Titles": ["UID", ...], "Processes": [["root", ...], ...]}, as many fields in each process as titles, the
     * processes in the order of their ids. `arguments` are those of ps(1) for Linux, such as "-ef" or "-o pid,comm";
     * empty asks for the platform's default. No program of the container's own file system runs for it.
     *   SLW_ERR_INVALID_ARGUMENT  the backend does not know an argument; message names it
     *   SLW_ERR_CONFLICT          the container does not run
     * [any, may-block; state: running] */
    slw_status(SLW_CALL *list)(slw_container *c, const slw_call *call, slw_text arguments, slw_sink *out,
                               slw_error *err);
} slw_top_ops;

SLW_END_C

#endif
