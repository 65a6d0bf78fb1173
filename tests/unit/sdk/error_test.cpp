#include <gtest/gtest.h>
#include <slipway/cpp/error.hpp>
#include <slipway/cpp/guarded.hpp>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

using slipway::Error;
using slipway::ErrorCode;
using slipway::ok;
using slipway::Result;
using slipway::Status;

namespace {

slw_error fresh_error() {
    slw_error err{};
    err.struct_size = sizeof(err);
    return err;
}

}  // namespace

TEST(Error, AddsContextOutsideIn) {
    Error error = Error(ErrorCode::kSystem, "open_tree '/srv/x': Permission denied").context("mount '/data'");

    EXPECT_EQ(error.message(), "mount '/data': open_tree '/srv/x': Permission denied");
    EXPECT_EQ(error.code(), ErrorCode::kSystem);
}

TEST(Error, FromErrnoKeepsTheNumberAndNamesTheObject) {
    const Error error = Error::from_errno(EACCES, "open '/x'");

    EXPECT_EQ(error.code(), ErrorCode::kSystem);
    EXPECT_EQ(error.os().domain, SLW_OS_ERRNO);
    EXPECT_EQ(error.os().code, EACCES);
    EXPECT_EQ(error.message(), "open '/x': Permission denied");
}

TEST(Error, FromErrnoTellsExhaustionApart) {
    for (const int err : {ENOSPC, EMFILE, ENFILE, ENOMEM}) {
        EXPECT_EQ(Error::from_errno(err, "x").code(), ErrorCode::kResourceExhausted) << err;
    }
#ifdef EDQUOT  // Windows has no such number
    EXPECT_EQ(Error::from_errno(EDQUOT, "x").code(), ErrorCode::kResourceExhausted);
#endif
}

TEST(Error, FromCodeIsWhatTheErrnoBehindItSays) {
    std::error_code code;
    (void)std::filesystem::file_size("/nowhere/at/all", code);
    const Error error = Error::from_code(code, "size of '/nowhere/at/all'");
    EXPECT_EQ(error.code(), ErrorCode::kSystem);
    EXPECT_EQ(error.os().domain, SLW_OS_ERRNO);
    EXPECT_EQ(error.os().code, ENOENT);
    EXPECT_EQ(error.message(), "size of '/nowhere/at/all': No such file or directory");

    const std::error_code full(ENOSPC, std::generic_category());
    EXPECT_EQ(Error::from_code(full, "x").code(), ErrorCode::kResourceExhausted);
}

TEST(Error, CodesThisBuildDoesNotKnowCountAsInternal) {
    EXPECT_EQ(slipway::error_code_from(SLW_ERR_DATA_LOSS), ErrorCode::kDataLoss);
    EXPECT_EQ(slipway::error_code_from(SLW_ERR_DATA_LOSS + 1), ErrorCode::kInternal);
    EXPECT_EQ(slipway::error_code_from(-1), ErrorCode::kInternal);
    EXPECT_EQ(slipway::error_code_from(SLW_OK), ErrorCode::kInternal);
}

TEST(AbiError, CrossesWithEveryField) {
    slw_error err = fresh_error();
    const Error sent = Error(ErrorCode::kConflict, "taken")
                           .with_os(SLW_OS_ERRNO, EBUSY)
                           .with_operation("bind")
                           .with_resource("0.0.0.0:80")
                           .with_hint("choose another port");

    const slw_status status = slipway::to_abi(sent, &err);
    const Error received = slipway::from_abi(status, err);

    EXPECT_EQ(status, SLW_ERR_CONFLICT);
    EXPECT_EQ(err.status, SLW_ERR_CONFLICT);
    EXPECT_EQ(received.code(), ErrorCode::kConflict);
    EXPECT_EQ(received.message(), "taken");
    EXPECT_EQ(received.os().code, EBUSY);
    EXPECT_EQ(received.operation(), "bind");
    EXPECT_EQ(received.resource(), "0.0.0.0:80");
    EXPECT_EQ(received.hint(), "choose another port");
}

TEST(AbiError, CutsLongTextBeforeACharacterThatDoesNotFit) {
    slw_error err = fresh_error();
    // The last byte that fits would be the first of the two bytes of 'é'.
    const std::string whole(SLW_ERROR_MESSAGE_BYTES - 2, 'a');

    slipway::to_abi(Error(ErrorCode::kInternal, whole + "\xC3\xA9"), &err);

    EXPECT_EQ(std::string(err.message), whole);
}

TEST(AbiError, KeepsACharacterThatJustFits) {
    slw_error err = fresh_error();
    const std::string exact = std::string(SLW_ERROR_MESSAGE_BYTES - 3, 'a') + "\xC3\xA9";

    slipway::to_abi(Error(ErrorCode::kInternal, exact), &err);

    EXPECT_EQ(std::string(err.message), exact);
}

TEST(AbiError, WritesNothingIntoAStructureThatIsTooSmall) {
    slw_error err = fresh_error();
    err.struct_size = offsetof(slw_error, hint);

    EXPECT_EQ(slipway::to_abi(Error(ErrorCode::kNotFound, "gone"), &err), SLW_ERR_NOT_FOUND);

    EXPECT_EQ(err.status, SLW_OK);
    EXPECT_EQ(err.message[0], '\0');
}

TEST(AbiError, AcceptsCallersThatDoNotCare) {
    EXPECT_EQ(slipway::to_abi(Error(ErrorCode::kNotFound, "gone"), nullptr), SLW_ERR_NOT_FOUND);
}

TEST(AbiError, ReadsTextWithoutTerminator) {
    slw_error err = fresh_error();
    std::memset(err.operation, 'x', sizeof(err.operation));
    err.message[0] = 'm';

    const Error error = slipway::from_abi(SLW_ERR_INTERNAL, err);

    EXPECT_EQ(error.operation(), std::string(SLW_ERROR_OPERATION_BYTES, 'x'));
}

TEST(AbiError, SaysSomethingWhenTheOtherSideSaidNothing) {
    const Error error = slipway::from_abi(42, fresh_error());

    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_NE(error.message().find("42"), std::string::npos);
}

TEST(Guarded, PassesSuccessAndErrorsThrough) {
    slw_error err = fresh_error();

    EXPECT_EQ(slipway::guarded(&err, []() -> Status { return ok(); }), SLW_OK);
    EXPECT_EQ(err.message[0], '\0');
    EXPECT_EQ(slipway::guarded(&err, []() -> Status { return Error(ErrorCode::kConflict, "busy"); }), SLW_ERR_CONFLICT);
    EXPECT_STREQ(err.message, "busy");
}

TEST(Guarded, TurnsExceptionsIntoErrors) {
    slw_error err = fresh_error();

    EXPECT_EQ(slipway::guarded(&err, []() -> Status { throw std::runtime_error("broken"); }), SLW_ERR_INTERNAL);
    EXPECT_STREQ(err.message, "broken");
    EXPECT_EQ(slipway::guarded(&err, []() -> Status { throw std::bad_alloc(); }), SLW_ERR_RESOURCE_EXHAUSTED);
    EXPECT_STREQ(err.message, "out of memory");
    EXPECT_EQ(slipway::guarded(&err, []() -> Status { throw 42; }), SLW_ERR_INTERNAL);
    EXPECT_STREQ(err.message, "an exception of unknown type");
    EXPECT_EQ(slipway::guarded(nullptr, []() -> Status { throw 42; }), SLW_ERR_INTERNAL);
}

TEST(Result, MovesItsValueOut) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(7));

    const std::unique_ptr<int> value = std::move(*result);

    EXPECT_EQ(*value, 7);
}
