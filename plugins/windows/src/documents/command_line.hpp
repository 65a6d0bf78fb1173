// plugins/windows/src/documents/command_line.hpp - one string from a list of arguments, as Windows processes take it.
#pragma once

#include <string>
#include <vector>

namespace slipway::windows_backend {

// Quotes by the rules that the Microsoft C runtime reads by: quotes only where there is white space, a quote or
// nothing; backslashes are doubled before a quote and at the end of a quoted argument, and nowhere else.
std::string quote_argument(const std::string& argument);

// All of them, joined by spaces.
std::string join_command_line(const std::vector<std::string>& arguments);

// For images whose command is a command line already (Config.ArgsEscaped): the first as it is, the rest quoted.
std::string join_escaped_command_line(const std::vector<std::string>& arguments);

}  // namespace slipway::windows_backend
