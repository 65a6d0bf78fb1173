// cli/src/program.hpp - what the platform asks of a program before it does anything.
#pragma once

#include <string>
#include <vector>

namespace slipway::cli {

// Prepares the process. Returns the arguments in UTF-8, without the program's name and last first, as CLI11 takes them.
std::vector<std::string> start_program(int argc, char** argv);

}  // namespace slipway::cli
