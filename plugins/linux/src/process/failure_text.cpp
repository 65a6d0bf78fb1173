#include <process/failure_text.hpp>

#include <cctype>
#include <cerrno>
#include <string>
#include <system_error>

namespace slipway::linux_backend {
namespace {

using supervisor::Failure;
using supervisor::FailureKind;

// "no such file or directory": as Go spells it, which is what clients look for.
std::string os_text(int err) {
    std::string text = std::generic_category().message(err);
    if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

Error command_error(ErrorCode code, const Failure& failure, const std::string& object, const std::string& tail) {
    return Error(code, "exec: \"" + object + "\": " + tail)
        .with_os(SLW_OS_ERRNO, failure.os_code)
        .with_operation(detail::read_text(failure.operation))
        .with_resource(object);
}

Error system_error(const Failure& failure, const std::string& operation, const std::string& object) {
    std::string what = operation;
    if (!object.empty()) what += " '" + object + "'";
    return Error::from_errno(failure.os_code, std::move(what)).with_operation(operation).with_resource(object);
}

Error working_directory_error(const Failure& failure, const std::string& operation, const std::string& object) {
    std::string text = operation == "chdir" ? "chdir to cwd (\"" + object + "\") failed: " : "mkdir " + object + ": ";
    return Error(failure.os_code == EACCES ? ErrorCode::kExecDenied : ErrorCode::kExecNotFound,
                 std::move(text) + os_text(failure.os_code))
        .with_os(SLW_OS_ERRNO, failure.os_code)
        .with_operation(operation)
        .with_resource(object);
}

}  // namespace

Error error_of(const Failure& failure) {
    const std::string operation = detail::read_text(failure.operation);
    const std::string object = detail::read_text(failure.object);
    const std::string extra = detail::read_text(failure.detail);
    switch (failure.kind) {
        case FailureKind::kCommandNotInPath:
            return command_error(ErrorCode::kExecNotFound, failure, object, "executable file not found in $PATH");
        case FailureKind::kCommandMissing:
            return command_error(ErrorCode::kExecNotFound, failure, object,
                                 operation + " " + object + ": " + os_text(ENOENT));
        case FailureKind::kInterpreterMissing:
            return command_error(ErrorCode::kExecNotFound, failure, object,
                                 "interpreter \"" + extra + "\": " + os_text(ENOENT));
        case FailureKind::kCommandDenied:
            return command_error(ErrorCode::kExecDenied, failure, object, os_text(EACCES));
        case FailureKind::kCommandIsDirectory:
            return command_error(ErrorCode::kExecDenied, failure, object, os_text(EISDIR) + ": " + os_text(EACCES));
        case FailureKind::kCommandFailed:
            return command_error(ErrorCode::kSystem, failure, object, os_text(failure.os_code));
        case FailureKind::kWorkingDirectory:
            return working_directory_error(failure, operation, object);
        case FailureKind::kMountType:
            return Error(ErrorCode::kMountType,
                         "error mounting to '" + object +
                             "': not a directory: Are you trying to mount a directory onto "
                             "a file (or vice-versa)? Check if the specified host path exists and is the expected type")
                .with_os(SLW_OS_ERRNO, ENOTDIR)
                .with_operation(operation)
                .with_resource(object);
        case FailureKind::kPolicy: {
            std::string text = operation;
            if (!object.empty()) text += " '" + object + "'";
            return Error(failure.os_code == 0 ? ErrorCode::kInternal : ErrorCode::kPermissionDenied,
                         text + ": " + extra)
                .with_operation(operation)
                .with_resource(object);
        }
        case FailureKind::kNone:
        case FailureKind::kSystem:
            break;
    }
    return system_error(failure, operation, object);
}

}  // namespace slipway::linux_backend
