// sdk/include/slipway/cpp/error_inl.hpp - bodies of error.hpp that need more headers, and the bridge to slw_error.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cerrno>
#include <system_error>

namespace slipway {

inline Error Error::from_errno(int err, std::string operation_and_object) {
    const bool exhausted = err == ENOSPC || err == EMFILE || err == ENFILE || err == ENOMEM
#ifdef EDQUOT
                           || err == EDQUOT
#endif
        ;
    // generic_category().message() is thread-safe where strerror() is not.
    std::string message = std::move(operation_and_object) + ": " + std::generic_category().message(err);
    return Error(exhausted ? ErrorCode::kResourceExhausted : ErrorCode::kSystem, std::move(message))
        .with_os(SLW_OS_ERRNO, err);
}

inline Error Error::from_code(const std::error_code& code, std::string operation_and_object) {
    const std::error_condition condition = code.default_error_condition();
    if (condition.category() == std::generic_category()) {
        return from_errno(condition.value(), std::move(operation_and_object));
    }
    Error error(ErrorCode::kSystem, std::move(operation_and_object) + ": " + code.message());
#if defined(_WIN32)
    constexpr uint32_t kWin32 = 0x80070000U;  // what HRESULT_FROM_WIN32 puts before the number
    const uint32_t number = kWin32 | (static_cast<uint32_t>(code.value()) & 0xffffU);
    return std::move(error).with_os(SLW_OS_HRESULT, static_cast<int32_t>(number));
#else
    return std::move(error).with_os(SLW_OS_ERRNO, code.value());
#endif
}

namespace detail {

// Copies `text` into a fixed buffer with a terminator, cut at a UTF-8 boundary.
template <size_t kSize>
void copy_text(char (&to)[kSize], std::string_view text) {
    size_t length = text.size();
    if (length > kSize - 1) {
        length = kSize - 1;
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
    }
    if (length > 0) std::memcpy(to, text.data(), length);
    to[length] = '\0';
}

// Reads a fixed buffer that the other side should have terminated, but might not have.
template <size_t kSize>
std::string read_text(const char (&from)[kSize]) {
    const void* end = std::memchr(from, '\0', kSize);
    return std::string(from, end == nullptr ? kSize : static_cast<size_t>(static_cast<const char*>(end) - from));
}

}  // namespace detail

// Fills `out` (which may be null) and returns the status to hand across the boundary.
inline slw_status to_abi(const Error& error, slw_error* out) {
    const auto status = static_cast<slw_status>(error.code());
    if (out == nullptr || !SLW_HAS(out, slw_error, hint)) return status;
    out->status = status;
    out->os_domain = error.os().domain;
    out->os_code = error.os().code;
    detail::copy_text(out->message, error.message());
    detail::copy_text(out->operation, error.operation());
    detail::copy_text(out->resource, error.resource());
    detail::copy_text(out->hint, error.hint());
    return status;
}

// The Error behind a failed call.
inline Error from_abi(slw_status status, const slw_error& err) {
    std::string message = detail::read_text(err.message);
    if (message.empty()) message = "the backend failed without saying why (status " + std::to_string(status) + ")";
    return Error(error_code_from(status), std::move(message))
        .with_os(err.os_domain, err.os_code)
        .with_operation(detail::read_text(err.operation))
        .with_resource(detail::read_text(err.resource))
        .with_hint(detail::read_text(err.hint));
}

}  // namespace slipway
