// plugins/windows/src/documents/paths.hpp - paths inside Windows containers, and names of pipes. Pure text: no file is
// looked at.
#pragma once

#include <slipway/cpp/error.hpp>

#include <optional>
#include <string>

namespace slipway::windows_backend {

// "c:/data\" becomes "C:\data": backslashes, an upper-case drive, no repeated and no trailing separators. A path
// without a drive that begins with a separator is on C:, which is the drive a container has.
//   kInvalidArgument  not absolute, ".." in it, the root of C:, or a part no file can have (con, nul, com1 ...)
Result<std::string> normalise_container_path(const std::string& path);

// The name behind "\\.\pipe\", which may be spelled with slashes and in any case; nothing for other paths.
std::optional<std::string> pipe_name(const std::string& path);

// con, prn, aux, nul, com1-9 and lpt1-9, with or without an extension.
bool is_reserved_name(const std::string& name);

}  // namespace slipway::windows_backend
