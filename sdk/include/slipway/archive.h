/* sdk/include/slipway/archive.h - copy files into and out of a container. Optional: without it the engine answers the
 * archive routes and export with 501. Since ABI 1.2.
 *
 * The container is hostile: whatever links and mounts it makes, even while a call runs, nothing outside its file systems
 * is read or written, and no program, library or account database of its own is used. */
#ifndef SLIPWAY_ARCHIVE_H
#define SLIPWAY_ARCHIVE_H

#include <slipway/mount.h>

SLW_BEGIN_C

#define SLW_EXT_ARCHIVE "slw.archive/1" /* const slw_archive_ops * */

/* Where in which file system. A running container is seen as its first process sees it, mounts included. Of one that
 * does not run, `root` and `mounts` say what it consists of: what root_mount() and mount() would be given for a start,
 * in that order. */
typedef struct slw_archive_place {
    uint32_t struct_size;
    uint32_t flags;                           /* 0 */
    const char *path;                         /* inside the container; relative means below "/". A "/" or "/." at its end
                                                 asks for what a link there leads to */
    const slw_root_request *root;             /* never NULL */
    const slw_mount_request *const *mounts;   /* in the order of their targets */
    uint64_t mount_count;
} slw_archive_place;

/* Flags of put() */
#define SLW_ARCHIVE_KEEP_KINDS (UINT32_C(1) << 0) /* a directory may not replace something else, nor the reverse */
#define SLW_ARCHIVE_KEEP_OWNERS (UINT32_C(1) << 1) /* the members' own numeric owners; else those of the directory */

typedef struct slw_archive_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Writes {"name": "...", "size": n, "mode": n, "mtime": "RFC 3339", "linkTarget": "..."} about `place`, as Docker's
     * X-Docker-Container-Path-Stat: `mode` in the bits of Go's os.FileMode, `linkTarget` the absolute path inside the
     * container that a symbolic link leads to, else empty.
     *   SLW_ERR_NOT_FOUND         nothing there; resource has the path
     *   SLW_ERR_INVALID_ARGUMENT  a part of the path before its last is not a directory, or too many links
     * [per-container, may-block; state: any] */
    slw_status(SLW_CALL *stat)(slw_container *c, const slw_call *call, const slw_archive_place *place, slw_sink *out,
                               slw_error *err);

    /* Writes what stat() writes to `stat`, then an uncompressed tar stream of `place` to `tar`. Names in it begin with
     * the last part of the path, or with "." when the path ends in "/.".  Errors as stat(). After the first byte to
     * `tar` a failure leaves the stream cut.
     * [per-container, may-block; state: any] */
    slw_status(SLW_CALL *get)(slw_container *c, const slw_call *call, const slw_archive_place *place, slw_sink *stat,
                              slw_sink *tar, slw_error *err);

    /* Unpacks an uncompressed tar stream into the directory `place`. `flags` are SLW_ARCHIVE_*.
     *   SLW_ERR_NOT_FOUND           no such directory
     *   SLW_ERR_INVALID_ARGUMENT    not a directory, not a tar stream, a kind that would be replaced; resource names the
     *                               path or member
     *   SLW_ERR_PERMISSION_DENIED   the root or mount there is read-only
     *   SLW_ERR_RESOURCE_EXHAUSTED  disk full
     * Members before the one that failed stay.
     * [per-container, may-block; state: any] */
    slw_status(SLW_CALL *put)(slw_container *c, const slw_call *call, const slw_archive_place *place, uint32_t flags,
                              const slw_source *tar, slw_error *err);

    /* Writes the root file system as an uncompressed tar stream, without what is mounted into it. `path` and `mounts` of
     * `place` are not looked at.
     * [per-container, may-block; state: any] */
    slw_status(SLW_CALL *export_root)(slw_container *c, const slw_call *call, const slw_archive_place *place,
                                      slw_sink *tar, slw_error *err);
} slw_archive_ops;

SLW_END_C

#endif
