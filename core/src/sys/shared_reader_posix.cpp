#include "sys/shared_reader.hpp"

#include <cerrno>
#include <fstream>

namespace slipway::core {

std::unique_ptr<std::istream> open_shared(const std::filesystem::path& path) {
    errno = 0;
    auto stream = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*stream) return nullptr;
    return stream;
}

}  // namespace slipway::core
