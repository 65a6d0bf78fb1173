// failure.hpp - how a step of the set-up says what went wrong.
#pragma once

#include <slipway_supervisor/control.hpp>

#include <errno.h>
#include <string.h>

namespace slipway::supervisor {

// Copies as much as fits; the buffer is zeroed beforehand and keeps its terminator.
template <size_t kSize>
void copy_into(char (&to)[kSize], const char* from) {
    const size_t length = strnlen(from, kSize - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

// Fills `out` and returns false, so that a step can end with `return fail(...)`. errno is taken as it is.
inline bool fail(Failure& out, FailureKind kind, const char* operation, const char* object, const char* detail = "") {
    out.os_code = errno;
    out.kind = kind;
    copy_into(out.operation, operation);
    copy_into(out.object, object);
    copy_into(out.detail, detail);
    return false;
}

inline bool fail(Failure& out, const char* operation, const char* object = "") {
    return fail(out, FailureKind::kSystem, operation, object);
}

}  // namespace slipway::supervisor
