/* sdk/include/slipway/base.h - the vocabulary every Slipway ABI header shares.
 *
 * Plain C11, standard headers only. The rules that hold for every function of the ABI:
 *
 *  - Memory never changes owner. Inputs live for the call; the callee copies what it keeps. Text goes back through a
 *    slw_sink or into a structure the caller owns.
 *  - Structures that cross start with `struct_size` and grow only at the end. The side that fills a structure stores
 *    its own sizeof; the side that reads it tests optional fields with SLW_HAS, never by equality.
 *  - Every function is noexcept in the C++ sense: nothing may be thrown, longjmp'ed or aborted across the boundary.
 *  - Outputs are written on success only, and a call that fails leaves nothing behind.
 *  - Unknown flag bits are refused with SLW_ERR_INVALID_ARGUMENT; unknown status values count as SLW_ERR_INTERNAL.
 *  - All strings are UTF-8. Strings that cross as slw_text need no terminator.
 *
 * The comment of each function ends with a tag:
 *   [main]           the thread that loads the plugin, while no container exists
 *   [per-container]  the host serialises these calls for one container; other containers run in parallel
 *   [any]            may arrive on any thread at any time
 *   may-block        may wait for the kernel or a disk; must watch slw_call for its deadline and cancellation
 *   state: ...       the container states (see create.h) in which the call is legal
 */
#ifndef SLIPWAY_BASE_H
#define SLIPWAY_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define SLW_BEGIN_C extern "C" {
#define SLW_END_C }
#else
#define SLW_BEGIN_C
#define SLW_END_C
#endif

#if defined(_WIN32)
#define SLW_CALL __cdecl
#define SLW_EXPORT __declspec(dllexport)
#else
#define SLW_CALL
#define SLW_EXPORT __attribute__((visibility("default")))
#endif

SLW_BEGIN_C

/* ABI version of this SDK. Majors must match; each side then uses at most the smaller minor. */
#define SLW_ABI_MAJOR UINT32_C(1)
#define SLW_ABI_MINOR UINT32_C(4)

/* True when the structure behind `ptr` is large enough to hold `field`. */
#define SLW_HAS(ptr, type, field) \
    ((ptr)->struct_size >= (uint32_t)(offsetof(type, field) + sizeof(((type *)0)->field)))

/* Result of every fallible call. A closed list: the host derives exit codes and HTTP statuses from it, never from text.
 * Numbers are part of the ABI. */
typedef int32_t slw_status;
#define SLW_OK ((slw_status)0)
#define SLW_ERR_INVALID_ARGUMENT ((slw_status)1)   /* the request is malformed or out of range; HTTP 400 */
#define SLW_ERR_NOT_FOUND ((slw_status)2)          /* the named object does not exist; HTTP 404 */
#define SLW_ERR_CONFLICT ((slw_status)3)           /* the object is in a state that forbids it; HTTP 409 */
#define SLW_ERR_NOT_MODIFIED ((slw_status)4)       /* already so; HTTP 304 */
#define SLW_ERR_PERMISSION_DENIED ((slw_status)5)  /* policy refuses; HTTP 403 */
#define SLW_ERR_UNAVAILABLE ((slw_status)6)        /* cannot now, may work later; HTTP 503 */
#define SLW_ERR_UNIMPLEMENTED ((slw_status)7)      /* this backend does not offer it; HTTP 501 */
#define SLW_ERR_INTERNAL ((slw_status)8)           /* a broken invariant; HTTP 500 */
#define SLW_ERR_SYSTEM ((slw_status)9)             /* refused by the operating system, see os_code; HTTP 500 */
#define SLW_ERR_EXEC_NOT_FOUND ((slw_status)10)    /* the command does not exist; exit code 127, HTTP 400 */
#define SLW_ERR_EXEC_DENIED ((slw_status)11)       /* the command cannot be invoked; exit code 126, HTTP 400 */
#define SLW_ERR_MOUNT_TYPE ((slw_status)12)        /* file onto directory or the reverse; exit code 127, HTTP 400 */
#define SLW_ERR_CANCELLED ((slw_status)13)         /* slw_call.cancel fired; HTTP 500 */
#define SLW_ERR_DEADLINE_EXCEEDED ((slw_status)14) /* slw_call.deadline_ns passed; HTTP 500 */
#define SLW_ERR_RESOURCE_EXHAUSTED ((slw_status)15) /* disk, pids, addresses, descriptors...; HTTP 500 */
#define SLW_ERR_DATA_LOSS ((slw_status)16)         /* stored data is damaged or content does not match; HTTP 500 */

