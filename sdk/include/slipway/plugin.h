/* sdk/include/slipway/plugin.h - the one symbol a backend exports.
 *
 * A backend is a shared library with a manifest beside it: for `libslipway-linux.so` the file `libslipway-linux.json`:
 *
 *   {"slipway_plugin": 1, "name": "linux", "platform": "linux", "abi_major": 1, "abi_minor": 0,
 *    "version": "0.1.0", "description": "one sentence"}
 *
 * "platform" is the system the library runs on, "image_os" the one its containers' images are for: "linux" or "windows",
 * the platform when it is left out. The default backend's decides which images can be loaded, which networks are built
 * in (bridge, host and none; nat and none) and what clients are told as the daemon's OSType.
 *
 * The host reads the manifest before any code of the library runs, refuses another ABI major by naming both versions,
 * then loads the library by absolute path with its symbols local and resolved at once, first in a throw-away process,
 * then in the daemon. A backend that is missing, broken or crashing is reported and skipped; the daemon serves on. */
#ifndef SLIPWAY_PLUGIN_H
#define SLIPWAY_PLUGIN_H

#include <slipway/host.h>

SLW_BEGIN_C

/* The exported constant. The host reads struct_size, abi_major and abi_minor before it calls anything. */
typedef struct slw_plugin {
    uint32_t struct_size;
    uint32_t abi_major; /* SLW_ABI_MAJOR the plugin was built with */
    uint32_t abi_minor;
    uint32_t reserved;   /* 0 */
    const char *name;    /* what HostConfig.Runtime selects: [a-z][a-z0-9-]{0,31} */
    const char *version; /* of the plugin, free text */

    /* Makes the backend. It may check that the platform has what it needs, but acquires nothing outside the process:
     * the host also calls it in a probe process that then exits without deinit's help being certain.
     *   SLW_ERR_UNAVAILABLE  this machine cannot run the backend; err says what is missing
     * [main, may-block] */
    slw_status(SLW_CALL *init)(const slw_host *host, slw_backend **out, slw_error *err);

    /* Ends the backend after the last container_close. Running containers stay as they are. [main, may-block] */
    void(SLW_CALL *deinit)(slw_backend *backend);

    /* Returns the table for an extension id such as SLW_EXT_CREATE, or NULL when the backend does not offer it, also
     * for an id that is unknown or NULL. The table is constant and stays valid until deinit. [any] */
    const void *(SLW_CALL *get_extension)(slw_backend *backend, const char *extension_id);
} slw_plugin;

#define SLW_PLUGIN_SYMBOL "slw_plugin_entry"

/* Define it in exactly one source file of the plugin. */
extern SLW_EXPORT const slw_plugin slw_plugin_entry;

SLW_END_C

#endif
