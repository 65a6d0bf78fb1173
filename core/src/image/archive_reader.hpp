// core/src/image/archive_reader.hpp - archives as they arrive: members into spool files, compressed layers as streams.
#pragma once

#include "image/digest.hpp"
#include "image/spool.hpp"

#include <slipway/core/backend.hpp>
#include <slipway/cpp/unique_handle.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

struct archive;

namespace slipway::core {

struct ArchiveTraits {
    using Type = ::archive*;
    static Type none() { return nullptr; }
    static void close(Type reader) noexcept;
};
using ArchiveHandle = UniqueHandle<ArchiveTraits>;

// One file of an archive, or a link to one.
struct Member {
    std::filesystem::path file;  // in the spool
    uint64_t size = 0;
    std::string sha256;  // hex, of the bytes in `file`
    std::string link;    // not empty: the name of another member
};

// What an archive holds, by cleaned names without leading slash.
class ArchiveContent {
public:
    // Follows links. Null when there is no such file.
    const Member* find(const std::string& name) const;
    bool contains(const std::string& name) const { return find(name) != nullptr; }

    std::map<std::string, Member> members;
};

struct ArchiveLimits {
    uint64_t max_bytes = 0;  // of all members together, unpacked
    size_t max_members = 20'000;
};

// Reads a tar, plain or compressed with gzip, zstd, xz or bzip2, from `source` into files of `spool`.
// kInvalidArgument says what is wrong with the archive: not a tar, cut short, a name that leads out of it, too large.
Result<ArchiveContent> spool_archive(const ByteSource& source, SpoolDir& spool, const ArchiveLimits& limits);

// Writes what `source` gives, decompressed, into one file and returns it with its digest.
Result<Member> spool_plain(const ByteSource& source, SpoolDir& spool, uint64_t max_bytes);

// Ok when the file is a tar, an empty one included.
Status check_is_tar(const std::filesystem::path& file);

// The decompressed bytes of a stream: gzip, zstd, xz, bzip2, or as they are. Decompressed by libraries of this program.
class PlainStream {
public:
    // `source` is called by read() and must live as long.
    explicit PlainStream(const ByteSource& source);
    PlainStream(PlainStream&&) noexcept;
    PlainStream& operator=(PlainStream&&) = delete;
    ~PlainStream();

    // As ByteSource; a failure is kept for error().
    int64_t read(void* buffer, uint64_t capacity);
    const std::optional<Error>& error() const { return error_; }

private:
    bool open();

    std::unique_ptr<struct SourceReader> input_;
    ArchiveHandle reader_;
    bool opened_ = false;
    bool ended_ = false;
    std::optional<Error> error_;
};

// The decompressed bytes of a file, hashed on their way.
class LayerStream {
public:
    static Result<LayerStream> open(const std::filesystem::path& file, uint64_t max_bytes);

    // As ByteSource; a failure is kept for error().
    int64_t read(void* buffer, uint64_t capacity);
    const std::optional<Error>& error() const { return error_; }

    // Reads what the importer left and returns the digest of everything: "sha256:<hex>".
    Result<std::string> finish();

private:
    LayerStream(ArchiveHandle reader, uint64_t max_bytes) : reader_(std::move(reader)), left_(max_bytes) {}

    ArchiveHandle reader_;
    uint64_t left_;
    Sha256 hash_;
    std::optional<Error> error_;
};

}  // namespace slipway::core
