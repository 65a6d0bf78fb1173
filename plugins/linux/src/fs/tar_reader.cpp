#include <fs/tar_reader.hpp>

#include <fs/utf8_locale.hpp>

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>

namespace slipway::linux_backend {
namespace {

constexpr size_t kReadBytes = size_t{128} << 10;
constexpr uint64_t kBlock = 512;

std::string_view text_or_empty(const char* text) {
    return text == nullptr ? std::string_view() : text;
}

// -1 is "no change" to chown(2), and nothing above fits.
bool is_owner(int64_t id) {
    return id >= 0 && id < int64_t{std::numeric_limits<uint32_t>::max()};
}

std::optional<MemberType> type_of(archive_entry* entry) {
    if (::archive_entry_hardlink(entry) != nullptr) return MemberType::kHardLink;
    switch (::archive_entry_filetype(entry)) {
        case AE_IFREG:
            return MemberType::kFile;
        case AE_IFDIR:
            return MemberType::kDirectory;
        case AE_IFLNK:
            return MemberType::kSymlink;
        case AE_IFCHR:
            return MemberType::kCharDevice;
        case AE_IFBLK:
            return MemberType::kBlockDevice;
        case AE_IFIFO:
            return MemberType::kFifo;
        default:
            return std::nullopt;
    }
}

void read_xattrs(archive_entry* entry, Member& member) {
    ::archive_entry_xattr_reset(entry);
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    while (::archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
        if (name == nullptr || !keep_xattr(name)) continue;
        member.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
    }
}

Status write_at(int fd, const char* data, size_t size, int64_t offset, const std::string& name) {
    while (size > 0) {
        const ssize_t wrote = ::pwrite(fd, data, size, offset);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0)
            return Error::from_errno(errno, "write '" + printable(name) + "'").with_resource(printable(name));
        data += wrote;
        size -= static_cast<size_t>(wrote);
        offset += wrote;
    }
    return ok();
}

}  // namespace

struct TarReader::Input {
    const slw_source* source = nullptr;
    std::function<Status()> check;
    std::array<char, kReadBytes> buffer{};
    uint64_t total = 0;
    bool in_header = false;
    uint64_t header_left = 0;      // bytes the header being read may still take
    std::optional<Error> failure;  // why reading stopped, when it was not the archive's fault

    // Bytes read into `buffer`: 0 at the end, -1 with `failure` set.
    la_ssize_t read() noexcept {
        try {
            if (Status go_on = check(); !go_on) {
                failure = std::move(go_on).error();
                return -1;
            }
            const int64_t size = source->read(source->ctx, buffer.data(), buffer.size());
            if (size < 0 || static_cast<uint64_t>(size) > buffer.size()) {
                failure.emplace(ErrorCode::kUnavailable, "the source of the archive failed");
                return -1;
            }
            total += static_cast<uint64_t>(size);
            if (in_header) {
                if (static_cast<uint64_t>(size) > header_left) {
                    failure.emplace(ErrorCode::kInvalidArgument, "archive: a member's header is too large");
                    return -1;
                }
                header_left -= static_cast<uint64_t>(size);
            }
            return size;
        } catch (...) {
            return -1;  // out of memory while building an error; libarchive's own message stands in for it
        }
    }

    static la_ssize_t on_read(archive*, void* self, const void** data) {
        auto* input = static_cast<Input*>(self);
        *data = input->buffer.data();
        return input->read();
    }
};

TarReader::TarReader(const slw_source* source, const ImportLimits& limits, std::function<Status()> check)
    : limits_(limits), input_(std::make_unique<Input>()) {
    input_->source = source;
    input_->check = std::move(check);
    archive_ = ::archive_read_new();
}

TarReader::~TarReader() {
    if (archive_ != nullptr) ::archive_read_free(archive_);
}

Error TarReader::failed(const std::string& operation) const {
    if (input_->failure) return *input_->failure;
    const int err = archive_ == nullptr ? ENOMEM : ::archive_errno(archive_);
    if (err == ENOMEM) return Error(ErrorCode::kResourceExhausted, "archive: out of memory");
    std::string message = "archive: " + operation;
    if (const char* text = ::archive_error_string(archive_); text != nullptr) message += ": " + printable(text);
    return Error(ErrorCode::kInvalidArgument, message).with_resource(printable(current_));
}

