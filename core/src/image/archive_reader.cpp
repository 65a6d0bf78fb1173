#include "image/archive_reader.hpp"

#include "image/archive_file.hpp"
#include "model/mount_options.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cerrno>
#include <vector>

namespace slipway::core {

constexpr size_t kChunk = size_t{128} << 10;

// The client's bytes as libarchive asks for them.
struct SourceReader {
    explicit SourceReader(const ByteSource& from) : source(from) {}

    const ByteSource& source;
    std::vector<char> buffer = std::vector<char>(kChunk);
    bool failed = false;

    static la_ssize_t read(::archive* reader, void* self, const void** out) {
        auto& my = *static_cast<SourceReader*>(self);
        int64_t got = -1;
        try {
            got = my.source(my.buffer.data(), my.buffer.size());
        } catch (...) {  // nothing may be thrown through C
            got = -1;
        }
        if (got < 0) {
            my.failed = true;
            archive_set_error(reader, EIO, "the incoming stream ended early");
            return ARCHIVE_FATAL;
        }
        *out = my.buffer.data();
        return static_cast<la_ssize_t>(got);
    }
};

namespace {

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

Error too_large(uint64_t limit) {
    return invalid("archive: holds more than " + std::to_string(limit) + " bytes unpacked");
}

std::string reason(::archive* reader) {
    const char* text = archive_error_string(reader);
    return text != nullptr ? text : "cannot be read";
}

// Only what libarchive decodes itself: filter_all would start external programs for others.
void support_filters(::archive* reader) {
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_bzip2(reader);
}

Status open_source(::archive* reader, SourceReader& source) {
    if (archive_read_open2(reader, &source, nullptr, &SourceReader::read, nullptr, nullptr) == ARCHIVE_OK) return ok();
    return invalid("archive: " + reason(reader));
}

std::string name_of(::archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) name = archive_entry_pathname_utf8(entry);
    return name == nullptr ? std::string() : std::string(name);
}

// Without leading "./" and trailing slash; nullopt for what leads out of the archive.
std::optional<std::string> inner_name(const std::string& name) {
    if (name.empty() || name.front() == '/' || name.size() > 4096) return std::nullopt;
    int depth = 0;
    for (const std::string_view part : split_words(name, '/')) {
        if (part.empty() || part == ".") continue;
        depth += part == ".." ? -1 : 1;
        if (depth < 0) return std::nullopt;
    }
    return clean_path(name).substr(1);
}

// Copies the current member's or stream's data. `left` counts down.
Status copy_data(::archive* reader, SpoolWriter& out, Sha256& hash, uint64_t& size, uint64_t& left, uint64_t limit) {
    std::vector<char> buffer(kChunk);
    while (true) {
        const la_ssize_t got = archive_read_data(reader, buffer.data(), buffer.size());
        if (got == 0) return ok();
        if (got < 0) return invalid("archive: " + reason(reader));
        const auto count = static_cast<size_t>(got);
        if (count > left) return too_large(limit);
        left -= count;
        size += count;
        hash.update(buffer.data(), count);
        if (Status written = out.write(buffer.data(), count); !written) return written;
    }
}

Result<Member> spool_data(::archive* reader, SpoolDir& spool, uint64_t& left, uint64_t limit) {
    Member member;
    member.file = spool.new_file();
    Result<SpoolWriter> out = SpoolWriter::open(member.file);
    if (!out) return std::move(out).error();
    Sha256 hash;
    if (Status copied = copy_data(reader, *out, hash, member.size, left, limit); !copied)
        return std::move(copied).error();
    if (Status closed = out->close(); !closed) return std::move(closed).error();
    member.sha256 = hash.hex();
    return member;
}

// Where a link of member `name` leads, as a member name.
std::optional<std::string> link_target(const std::string& name, ::archive_entry* entry) {
    if (const char* hard = archive_entry_hardlink(entry); hard != nullptr) return inner_name(hard);
    const char* soft = archive_entry_symlink(entry);
    if (soft == nullptr || soft[0] == '/') return std::nullopt;
    const size_t slash = name.rfind('/');
    const std::string folder = slash == std::string::npos ? std::string() : name.substr(0, slash + 1);
    return inner_name(folder + soft);
}

Status take_member(::archive* reader, ::archive_entry* entry, SpoolDir& spool, uint64_t& left,
                   const ArchiveLimits& limits, ArchiveContent& content) {
    const std::string given = name_of(entry);
    const std::optional<std::string> name = inner_name(given);
    if (!name) return invalid("archive: member '" + given.substr(0, 256) + "' leads out of the archive");
    Member member;
    if (archive_entry_hardlink(entry) != nullptr || archive_entry_filetype(entry) == AE_IFLNK) {
        const std::optional<std::string> target = link_target(*name, entry);
        if (!target) return invalid("archive: link '" + *name + "' leads out of the archive");
        member.link = *target;
    } else if (archive_entry_filetype(entry) == AE_IFREG) {
        Result<Member> file = spool_data(reader, spool, left, limits.max_bytes);
        if (!file) return std::move(file).error();
        member = std::move(*file);
    } else {
        return ok();  // directories carry nothing; devices have no meaning here
    }
    content.members[*name] = std::move(member);
    if (content.members.size() > limits.max_members) {
        return invalid("archive: has more than " + std::to_string(limits.max_members) + " members");
    }
    return ok();
}

}  // namespace

