#include <documents/process_document.hpp>

#include <documents/command_line.hpp>
#include <documents/environment.hpp>
#include <documents/json_access.hpp>

namespace slipway::windows_backend {

using nlohmann::json;

Result<json> process_parameters(const json& request) {
    const json& config = member_of(request, "Config");
    std::vector<std::string> command = {read_text(request, "Path")};
    for (std::string& argument : read_texts(request, "Args")) command.push_back(std::move(argument));
    if (command.front().empty()) return Error(ErrorCode::kInvalidArgument, "no command specified");
    for (const std::string& part : command) {
        if (part.find('\0') != std::string::npos) {
            return Error(ErrorCode::kInvalidArgument, "the command has a NUL in it");
        }
    }
    const bool escaped = read_flag(config, "ArgsEscaped");
    const bool console = read_flag(config, "Tty");
    const std::string directory = read_text(config, "WorkingDir");
    const json& environment = member_of(request, "Env").is_array() ? request : config;
    json parameters = {{"CommandLine", escaped ? join_escaped_command_line(command) : join_command_line(command)},
                       {"WorkingDirectory", directory.empty() ? "C:\\" : directory},
                       {"CreateStdInPipe", true},
                       {"CreateStdOutPipe", true}};
    const json variables = environment_object(read_texts(environment, "Env"));
    if (!variables.empty()) parameters["Environment"] = variables;
    if (const std::string user = read_text(config, "User"); !user.empty()) parameters["User"] = user;
    if (console) {
        parameters["EmulateConsole"] = true;
    } else {
        parameters["CreateStdErrPipe"] = true;
    }
    return parameters;
}

json with_console_size(json parameters, uint16_t rows, uint16_t columns) {
    if (!read_flag(parameters, "EmulateConsole")) return parameters;
    const bool given = rows != 0 && columns != 0;
    parameters["ConsoleSize"] = {given ? rows : 24, given ? columns : 80};
    return parameters;
}

json resize_request(uint16_t rows, uint16_t columns) {
    return {{"Operation", "ConsoleSize"}, {"ConsoleSize", {{"Height", rows}, {"Width", columns}}}};
}

json close_stdin_request() {
    return {{"Operation", "CloseHandle"}, {"CloseHandle", {{"Handle", "StdIn"}}}};
}

}  // namespace slipway::windows_backend
