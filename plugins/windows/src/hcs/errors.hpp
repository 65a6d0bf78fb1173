// plugins/windows/src/hcs/errors.hpp - HRESULTs as errors of the ABI.
#pragma once

#include <raw/codes.hpp>

#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::windows_backend {

// kSystem for what has no better meaning to a caller.
ErrorCode code_of(raw::Hresult result);

// "HcsStartComputeSystem '4f2a': the system is in the wrong state (0x80370105)", with what the result document of HCS
// or the error record of HCN adds, the HRESULT as OS code, and a hint where one is known.
Error error_of(raw::Hresult result, const std::string& operation, const std::string& object,
               const std::string& document = {});

// The system or process has ended, or is ending: what a termination asks for is so already.
bool is_gone(raw::Hresult result);
bool is_gone(const Error& error);

// There is no such object any more: what a removal asks for is so already.
bool is_not_found(const Error& error);

}  // namespace slipway::windows_backend
