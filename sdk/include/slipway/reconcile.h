/* sdk/include/slipway/reconcile.h - find and take over what outlived the daemon. Optional, but required for containers
 * to survive a restart of the daemon. */
#ifndef SLIPWAY_RECONCILE_H
#define SLIPWAY_RECONCILE_H

#include <slipway/create.h>

SLW_BEGIN_C

#define SLW_EXT_RECONCILE "slw.reconcile/1" /* const slw_reconcile_ops * */

typedef struct slw_reconcile_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Writes a JSON array of what the backend holds for this engine (host config key "instance"), found in the
     * platform itself and not in memory: [{"Id": "<container id>", "State": "parked"|"running"|"exited"|"debris",
     * "Pid": 123}]. Debris is anything named for a container that has no first process and no exit record. One that
     * cannot be asked at the moment is "running" with "Pid": 0, so that it alone is decided about when it is adopted.
     * [main, may-block] */
    slw_status(SLW_CALL *list)(slw_backend *b, const slw_call *call, slw_sink *out, slw_error *err);

    /* Takes over the container behind a freshly opened handle: running ones post SLW_EVENT_EXIT from now on, exited
     * ones report their real exit code. Its addresses and ports count as taken again.
     *   SLW_ERR_NOT_FOUND  nothing of it is left
     * [per-container, may-block; state: open -> running or exited] */
    slw_status(SLW_CALL *adopt)(slw_container *c, const slw_call *call, slw_process_status *out, slw_error *err);

    /* Removes everything named for `container_id`, however half-done, whether or not a handle ever existed. It may run
     * at any time and twice; nothing there is success. The writable layer stays. [any, may-block; no open handle] */
    slw_status(SLW_CALL *remove)(slw_backend *b, const slw_call *call, const char *container_id, slw_error *err);
} slw_reconcile_ops;

SLW_END_C

#endif
