// sdk/include/slipway/cpp/error.hpp - Error, Result<T> and Status: how fallible C++ code on either side of the ABI
// reports. Header-only; no type from here crosses the boundary.
#pragma once

#include <slipway/base.h>

#include <cassert>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace slipway {

// The closed list of base.h. HTTP statuses and exit codes derive from the code, never from searching the text.
enum class ErrorCode : slw_status {
    kInvalidArgument = SLW_ERR_INVALID_ARGUMENT,
    kNotFound = SLW_ERR_NOT_FOUND,
    kConflict = SLW_ERR_CONFLICT,
    kNotModified = SLW_ERR_NOT_MODIFIED,
    kPermissionDenied = SLW_ERR_PERMISSION_DENIED,
    kUnavailable = SLW_ERR_UNAVAILABLE,
    kUnimplemented = SLW_ERR_UNIMPLEMENTED,
    kInternal = SLW_ERR_INTERNAL,
    kSystem = SLW_ERR_SYSTEM,
    kExecNotFound = SLW_ERR_EXEC_NOT_FOUND,
    kExecDenied = SLW_ERR_EXEC_DENIED,
    kMountType = SLW_ERR_MOUNT_TYPE,
    kCancelled = SLW_ERR_CANCELLED,
    kDeadlineExceeded = SLW_ERR_DEADLINE_EXCEEDED,
    kResourceExhausted = SLW_ERR_RESOURCE_EXHAUSTED,
    kDataLoss = SLW_ERR_DATA_LOSS,
};

// Maps a status from the other side; values this build does not know count as internal.
inline ErrorCode error_code_from(slw_status status) {
    if (status < SLW_ERR_INVALID_ARGUMENT || status > SLW_ERR_DATA_LOSS) return ErrorCode::kInternal;
    return static_cast<ErrorCode>(status);
}

// An OS number and which kind it is (SLW_OS_*).
struct OsError {
    int32_t domain = SLW_OS_NONE;
    int32_t code = 0;
};

// A failure: a code for the caller's decision, a message for people, and the facts as fields. The message reads
// outside-in, lower case, no full stop, user strings quoted: "mount '/data': open_tree '/srv/x': Permission denied".
class [[nodiscard]] Error {
public:
    Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    // From errno, saved by the caller right after the call. ENOSPC, EDQUOT, EMFILE, ENFILE and ENOMEM become
    // kResourceExhausted; everything else is kSystem. The message gets ": <strerror>" appended.
    static Error from_errno(int err, std::string operation_and_object);

    // As from_errno(), from what std::filesystem reports: errno on POSIX, on Windows a number of the system that
    // becomes the errno it stands for. One that stands for none is kept as HRESULT.
    static Error from_code(const std::error_code& code, std::string operation_and_object);

    ErrorCode code() const { return code_; }
    const std::string& message() const { return message_; }
    OsError os() const { return os_; }
    const std::string& operation() const { return operation_; }
    const std::string& resource() const { return resource_; }
    const std::string& hint() const { return hint_; }

    // Prefixes the message: context("mount '/data'") gives "mount '/data': ...".
    Error&& context(std::string_view prefix) && {
        message_ = std::string(prefix) + ": " + message_;
        return std::move(*this);
    }
    Error&& with_code(ErrorCode code) && {
        code_ = code;
        return std::move(*this);
    }
    Error&& with_os(int32_t domain, int32_t os_code) && {
        os_ = {domain, os_code};
        return std::move(*this);
    }
    Error&& with_operation(std::string operation) && {
        operation_ = std::move(operation);
        return std::move(*this);
    }
    Error&& with_resource(std::string resource) && {
        resource_ = std::move(resource);
        return std::move(*this);
    }
    Error&& with_hint(std::string hint) && {
        hint_ = std::move(hint);
        return std::move(*this);
    }

private:
    ErrorCode code_;
    OsError os_;
    std::string message_;
    std::string operation_;
    std::string resource_;
    std::string hint_;
};

struct Ok {};

// Marks success: `return ok();`.
inline Ok ok() {
    return {};
}

// Either a T or an Error, shaped like std::expected so that it can become it one day.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(value()); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    T& value() & {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    T&& value() && { return std::move(value()); }

    Error& error() & {
        assert(!has_value());
        return *std::get_if<1>(&state_);
    }
    const Error& error() const& {
        assert(!has_value());
        return *std::get_if<1>(&state_);
    }
    Error&& error() && { return std::move(error()); }

private:
    std::variant<T, Error> state_;
};

// Result<void>.
template <>
class [[nodiscard]] Result<void> {
public:
    Result(Ok) {}                                      // NOLINT: implicit by design
    Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }

    Error& error() & {
        assert(error_);
        return *error_;
    }
    const Error& error() const& {
        assert(error_);
        return *error_;
    }
    Error&& error() && { return std::move(error()); }

private:
    std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace slipway

#include <slipway/cpp/error_inl.hpp>
