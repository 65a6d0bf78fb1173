/* sdk/include/slipway/update.h - change the limits of a container that runs. Optional.
 *
 * Absent: the engine answers an update of a running container's limits with 501; its record can still be changed. */
#ifndef SLIPWAY_UPDATE_H
#define SLIPWAY_UPDATE_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_UPDATE "slw.update/1" /* const slw_update_ops * */

typedef struct slw_update_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Applies limits to a running container. `request` is a JSON object {"HostConfig": {...}, "Changed": ["Memory",
     * ...]}: the whole host configuration as it will be, verified by verify() with "Update", and the keys that differ
     * from what the container has. Only those are applied. All or nothing: what was applied before a failure is put
     * back as far as the platform lets it.
     *   SLW_ERR_CONFLICT  the container does not run
     *   SLW_ERR_SYSTEM    the platform refuses a value, such as a limit below what is in use; resource names it
     * [per-container, may-block; state: running] */
    slw_status(SLW_CALL *update)(slw_container *c, const slw_call *call, slw_text request, slw_error *err);
} slw_update_ops;

SLW_END_C

#endif
