// plugins/windows/src/sys/remove_open.hpp - removes files that readers may have open.
#pragma once

#include <filesystem>
#include <system_error>

namespace slipway::windows_backend {

// Its name is free when this returns. No error when there was none.
std::error_code remove_open_file(const std::filesystem::path& path);

}  // namespace slipway::windows_backend
