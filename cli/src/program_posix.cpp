#include "program.hpp"

namespace slipway::cli {

std::vector<std::string> start_program(int argc, char** argv) {
    std::vector<std::string> words;
    for (int i = argc - 1; i > 0; --i) words.emplace_back(argv[i]);
    return words;
}

}  // namespace slipway::cli
