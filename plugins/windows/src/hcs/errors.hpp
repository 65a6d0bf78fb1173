// plugins/windows/src/hcs/errors.hpp - HRESULTs as errors of the ABI.
#pragma once

#include <raw/codes.hpp>

#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::windows_backend {

// kSystem for what has no better meaning to a caller.
ErrorCode code_of(raw::Hresult result);

// "HcsStartComputeSystem '4f2a': wrong state for this call (0x80370105)", with what the result document of HCS
// or the error record of HCN adds, the HRESULT as OS code, and a hint where one is known.
Error error_of(raw::Hresult result, const std::string& operation, const std::string& object,
               const std::string& document = {});

// The system or process has ended.
bool is_gone(raw::Hresult result);
bool is_gone(const Error& error);
// The same, or it is ending, which is how the answer to a termination alone is to be read: access denied.
bool is_ending(const Error& error);

// There is no such object any more: what a removal asks for is so already.
bool is_not_found(const Error& error);

}  // namespace slipway::windows_backend
