// daemon/src/sys/process.hpp - the daemon as a process: its arguments, its own file, and what others ask of it.
#pragma once

#include "logger.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace slipway::daemon {

// The command line in UTF-8, the program's name first.
std::vector<std::string> command_line(int argc, char** argv);

// The running program's own file, absolute.
std::filesystem::path own_program();

// To be called before any thread exists: from here on nothing ends the process but wait_for_request()'s answer.
void catch_requests();

struct Request {
    enum class Kind { kStop, kReload } kind = Kind::kStop;
    std::string origin;  // "SIGTERM", "Ctrl-C"
};

// Blocks until somebody asks for something: a signal, on Windows a console event or the service manager.
Request wait_for_request();

// A second request to stop means that the orderly way takes too long: the process then ends at once.
void leave_on_next_stop(const Logger& logger);

}  // namespace slipway::daemon
