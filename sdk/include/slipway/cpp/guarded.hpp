// sdk/include/slipway/cpp/guarded.hpp - what every C++ entry point of a plugin runs inside.
#pragma once

#include <slipway/cpp/error.hpp>

#include <exception>
#include <new>

namespace slipway {

// Runs `body`, which returns Status, and turns its error or anything it throws into a slw_status and `*err`.
//
//   slw_status SLW_CALL my_start(slw_container* c, ..., slw_error* err) noexcept {
//       return slipway::guarded(err, [&]() -> Status { ... return ok(); });
//   }
template <class Body>
slw_status guarded(slw_error* err, Body&& body) noexcept {
    try {
        try {
            Status status = body();
            if (status) return SLW_OK;
            return to_abi(status.error(), err);
        } catch (const std::bad_alloc&) {
            return to_abi(Error(ErrorCode::kResourceExhausted, "out of memory"), err);
        } catch (const std::exception& e) {
            return to_abi(Error(ErrorCode::kInternal, e.what()), err);
        } catch (...) {
            return to_abi(Error(ErrorCode::kInternal, "an exception of unknown type"), err);
        }
    } catch (...) {
        return SLW_ERR_INTERNAL;  // building the error failed as well
    }
}

}  // namespace slipway
