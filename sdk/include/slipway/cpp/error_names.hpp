// sdk/include/slipway/cpp/error_names.hpp - what errors are called in JSON and in headers of the API, for programs.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string_view>

namespace slipway {

// The name of base.h without its prefix, in lower case: "not_found".
inline std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument:
            return "invalid_argument";
        case ErrorCode::kNotFound:
            return "not_found";
        case ErrorCode::kConflict:
            return "conflict";
        case ErrorCode::kNotModified:
            return "not_modified";
        case ErrorCode::kPermissionDenied:
            return "permission_denied";
        case ErrorCode::kUnavailable:
            return "unavailable";
        case ErrorCode::kUnimplemented:
            return "unimplemented";
        case ErrorCode::kInternal:
            return "internal";
        case ErrorCode::kSystem:
            return "system";
        case ErrorCode::kExecNotFound:
            return "exec_not_found";
        case ErrorCode::kExecDenied:
            return "exec_denied";
        case ErrorCode::kMountType:
            return "mount_type";
        case ErrorCode::kCancelled:
            return "cancelled";
        case ErrorCode::kDeadlineExceeded:
            return "deadline_exceeded";
        case ErrorCode::kResourceExhausted:
            return "resource_exhausted";
        case ErrorCode::kDataLoss:
            return "data_loss";
    }
    return "internal";
}

// "errno" or "hresult"; empty where no number is known.
inline std::string_view os_domain_name(const OsError& os) {
    if (os.domain == SLW_OS_NONE) return "";
    return os.domain == SLW_OS_ERRNO ? "errno" : "hresult";
}

}  // namespace slipway
