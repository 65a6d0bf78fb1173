#include "errors.hpp"

#include "http/json_body.hpp"

#include <slipway/cpp/error_names.hpp>

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

ErrorBody error_body(Profile profile, std::string_view message) {
    if (profile == Profile::kLegacy) return {"text/plain; charset=utf-8", std::string(message) + "\n"};
    return {"application/json", to_text({{"message", std::string(message)}}) + "\n"};
}

std::string error_facts(const Error& error) {
    nlohmann::json facts{{"code", std::string(to_string(error.code()))}};
    if (!error.operation().empty()) facts["operation"] = error.operation();
    if (!error.resource().empty()) facts["resource"] = error.resource();
    if (!error.hint().empty()) facts["hint"] = error.hint();
    if (error.os().domain != SLW_OS_NONE) {
        facts["os"] = {{"domain", os_domain_name(error.os())}, {"code", error.os().code}};
    }
    return to_ascii(facts);
}

}  // namespace slipway::api
