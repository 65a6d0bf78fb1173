// plugins/windows/src/sys/sddl.hpp - security descriptors written as text.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::windows_backend {

// A self-relative descriptor. kInvalidArgument when the text is none; kUnimplemented on systems without such text.
Result<std::string> descriptor_of_sddl(const std::string& text);

}  // namespace slipway::windows_backend
