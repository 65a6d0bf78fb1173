// core/src/image/archive_file.hpp - opens an archive that is a file of this machine.
#pragma once

#include <archive.h>

#include <cstddef>
#include <filesystem>

namespace slipway::core {

// libarchive's code. It reads `block` bytes at a time.
int open_archive_file(::archive* reader, const std::filesystem::path& file, size_t block);

}  // namespace slipway::core