Result<std::optional<Member>> TarReader::next() {
    const Utf8Locale locale;
    if (archive_ == nullptr) return failed("open");
    if (!opened_) {
        // Only tar: the other formats of libarchive are attack surface that no layer needs.
        ::archive_read_support_format_tar(archive_);
        ::archive_read_set_callback_data(archive_, input_.get());
        ::archive_read_set_read_callback(archive_, &Input::on_read);
        if (::archive_read_open1(archive_) != ARCHIVE_OK) return failed("open");
        opened_ = true;
    } else if (::archive_read_data_skip(archive_) < ARCHIVE_WARN) {
        return failed("read '" + printable(current_) + "'");
    }

    input_->in_header = true;
    input_->header_left = limits_.max_header_bytes;
    archive_entry* entry = nullptr;
    const int status = ::archive_read_next_header(archive_, &entry);
    input_->in_header = false;
    if (status == ARCHIVE_EOF) {
        if (Status finished = finish(); !finished) return std::move(finished).error();
        return std::optional<Member>();
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return failed("not a tar stream, or damaged");
    Result<Member> member = describe(entry);
    if (!member) return std::move(member).error();
    current_ = member->path;
    return std::optional<Member>(std::move(*member));
}

Result<Member> TarReader::describe(archive_entry* entry) const {
    const std::string_view name = text_or_empty(::archive_entry_pathname(entry));
    Result<std::string> path = clean_member_path(name, limits_);
    if (!path) return std::move(path).error();
    const std::optional<MemberType> type = type_of(entry);
    if (!type) return bad_member(name, "unknown type");

    Member member;
    member.type = *type;
    member.path = std::move(*path);
    if (member.type == MemberType::kHardLink) {
        const std::string_view target = text_or_empty(::archive_entry_hardlink(entry));
        Result<std::string> clean = clean_member_path(target, limits_);
        if (!clean || clean->empty()) return bad_member(name, "hard link to '" + printable(target) + "'");
        member.link = std::move(*clean);
    } else if (member.type == MemberType::kSymlink) {
        member.link = text_or_empty(::archive_entry_symlink(entry));
        if (member.link.empty() || member.link.size() > limits_.max_path) return bad_member(name, "bad link target");
    }
    const int64_t uid = ::archive_entry_uid(entry);
    const int64_t gid = ::archive_entry_gid(entry);
    if (!is_owner(uid) || !is_owner(gid)) return bad_member(name, "owner out of range");
    member.uid = static_cast<uid_t>(uid);
    member.gid = static_cast<gid_t>(gid);
    member.mode = ::archive_entry_perm(entry) & 07777;
    if (member.type == MemberType::kCharDevice || member.type == MemberType::kBlockDevice) {
        member.device = ::makedev(static_cast<unsigned>(::archive_entry_rdevmajor(entry)),
                                  static_cast<unsigned>(::archive_entry_rdevminor(entry)));
    }
    if (::archive_entry_mtime_is_set(entry) != 0) {
        const long nanoseconds = ::archive_entry_mtime_nsec(entry);
        member.mtime =
            timespec{::archive_entry_mtime(entry), nanoseconds >= 0 && nanoseconds < 1'000'000'000 ? nanoseconds : 0};
    }
    const int64_t size = ::archive_entry_size_is_set(entry) != 0 ? ::archive_entry_size(entry) : 0;
    if (size < 0) return bad_member(name, "negative size");
    member.size = static_cast<uint64_t>(size);
    read_xattrs(entry, member);
    return member;
}

Status TarReader::copy_data(int fd, const Member& member) {
    const Utf8Locale locale;
    for (;;) {
        const void* data = nullptr;
        size_t size = 0;
        la_int64_t offset = 0;
        const int status = ::archive_read_data_block(archive_, &data, &size, &offset);
        if (status == ARCHIVE_EOF) break;
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return failed("read '" + printable(member.path) + "'");
        if (size == 0) continue;
        if (offset < 0 || static_cast<uint64_t>(offset) > member.size ||
            size > member.size - static_cast<uint64_t>(offset)) {
            return bad_member(member.path, "data outside of the file");
        }
        if (Status wrote = write_at(fd, static_cast<const char*>(data), size, offset, member.path); !wrote)
            return wrote;
    }
    if (::ftruncate(fd, static_cast<off_t>(member.size)) != 0) {
        const int err = errno;
        if (err == EFBIG || err == EINVAL) return bad_member(member.path, "larger than the file system allows");
        return Error::from_errno(err, "set the length of '" + printable(member.path) + "'");
    }
    return ok();
}

Status TarReader::finish() {
    // libarchive takes both a block of zeros and the plain end of the stream for the archive's end. The first has been
    // read by now, so the stream reaches beyond the place where a header would have been; the second is a cut.
    const auto end = static_cast<uint64_t>(::archive_read_header_position(archive_));
    if (input_->total < end + kBlock) return Error(ErrorCode::kInvalidArgument, "archive: truncated, no end mark");

    // The sender may be a pipe, or the receiver of these bytes a checksum: read what follows as well.
    uint64_t left = limits_.max_trailer_bytes;
    for (;;) {
        const la_ssize_t size = input_->read();
        if (size == 0) return ok();
        if (size < 0) return failed("read");
        if (static_cast<uint64_t>(size) > left) {
            return Error(ErrorCode::kInvalidArgument, "archive: too much data after the end mark");
        }
        left -= static_cast<uint64_t>(size);
    }
}

}  // namespace slipway::linux_backend