/* What kind of number slw_error.os_code is. */
#define SLW_OS_NONE INT32_C(0)
#define SLW_OS_ERRNO INT32_C(1)
#define SLW_OS_HRESULT INT32_C(2)

#define SLW_ERROR_MESSAGE_BYTES 1024
#define SLW_ERROR_OPERATION_BYTES 64
#define SLW_ERROR_RESOURCE_BYTES 512
#define SLW_ERROR_HINT_BYTES 256

/* Why a call failed. The caller owns it, zeroes it and sets struct_size; the callee fills it when it returns anything
 * but SLW_OK. May be NULL when the caller does not care. Every text is NUL-terminated and cut at a UTF-8 boundary when
 * it does not fit. */
typedef struct slw_error {
    uint32_t struct_size;
    slw_status status;                         /* the value the call returned */
    int32_t os_domain;                         /* SLW_OS_* */
    int32_t os_code;                           /* errno or HRESULT; 0 when os_domain is SLW_OS_NONE */
    char message[SLW_ERROR_MESSAGE_BYTES];     /* for people: "open_tree '/srv/x': Permission denied" */
    char operation[SLW_ERROR_OPERATION_BYTES]; /* system call or platform operation: "open_tree"; may be empty */
    char resource[SLW_ERROR_RESOURCE_BYTES];   /* the object it was about: a path, an address, an id; may be empty */
    char hint[SLW_ERROR_HINT_BYTES];           /* what the user could do; may be empty */
} slw_error;

/* Borrowed text, `size` bytes of UTF-8 without terminator. data may be NULL only when size is 0. */
typedef struct slw_text {
    const char *data;
    uint64_t size;
} slw_text;

/* Where a callee writes text or bytes of unknown length. write() may be called many times, in order, on the calling
 * thread, only until the call returns. It returns 0 to go on, anything else to stop: the callee then gives up with
 * SLW_ERR_CANCELLED. */
typedef struct slw_sink {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    void *ctx;
    int32_t(SLW_CALL *write)(void *ctx, const void *data, uint64_t size);
} slw_sink;

/* Where a callee reads bytes from. read() stores at most `capacity` bytes and returns how many: 0 at the end, negative
 * on failure. Calling thread only, until the call returns. */
typedef struct slw_source {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    void *ctx;
    int64_t(SLW_CALL *read)(void *ctx, void *buffer, uint64_t capacity);
} slw_source;

/* A file descriptor on POSIX, a HANDLE cast through intptr_t on Windows. Borrowed for the call; the callee duplicates
 * what it keeps. */
typedef int64_t slw_os_handle;
#define SLW_NO_HANDLE ((slw_os_handle)-1)

/* The limits of one call. `deadline_ns` is on the clock of slw_host.monotonic_ns, 0 for none. `cancelled` may be NULL;
 * otherwise it may be asked from any thread until the call returns and answers non-zero once the host has given up.
 * A callee that may block checks both at least every 100 ms. */
typedef struct slw_call {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    uint64_t deadline_ns;
    void *cancel_ctx;
    int32_t(SLW_CALL *cancelled)(void *cancel_ctx);
} slw_call;

/* Opaque. A backend instance lives from slw_plugin.init to slw_plugin.deinit, a container from container_open to
 * container_close (create.h). */
typedef struct slw_backend slw_backend;
typedef struct slw_container slw_container;

SLW_END_C

#endif
