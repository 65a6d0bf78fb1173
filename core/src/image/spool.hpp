// core/src/image/spool.hpp - files that exist while an archive is taken in.
#pragma once

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace slipway::core {

// A directory of its own that is removed with everything in it. Move-only.
class SpoolDir {
public:
    static Result<SpoolDir> make(const std::filesystem::path& parent);

    SpoolDir(SpoolDir&& other) noexcept;
    SpoolDir& operator=(SpoolDir&&) = delete;
    ~SpoolDir();

    // A name no file here has yet. Never made from what an archive says.
    std::filesystem::path new_file();

private:
    explicit SpoolDir(std::filesystem::path path) : path_(std::move(path)) {}

    std::filesystem::path path_;  // empty once moved from
    unsigned files_ = 0;
};

// Writes one new file. Errors name it; kResourceExhausted when the disk is full.
class SpoolWriter {
public:
    static Result<SpoolWriter> open(const std::filesystem::path& path);
    Status write(const void* data, size_t size);
    // Everything is with the kernel afterwards.
    Status close();

private:
    SpoolWriter(std::filesystem::path path, std::ofstream stream)
        : path_(std::move(path)), stream_(std::move(stream)) {}
    Error failure(int err) const;

    std::filesystem::path path_;
    std::ofstream stream_;
};

// A whole small file. kInvalidArgument when it has more than `limit` bytes.
Result<std::string> read_small_file(const std::filesystem::path& path, uint64_t limit);

}  // namespace slipway::core
