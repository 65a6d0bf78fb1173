#include "log/compress/rotated_file.hpp"

#include <utility>

namespace slipway::core {

// An open file cannot be renamed there, and readers have them open.
bool can_compress_logs() {
    return false;
}

Result<RotatedFile> RotatedFile::open(const std::filesystem::path&) {
    return Error(ErrorCode::kUnimplemented, "logs are not compressed on Windows");
}

RotatedFile::RotatedFile(RotatedFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

RotatedFile::~RotatedFile() = default;

Status RotatedFile::read(const std::function<bool(std::string_view)>&) const {
    return Error(ErrorCode::kUnimplemented, "logs are not compressed on Windows");
}

Status RotatedFile::replace(const std::filesystem::path&, const std::filesystem::path&) const {
    return Error(ErrorCode::kUnimplemented, "logs are not compressed on Windows");
}

}  // namespace slipway::core