void ArchiveTraits::close(Type reader) noexcept {
    archive_read_free(reader);
}

const Member* ArchiveContent::find(const std::string& name) const {
    constexpr int kMostLinks = 8;
    auto found = members.find(name);
    for (int i = 0; i < kMostLinks && found != members.end() && !found->second.link.empty(); ++i) {
        found = members.find(found->second.link);
    }
    if (found == members.end() || !found->second.link.empty()) return nullptr;
    return &found->second;
}

Result<ArchiveContent> spool_archive(const ByteSource& source, SpoolDir& spool, const ArchiveLimits& limits) {
    SourceReader input{source};
    ArchiveHandle reader(archive_read_new());
    support_filters(reader.get());
    archive_read_support_format_tar(reader.get());
    if (Status opened = open_source(reader.get(), input); !opened) return std::move(opened).error();

    ArchiveContent content;
    uint64_t left = limits.max_bytes;
    while (true) {
        ::archive_entry* entry = nullptr;
        const int code = archive_read_next_header(reader.get(), &entry);
        if (code == ARCHIVE_EOF) return content;
        // A warning is about names or attributes that do not matter here.
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return invalid("archive: " + reason(reader.get()));
        if (Status taken = take_member(reader.get(), entry, spool, left, limits, content); !taken) {
            return std::move(taken).error();
        }
    }
}

Result<Member> spool_plain(const ByteSource& source, SpoolDir& spool, uint64_t max_bytes) {
    SourceReader input{source};
    ArchiveHandle reader(archive_read_new());
    support_filters(reader.get());
    archive_read_support_format_raw(reader.get());
    if (Status opened = open_source(reader.get(), input); !opened) return std::move(opened).error();
    ::archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
        return invalid(code == ARCHIVE_EOF ? "archive: is empty" : "archive: " + reason(reader.get()));
    }
    uint64_t left = max_bytes;
    return spool_data(reader.get(), spool, left, max_bytes);
}

Status check_is_tar(const std::filesystem::path& file) {
    ArchiveHandle reader(archive_read_new());
    archive_read_support_format_tar(reader.get());
    ::archive_entry* entry = nullptr;
    if (open_archive_file(reader.get(), file, kChunk) != ARCHIVE_OK) {
        return invalid("archive: " + reason(reader.get()));
    }
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_OK || code == ARCHIVE_WARN || code == ARCHIVE_EOF) return ok();
    return invalid("archive: not a tar: " + reason(reader.get()));
}

PlainStream::PlainStream(const ByteSource& source)
    : input_(std::make_unique<SourceReader>(source)), reader_(archive_read_new()) {}

PlainStream::PlainStream(PlainStream&&) noexcept = default;

PlainStream::~PlainStream() = default;

// On the first read: it takes bytes of the stream to know how it is compressed.
bool PlainStream::open() {
    if (opened_) return true;
    opened_ = true;
    support_filters(reader_.get());
    archive_read_support_format_raw(reader_.get());
    ::archive_entry* entry = nullptr;
    if (archive_read_open2(reader_.get(), input_.get(), nullptr, &SourceReader::read, nullptr, nullptr) != ARCHIVE_OK) {
        error_ = invalid("archive: " + reason(reader_.get()));
        return false;
    }
    const int code = archive_read_next_header(reader_.get(), &entry);
    ended_ = code == ARCHIVE_EOF;
    if (code < ARCHIVE_WARN) error_ = invalid("archive: " + reason(reader_.get()));
    return !error_;
}

int64_t PlainStream::read(void* buffer, uint64_t capacity) {
    if (error_ || !open()) return -1;
    if (ended_) return 0;
    const la_ssize_t got = archive_read_data(reader_.get(), buffer, static_cast<size_t>(capacity));
    if (got < 0) error_ = invalid("archive: " + reason(reader_.get()));
    return got < 0 ? -1 : got;
}

Result<LayerStream> LayerStream::open(const std::filesystem::path& file, uint64_t max_bytes) {
    ArchiveHandle reader(archive_read_new());
    support_filters(reader.get());
    archive_read_support_format_raw(reader.get());
    ::archive_entry* entry = nullptr;
    if (open_archive_file(reader.get(), file, kChunk) != ARCHIVE_OK ||
        archive_read_next_header(reader.get(), &entry) < ARCHIVE_WARN) {
        return invalid(reason(reader.get()));
    }
    return LayerStream(std::move(reader), max_bytes);
}

int64_t LayerStream::read(void* buffer, uint64_t capacity) {
    if (error_) return -1;
    const la_ssize_t got = archive_read_data(reader_.get(), buffer, static_cast<size_t>(capacity));
    if (got < 0) {
        error_ = invalid(reason(reader_.get()));
        return -1;
    }
    const auto count = static_cast<uint64_t>(got);
    if (count > left_) {
        error_ = invalid("unpacks to more than is allowed");
        return -1;
    }
    left_ -= count;
    hash_.update(buffer, static_cast<size_t>(count));
    return got;
}

Result<std::string> LayerStream::finish() {
    std::vector<char> buffer(kChunk);
    while (true) {
        const int64_t got = read(buffer.data(), buffer.size());
        if (got < 0) return *error_;
        if (got == 0) return "sha256:" + hash_.hex();
    }
}

}  // namespace slipway::core
