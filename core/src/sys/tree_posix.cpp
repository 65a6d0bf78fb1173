#include "sys/tree.hpp"

namespace slipway::core {

namespace fs = std::filesystem;

std::error_code remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    return error;
}

uint64_t tree_size(const fs::path& path) {
    uint64_t bytes = 0;
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    for (auto at = fs::recursive_directory_iterator(path, options, error);
         !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        std::error_code gone;
        if (at->is_symlink(gone) || !at->is_regular_file(gone)) continue;
        const uint64_t size = at->file_size(gone);
        if (!gone) bytes += size;
    }
    return bytes;
}

fs::path real_path(const fs::path& path, std::error_code& error) {
    return fs::canonical(path, error);
}

}  // namespace slipway::core
