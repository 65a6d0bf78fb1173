#include <process/failure_text.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

namespace slipway::linux_backend {
namespace {

using supervisor::Failure;
using supervisor::FailureKind;

Failure failure(FailureKind kind, int err, const char* operation, const char* object, const char* detail = "") {
    Failure f;
    f.kind = kind;
    f.os_code = err;
    std::strcpy(f.operation, operation);
    std::strcpy(f.object, object);
    std::strcpy(f.detail, detail);
    return f;
}

TEST(FailureText, CommandErrorsCarryRuncsPhrasesAndCodes) {
    const Error missing = error_of(failure(FailureKind::kCommandNotInPath, ENOENT, "exec", "nosuch"));
    EXPECT_EQ(missing.message(), "exec: \"nosuch\": executable file not found in $PATH");
    EXPECT_EQ(missing.code(), ErrorCode::kExecNotFound);

    const Error denied = error_of(failure(FailureKind::kCommandDenied, EACCES, "exec", "/x"));
    EXPECT_EQ(denied.message(), "exec: \"/x\": permission denied");
    EXPECT_EQ(denied.code(), ErrorCode::kExecDenied);

    const Error directory = error_of(failure(FailureKind::kCommandIsDirectory, EISDIR, "exec", "/x"));
    EXPECT_EQ(directory.message(), "exec: \"/x\": is a directory: permission denied");
    EXPECT_EQ(directory.code(), ErrorCode::kExecDenied);
}

TEST(FailureText, MountTypeNamesTheTargetAndAsksDockersQuestion) {
    const Error error = error_of(failure(FailureKind::kMountType, ENOTDIR, "mount", "/etc/x"));

    EXPECT_EQ(error.code(), ErrorCode::kMountType);
    EXPECT_EQ(error.resource(), "/etc/x");
    EXPECT_NE(error.message().find("not a directory: Are you trying to mount a directory onto a file (or vice-versa)? "
                                   "Check if the specified host path exists and is the expected type"),
              std::string::npos);
}

TEST(FailureText, SystemErrorsNameStepObjectAndReason) {
    const Error error = error_of(failure(FailureKind::kSystem, EPERM, "mount_setattr", "/data"));

    EXPECT_EQ(error.message(), "mount_setattr '/data': Operation not permitted");
    EXPECT_EQ(error.code(), ErrorCode::kSystem);
    EXPECT_EQ(error.os().code, EPERM);
}

}  // namespace
}  // namespace slipway::linux_backend
