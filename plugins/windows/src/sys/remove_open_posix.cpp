#include <sys/remove_open.hpp>

namespace slipway::windows_backend {

std::error_code remove_open_file(const std::filesystem::path& path) {
    std::error_code failed;
    std::filesystem::remove(path, failed);
    return failed;
}

}  // namespace slipway::windows_backend
