// plugins/windows/src/layers/extended_attributes.hpp - extended attributes of files as Windows lists them: a chain of
// FILE_FULL_EA_INFORMATION.
#pragma once

#include <slipway/cpp/error.hpp>

#include <map>
#include <string>
#include <string_view>

namespace slipway::windows_backend {

using ExtendedAttributes = std::map<std::string, std::string>;  // values are bytes

// Empty for none. kInvalidArgument: a name that is empty, longer than 255 bytes or no plain text, a value beyond 64
// KiB.
Result<std::string> encode_attributes(const ExtendedAttributes& attributes);
// Flags, which mean nothing on disk, are dropped. kInvalidArgument: entries that do not fit into each other.
Result<ExtendedAttributes> decode_attributes(std::string_view bytes);

}  // namespace slipway::windows_backend
