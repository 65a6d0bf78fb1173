/* sdk/include/slipway/mount.h - image layers, root file systems, and mounts into containers. Required. */
#ifndef SLIPWAY_MOUNT_H
#define SLIPWAY_MOUNT_H

#include <slipway/base.h>

SLW_BEGIN_C

#define SLW_EXT_MOUNT "slw.mount/1" /* const slw_mount_ops * */

/* slw_mount_request.flags */
#define SLW_MOUNT_READ_ONLY (UINT32_C(1) << 0)
#define SLW_MOUNT_RECURSIVE_READ_ONLY (UINT32_C(1) << 1) /* with READ_ONLY: mounts below the source too */
#define SLW_MOUNT_CREATE_SOURCE (UINT32_C(1) << 2)       /* make a missing source directory, mode 0755 */
#define SLW_MOUNT_NO_RECURSIVE (UINT32_C(1) << 3)        /* leave mounts below the source out */
#define SLW_MOUNT_NO_EXEC (UINT32_C(1) << 4)
#define SLW_MOUNT_NO_SUID (UINT32_C(1) << 5)
#define SLW_MOUNT_NO_DEV (UINT32_C(1) << 6)
/* Since ABI 1.0 as first shipped; a backend that does not know one of them answers SLW_ERR_INVALID_ARGUMENT. */
#define SLW_MOUNT_COPY_UP (UINT32_C(1) << 7)     /* an empty source directory first becomes a copy, owner, modes and
                                                    extended attributes included, of the directory `target` of the
                                                    mounted root, if there is one: whole or not at all */
#define SLW_MOUNT_NO_SYMLINKS (UINT32_C(1) << 8) /* no part of `source` may be a symbolic link */
/* Since ABI 1.2, only given to backends with SLW_CREATE_USER_NAMESPACES. */
#define SLW_MOUNT_MAP_IDS (UINT32_C(1) << 9) /* of a container with a user name space: owner n of a file is user n of
                                                the container; without it the owner is who it is for the host. An
                                                in-memory directory always belongs to the container's root */

/* One mount into a container. Grows at the end; test optional fields with SLW_HAS. */
typedef struct slw_mount_request {
    uint32_t struct_size;
    uint32_t flags;          /* SLW_MOUNT_* bits, 0 for none */
    const char *source;      /* absolute host path; NULL asks for an empty in-memory directory */
    const char *target;      /* absolute path inside the container, without ".." parts */
    const char *propagation; /* "rprivate", "private", "rshared", "shared", "rslave", "slave"; NULL for rprivate */
    uint64_t limit_bytes;    /* in-memory only: size limit; 0 leaves it to the backend */
    uint32_t mode;           /* in-memory only: permission bits of its root; 0 means 01777 */
    uint32_t reserved;       /* 0 */
} slw_mount_request;

/* slw_root_request.flags */
#define SLW_ROOT_READ_ONLY (UINT32_C(1) << 0)

/* Names the layers of a root file system. */
typedef struct slw_root_request {
    uint32_t struct_size;
    uint32_t flags;                /* SLW_ROOT_* */
    const char *const *layer_ids;  /* lowest first; each was imported */
    uint64_t layer_count;          /* 0: an empty root */
} slw_root_request;

typedef struct slw_layer_info {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t size_bytes;   /* of regular files as unpacked, this layer alone */
    uint64_t entry_count;  /* members unpacked */
} slw_layer_info;

