#include "command_split.hpp"

#include <documents/environment.hpp>

namespace slipway::simulated_hcs {

std::vector<std::string> split_command_line(const std::string& line) {
    std::vector<std::string> arguments;
    size_t at = 0;
    while (true) {
        while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
        if (at >= line.size()) return arguments;
        std::string argument;
        bool quoted = false;
        for (; at < line.size() && (quoted || (line[at] != ' ' && line[at] != '\t')); ++at) {
            size_t backslashes = 0;
            while (at < line.size() && line[at] == '\\') ++backslashes, ++at;
            const bool quote = at < line.size() && line[at] == '"';
            argument.append(quote ? backslashes / 2 : backslashes, '\\');
            if (quote && backslashes % 2 == 1) {
                argument += '"';
            } else if (quote) {
                quoted = !quoted;
            } else if (at < line.size() && (quoted || (line[at] != ' ' && line[at] != '\t'))) {
                argument += line[at];
            } else {
                --at;  // a separator after backslashes: the loop's condition looks at it again
            }
        }
        arguments.push_back(std::move(argument));
    }
}

std::vector<std::string> local_command(const std::string& line) {
    std::vector<std::string> arguments = split_command_line(line);
    if (arguments.size() < 3) return arguments;
    const bool cmd = windows_backend::equal_ignoring_case(arguments[0], "cmd") ||
                     windows_backend::equal_ignoring_case(arguments[0], "cmd.exe");
    if (!cmd) return arguments;
    size_t at = 1;
    while (at < arguments.size() && windows_backend::equal_ignoring_case(arguments[at], "/s")) ++at;
    if (at + 1 >= arguments.size() || !windows_backend::equal_ignoring_case(arguments[at], "/c")) return arguments;
    std::string script;
    for (++at; at < arguments.size(); ++at) script += (script.empty() ? "" : " ") + arguments[at];
    return {"/bin/sh", "-c", script};
}

}  // namespace slipway::simulated_hcs
