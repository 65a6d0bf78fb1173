#include "start/failure.hpp"

#include <slipway/base.h>
#include <slipway/cpp/error_names.hpp>

#include <cerrno>

namespace slipway::core {

namespace {

constexpr const char* kNetworkPrefix = "failed to set up container networking";
constexpr const char* kMountTypeHint =
    "Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is "
    "the "
    "expected type";

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// Codes that say something to the client whatever phase they come from.
bool is_kept(ErrorCode code) {
    switch (code) {
        case ErrorCode::kUnavailable:
        case ErrorCode::kUnimplemented:
        case ErrorCode::kCancelled:
        case ErrorCode::kDeadlineExceeded:
        case ErrorCode::kResourceExhausted:
        case ErrorCode::kDataLoss:
            return true;
        default:
            return false;
    }
}

Error launch_error(const Error& error) {
    switch (error.code()) {
        case ErrorCode::kExecNotFound:
        case ErrorCode::kExecDenied:
            return error;
        case ErrorCode::kMountType: {
            if (contains(error.message(), "vice-versa")) return error;
            // The hint follows the text, so the text becomes the context of the hint.
            return Error(error.code(), kMountTypeHint)
                .context(error.message())
                .with_os(error.os().domain, error.os().code)
                .with_operation(error.operation())
                .with_resource(error.resource())
                .with_hint(error.hint());
        }
        default:
            return Error(error).with_code(is_kept(error.code()) ? error.code() : ErrorCode::kSystem);
    }
}

}  // namespace

namespace {

// What a number of the system means for whoever can do something about it; for errors that say nothing themselves.
std::string default_hint(const OsError& os) {
    if (os.domain != SLW_OS_ERRNO) return "";
    switch (os.code) {
        case ENOSPC:
#ifdef EDQUOT
        case EDQUOT:
#endif
            return "the disk is full";
        case EMFILE:
        case ENFILE:
            return "too many files are open; raise the limit of the daemon or of the system";
        case ENOMEM:
            return "the system is out of memory";
        case EROFS:
            return "the file system is mounted read-only";
        default:
            return "";
    }
}

Error mapped(FailureKind kind, const Error& error);

}  // namespace

Error client_error(FailureKind kind, const Error& error) {
    Error answer = mapped(kind, error);
    if (!answer.hint().empty()) return answer;
    return std::move(answer).with_hint(default_hint(error.os()));
}

namespace {

Error mapped(FailureKind kind, const Error& error) {
    switch (kind) {
        case FailureKind::kRequest:
        case FailureKind::kPeer:
            return error;
        case FailureKind::kLaunch:
            return launch_error(error);
        case FailureKind::kNetwork: {
            const bool keeps = is_kept(error.code()) || error.code() == ErrorCode::kNotFound;
            return Error(error).context(kNetworkPrefix).with_code(keeps ? error.code() : ErrorCode::kSystem);
        }
        case FailureKind::kOther:
            break;
    }
    return Error(error).with_code(is_kept(error.code()) ? error.code() : ErrorCode::kSystem);
}

}  // namespace

int32_t failure_exit_code(FailureKind kind, const Error& error, int32_t previous) {
    if (kind == FailureKind::kRequest) return previous;
    if (kind == FailureKind::kLaunch) {
        switch (error.code()) {
            case ErrorCode::kExecDenied:
                return 126;
            case ErrorCode::kExecNotFound:
            case ErrorCode::kMountType:
                return 127;
            default:
                return 128;
        }
    }
    return previous != 0 ? previous : 128;
}

nlohmann::json error_fields(std::string_view phase, const Error& error) {
    nlohmann::json os = nullptr;
    if (error.os().domain != SLW_OS_NONE) os = {{"domain", os_domain_name(error.os())}, {"code", error.os().code}};
    return {{"phase", phase},
            {"code", to_string(error.code())},
            {"message", error.message()},
            {"operation", error.operation()},
            {"resource", error.resource()},
            {"os", std::move(os)},
            {"hint", error.hint()}};
}

}  // namespace slipway::core