typedef struct slw_mount_ops {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* Unpacks an uncompressed tar stream as layer `layer_id` ([a-f0-9]{64}). The layer appears whole or not at all,
     * and is on disk (synced) when the call returns. `parent_ids`, lowest first, are what it lies on: needed to resolve
     * whiteouts. An id that exists already is success, and the source is not read.
     * Nothing outside the layer's directory is ever touched, whatever names and links the stream holds.
     *   SLW_ERR_INVALID_ARGUMENT    not a tar stream, or a member that would leave the layer; resource names the member
     *   SLW_ERR_RESOURCE_EXHAUSTED  disk full
     * [any, may-block] */
    slw_status(SLW_CALL *layer_import)(slw_backend *b, const slw_call *call, const char *layer_id,
                                       const char *const *parent_ids, uint64_t parent_count, const slw_source *tar,
                                       slw_layer_info *out, slw_error *err);

    /* SLW_ERR_NOT_FOUND when it is not there. [any] */
    slw_status(SLW_CALL *layer_stat)(slw_backend *b, const char *layer_id, slw_layer_info *out, slw_error *err);

    /* Removes a layer. Gone already is success. The host knows that no container uses it. [any, may-block] */
    slw_status(SLW_CALL *layer_remove)(slw_backend *b, const slw_call *call, const char *layer_id, slw_error *err);

    /* Writes one JSON array of the ids of all layers held, so that the host can find orphans. [any, may-block] */
    slw_status(SLW_CALL *layer_list)(slw_backend *b, const slw_call *call, slw_sink *out, slw_error *err);

    /* Makes the container's writable layer, kept until root_remove. Existing is success. [per-container; state: open] */
    slw_status(SLW_CALL *root_create)(slw_container *c, const slw_call *call, const slw_root_request *req,
                                      slw_error *err);

    /* Deletes the writable layer. Gone already is success. [per-container, may-block; state: open] */
    slw_status(SLW_CALL *root_remove)(slw_container *c, const slw_call *call, slw_error *err);

    /* Assembles the root file system for the next create(). Nothing appears in the host's mount table.
     *   SLW_ERR_NOT_FOUND  a layer is missing; resource has its id
     *   SLW_ERR_CONFLICT   mounted already
     * [per-container, may-block; state: open] */
    slw_status(SLW_CALL *root_mount)(slw_container *c, const slw_call *call, const slw_root_request *req,
                                     slw_error *err);

    /* Undoes root_mount(). Not mounted is success. [per-container, may-block; state: open, exited] */
    slw_status(SLW_CALL *root_unmount)(slw_container *c, const slw_call *call, slw_error *err);

    /* Prepares `req` for the container and stores an id, 1 or more, in `*out_id`. It takes effect in create().
     *   SLW_ERR_INVALID_ARGUMENT  unknown flag, or a path that is not absolute
     *   SLW_ERR_NOT_FOUND         `source` does not exist
     *   SLW_ERR_CONFLICT          `target` already carries one of our mounts
     *   SLW_ERR_SYSTEM            refused by the OS; os_code has the reason
     * [per-container, may-block; state: open] */
    slw_status(SLW_CALL *mount)(slw_container *c, const slw_call *call, const slw_mount_request *req, uint64_t *out_id,
                                slw_error *err);

    /* Undoes mount(). An id that is gone already is success. [per-container, may-block; state: open, exited] */
    slw_status(SLW_CALL *unmount)(slw_container *c, const slw_call *call, uint64_t id, slw_error *err);

    /* Bytes the container has written to its writable layer. [any, may-block; state: any] */
    slw_status(SLW_CALL *root_size)(slw_container *c, const slw_call *call, uint64_t *out_bytes, slw_error *err);

    /* Writes a JSON array [{"Path": "/a", "Kind": 0|1|2}] of what differs from the image: 0 modified, 1 added,
     * 2 deleted, as Docker's /changes. NULL when the backend cannot tell. [any, may-block; state: any] */
    slw_status(SLW_CALL *root_diff)(slw_container *c, const slw_call *call, slw_sink *out, slw_error *err);

    /* Since ABI 1.4. Writes what differs from the image as an uncompressed tar stream, a layer: what layer_import() of
     * this backend takes, on the layers the container has. NULL when the backend cannot. After the first byte a failure
     * leaves the stream cut.
     *   SLW_ERR_CONFLICT  the container runs, and the backend needs it not to
     * [any, may-block; state: any] */
    slw_status(SLW_CALL *root_export)(slw_container *c, const slw_call *call, slw_sink *tar, slw_error *err);
} slw_mount_ops;

SLW_END_C

#endif
