// plugins/windows/simulator/command_split.hpp - what a program reads from its command line, by the rules of the
// Microsoft C runtime; and what this machine runs for it.
#pragma once

#include <string>
#include <vector>

namespace slipway::simulated_hcs {

std::vector<std::string> split_command_line(const std::string& line);

// The arguments to run here: "cmd /c ..." becomes "/bin/sh -c ..." where there is no cmd; anything else stays.
std::vector<std::string> local_command(const std::string& line);

}  // namespace slipway::simulated_hcs
