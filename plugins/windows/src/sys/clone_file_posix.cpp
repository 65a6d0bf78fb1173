#include <sys/clone_file.hpp>

#include <sys/file_tree.hpp>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

Status clone_file(const fs::path& from, const fs::path& to) {
    const Result<BasicInfo> info = basic_info(from);
    if (!info) return info.error();
    std::error_code code;
    if ((info->attributes & kAttributeDirectory) != 0) {
        fs::create_directory(to, code);
    } else {
        fs::copy(from, to, fs::copy_options::copy_symlinks, code);
    }
    if (code) return Error::from_code(code, "copy '" + from.string() + "'").with_resource(to.string());
    return set_basic_info(to, *info);
}

}  // namespace slipway::windows_backend
