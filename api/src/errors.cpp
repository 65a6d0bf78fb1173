#include "errors.hpp"

#include "http/json_body.hpp"

namespace slipway::api {

int status_for(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument:
        case ErrorCode::kExecNotFound:
        case ErrorCode::kExecDenied:
        case ErrorCode::kMountType:
            return 400;
        case ErrorCode::kNotFound:
            return 404;
        case ErrorCode::kConflict:
            return 409;
        case ErrorCode::kNotModified:
            return 304;
        case ErrorCode::kPermissionDenied:
            return 403;
        case ErrorCode::kUnavailable:
            return 503;
        case ErrorCode::kUnimplemented:
            return 501;
        case ErrorCode::kInternal:
        case ErrorCode::kSystem:
        case ErrorCode::kCancelled:
        case ErrorCode::kDeadlineExceeded:
        case ErrorCode::kResourceExhausted:
        case ErrorCode::kDataLoss:
            return 500;
    }
    return 500;
}

std::string_view name_of(ErrorCode code) {
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

ErrorBody error_body(Profile profile, std::string_view message) {
    if (profile == Profile::kLegacy) return {"text/plain; charset=utf-8", std::string(message) + "\n"};
    return {"application/json", to_text({{"message", std::string(message)}}) + "\n"};
}

std::string error_facts(const Error& error) {
    nlohmann::json facts{{"code", std::string(name_of(error.code()))}};
    if (!error.operation().empty()) facts["operation"] = error.operation();
    if (!error.resource().empty()) facts["resource"] = error.resource();
    if (!error.hint().empty()) facts["hint"] = error.hint();
    if (error.os().domain != SLW_OS_NONE) {
        facts["os"] = {{"domain", error.os().domain == SLW_OS_ERRNO ? "errno" : "hresult"}, {"code", error.os().code}};
    }
    return to_ascii(facts);
}

}  // namespace slipway::api
