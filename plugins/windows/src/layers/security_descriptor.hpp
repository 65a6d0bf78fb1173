// plugins/windows/src/layers/security_descriptor.hpp - whether bytes are a whole security descriptor.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string_view>

namespace slipway::windows_backend {

// A self-relative SECURITY_DESCRIPTOR: owner, group and both lists inside of it, each as long as it says.
//   kInvalidArgument  the message says what is wrong
Status check_security_descriptor(std::string_view bytes);

}  // namespace slipway::windows_backend
