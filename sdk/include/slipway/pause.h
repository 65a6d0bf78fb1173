/* sdk/include/slipway/pause.h - hold all processes of a container still and let them go on. Optional: without it the
 * engine answers pause with 501. Since ABI 1.1. */
#ifndef SLIPWAY_PAUSE_H
#define SLIPWAY_PAUSE_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_PAUSE "slw.pause/1" /* const slw_pause_ops * */

/* A paused container is still `running` in the terms of create.h. It can always be ended: signal() with 9 and destroy()
 * let its processes go so far that they die. Whether a container is paused is the host's to remember; after adopt() it
 * repeats pause() or resume() as its record says. */
typedef struct slw_pause_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Returns once every process of the container stands still. Paused already is success; on failure everything runs.
     *   SLW_ERR_CONFLICT           the container does not run
     *   SLW_ERR_UNAVAILABLE        this machine has no means to do it
     *   SLW_ERR_DEADLINE_EXCEEDED  a process would not stop in time
     * [per-container, may-block; state: running] */
    slw_status(SLW_CALL *pause)(slw_container *c, const slw_call *call, slw_error *err);

    /* Lets the processes go on. Not paused is success.
     *   SLW_ERR_CONFLICT  the container does not run
     * [per-container, may-block; state: running] */
    slw_status(SLW_CALL *resume)(slw_container *c, const slw_call *call, slw_error *err);
} slw_pause_ops;

SLW_END_C

#endif
