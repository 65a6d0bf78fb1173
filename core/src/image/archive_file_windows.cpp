#include "image/archive_file.hpp"

namespace slipway::core {

int open_archive_file(::archive* reader, const std::filesystem::path& file, size_t block) {
    return archive_read_open_filename_w(reader, file.c_str(), block);
}

}  // namespace slipway::core
