#include "image/spool.hpp"

#include "names/identity.hpp"

#include <cerrno>
#include <system_error>

namespace slipway::core {

Result<SpoolDir> SpoolDir::make(const std::filesystem::path& parent) {
    std::error_code failed;
    const std::filesystem::path path = parent / ("load-" + short_id(generate_id()));
    std::filesystem::create_directories(path, failed);
    if (failed) return Error::from_code(failed, "create directory '" + path.string() + "'");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, failed);
    if (failed) return Error::from_code(failed, "set mode of '" + path.string() + "'");
    return SpoolDir(path);
}

SpoolDir::SpoolDir(SpoolDir&& other) noexcept : path_(std::move(other.path_)), files_(other.files_) {
    other.path_.clear();
}

SpoolDir::~SpoolDir() {
    if (path_.empty()) return;
    // What stays is removed when the engine starts the next time.
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path SpoolDir::new_file() {
    return path_ / std::to_string(files_++);
}

Result<SpoolWriter> SpoolWriter::open(const std::filesystem::path& path) {
    errno = 0;
    std::ofstream stream(path, std::ios::binary | std::ios::trunc);
    if (!stream) return Error::from_errno(errno != 0 ? errno : EIO, "create '" + path.string() + "'");
    return SpoolWriter(path, std::move(stream));
}

Error SpoolWriter::failure(int err) const {
    // A stream does not promise to leave errno behind, so the disk itself is asked as well.
    std::error_code unknown;
    const auto space = std::filesystem::space(path_.parent_path(), unknown);
    constexpr uintmax_t kNothing = uintmax_t{256} << 10;
    if (!unknown && space.available < kNothing) err = ENOSPC;
    return Error::from_errno(err != 0 ? err : EIO, "write '" + path_.string() + "'").with_resource(path_.string());
}

Status SpoolWriter::write(const void* data, size_t size) {
    errno = 0;
    stream_.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
    if (!stream_) return failure(errno);
    return ok();
}

Status SpoolWriter::close() {
    errno = 0;
    stream_.close();
    if (!stream_) return failure(errno);
    return ok();
}

Result<std::string> read_small_file(const std::filesystem::path& path, uint64_t limit) {
    std::error_code failed;
    const uintmax_t size = std::filesystem::file_size(path, failed);
    if (failed) return Error::from_code(failed, "read '" + path.string() + "'");
    if (size > limit) {
        return Error(ErrorCode::kInvalidArgument, "larger than " + std::to_string(limit) + " bytes");
    }
    std::ifstream stream(path, std::ios::binary);
    std::string text(static_cast<size_t>(size), '\0');
    stream.read(text.data(), static_cast<std::streamsize>(size));
    if (static_cast<uintmax_t>(stream.gcount()) != size) {
        return Error(ErrorCode::kInternal, "read '" + path.string() + "': unexpected end");
    }
    return text;
}

}  // namespace slipway::core
