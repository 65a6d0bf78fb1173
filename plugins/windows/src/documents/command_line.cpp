#include <documents/command_line.hpp>

namespace slipway::windows_backend {

std::string quote_argument(const std::string& argument) {
    if (!argument.empty() && argument.find_first_of(" \t\n\v\"") == std::string::npos) return argument;
    std::string quoted = "\"";
    size_t backslashes = 0;
    for (const char c : argument) {
        if (c == '\\') {
            ++backslashes;
            continue;
        }
        // Before a quote every backslash counts as half of one, and the quote itself needs one.
        quoted.append(c == '"' ? backslashes * 2 + 1 : backslashes, '\\');
        quoted += c;
        backslashes = 0;
    }
    quoted.append(backslashes * 2, '\\');  // the closing quote follows
    return quoted + '"';
}

std::string join_command_line(const std::vector<std::string>& arguments) {
    std::string line;
    for (const std::string& argument : arguments) {
        if (!line.empty()) line += ' ';
        line += quote_argument(argument);
    }
    return line;
}

std::string join_escaped_command_line(const std::vector<std::string>& arguments) {
    if (arguments.empty()) return {};
    const std::string rest = join_command_line({arguments.begin() + 1, arguments.end()});
    return rest.empty() ? arguments.front() : arguments.front() + ' ' + rest;
}

}  // namespace slipway::windows_backend
