/* sdk/include/slipway/stats.h - what a container uses. Optional: without it the engine answers stats with 501. Since
 * ABI 1.2. */
#ifndef SLIPWAY_STATS_H
#define SLIPWAY_STATS_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_STATS "slw.stats/1" /* const slw_stats_ops * */

typedef struct slw_stats_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Writes one JSON object with those of the members "cpu_stats", "memory_stats", "blkio_stats", "pids_stats",
     * "networks", "num_procs" and "storage_stats" that the platform has, each in the shape of ContainerStatsResponse of
     * the Docker Engine API for this platform. All counters count from the start of the container. The host adds name,
     * id and times, and keeps the sample before.
     *   SLW_ERR_CONFLICT  the container does not run
     * [any, may-block; state: running] */
    slw_status(SLW_CALL *read)(slw_container *c, const slw_call *call, slw_sink *out, slw_error *err);
} slw_stats_ops;

SLW_END_C

#endif
