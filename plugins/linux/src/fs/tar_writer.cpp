#include <fs/tar_writer.hpp>

#include <fs/utf8_locale.hpp>

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace slipway::linux_backend {
namespace {

constexpr size_t kPiece = size_t{128} << 10;
constexpr int kBlockBytes = 64 << 10;  // what the receiver gets at a time

struct EntryDeleter {
    void operator()(archive_entry* entry) const { ::archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, EntryDeleter>;

unsigned file_type(MemberType type) {
    switch (type) {
        case MemberType::kDirectory:
            return AE_IFDIR;
        case MemberType::kSymlink:
            return AE_IFLNK;
        case MemberType::kCharDevice:
            return AE_IFCHR;
        case MemberType::kBlockDevice:
            return AE_IFBLK;
        case MemberType::kFifo:
            return AE_IFIFO;
        case MemberType::kFile:
        case MemberType::kHardLink:
            break;
    }
    return AE_IFREG;
}

Entry entry_of(const Member& member) {
    Entry entry(::archive_entry_new());
    if (!entry) return entry;
    ::archive_entry_set_pathname(entry.get(), member.path.c_str());
    ::archive_entry_set_filetype(entry.get(), file_type(member.type));
    ::archive_entry_set_perm(entry.get(), member.mode);
    ::archive_entry_set_uid(entry.get(), member.uid);
    ::archive_entry_set_gid(entry.get(), member.gid);
    ::archive_entry_set_size(entry.get(), member.type == MemberType::kFile ? static_cast<la_int64_t>(member.size) : 0);
    if (member.mtime) ::archive_entry_set_mtime(entry.get(), member.mtime->tv_sec, member.mtime->tv_nsec);
    if (member.type == MemberType::kSymlink) ::archive_entry_set_symlink(entry.get(), member.link.c_str());
    if (member.type == MemberType::kHardLink) ::archive_entry_set_hardlink(entry.get(), member.link.c_str());
    if (member.type == MemberType::kCharDevice || member.type == MemberType::kBlockDevice) {
        ::archive_entry_set_rdev(entry.get(), member.device);
    }
    for (const auto& [name, value] : member.xattrs) {
        ::archive_entry_xattr_add_entry(entry.get(), name.c_str(), value.data(), value.size());
    }
    return entry;
}

}  // namespace

struct TarWriter::Output {
    slw_sink* sink = nullptr;
    std::function<Status()> check;
    std::optional<Error> failure;  // why writing stopped

    static la_ssize_t on_write(archive*, void* self, const void* data, size_t size) noexcept {
        auto* output = static_cast<Output*>(self);
        try {
            if (Status go_on = output->check(); !go_on) {
                output->failure = std::move(go_on).error();
            } else if (output->sink->write(output->sink->ctx, data, size) != 0) {
                output->failure.emplace(ErrorCode::kCancelled, "the receiver stopped reading");
            } else {
                return static_cast<la_ssize_t>(size);
            }
        } catch (...) {
            // Out of memory while building an error; libarchive's own message stands in for it.
        }
        return -1;
    }
};

TarWriter::TarWriter(slw_sink* sink, std::function<Status()> check) : output_(std::make_unique<Output>()) {
    output_->sink = sink;
    output_->check = std::move(check);
    archive_ = ::archive_write_new();
}

TarWriter::~TarWriter() {
    if (archive_ == nullptr) return;
    // Freeing an open archive would write an end mark that was not asked for.
    if (opened_) (void)::archive_write_fail(archive_);
    ::archive_write_free(archive_);
}

Error TarWriter::failed(const std::string& name) const {
    if (output_->failure) return *output_->failure;
    std::string message = "archive '" + printable(name) + "'";
    const char* text = archive_ == nullptr ? "out of memory" : ::archive_error_string(archive_);
    if (text != nullptr) message += ": " + printable(text);
    return Error(ErrorCode::kSystem, message).with_resource(printable(name));
}

Status TarWriter::open() {
    if (opened_) return ok();
    if (archive_ == nullptr) return failed("");
    // Plain ustar headers where they suffice. Go reads attributes by the names that star gave them.
    if (::archive_write_set_format_pax_restricted(archive_) != ARCHIVE_OK ||
        ::archive_write_set_format_option(archive_, "pax", "xattrheader", "SCHILY") != ARCHIVE_OK ||
        ::archive_write_set_bytes_per_block(archive_, kBlockBytes) != ARCHIVE_OK ||
        ::archive_write_set_bytes_in_last_block(archive_, 1) != ARCHIVE_OK ||
        ::archive_write_open(archive_, output_.get(), nullptr, &Output::on_write, nullptr) != ARCHIVE_OK) {
        return failed("");
    }
    opened_ = true;
    return ok();
}

Status TarWriter::begin(const Member& member) {
    if (Status opened = open(); !opened) return opened;
    if (Status go_on = output_->check(); !go_on) return go_on;
    const Entry entry = entry_of(member);
    if (!entry) return Error(ErrorCode::kResourceExhausted, "archive: out of memory");
    // A warning is about a name that is no UTF-8; it is written as it is.
    const int written = ::archive_write_header(archive_, entry.get());
    return written == ARCHIVE_OK || written == ARCHIVE_WARN ? ok() : Status(failed(member.path));
}

Status TarWriter::add(const Member& member) {
    const Utf8Locale locale;
    return begin(member);
}

Status TarWriter::add_file(const Member& member, int fd) {
    const Utf8Locale locale;
    if (Status begun = begin(member); !begun) return begun;
    buffer_.resize(kPiece);
    for (uint64_t left = member.size; left > 0;) {
        const ssize_t got = ::read(fd, buffer_.data(), std::min<uint64_t>(left, buffer_.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            const int err = errno;
            return Error::from_errno(err, "read '" + printable(member.path) + "'")
                .with_resource(printable(member.path));
        }
        if (got == 0) break;
        if (::archive_write_data(archive_, buffer_.data(), static_cast<size_t>(got)) != got) return failed(member.path);
        left -= static_cast<uint64_t>(got);
    }
    return ::archive_write_finish_entry(archive_) == ARCHIVE_OK ? ok() : Status(failed(member.path));
}

Status TarWriter::finish() {
    const Utf8Locale locale;
    if (Status opened = open(); !opened) return opened;
    opened_ = false;
    return ::archive_write_close(archive_) == ARCHIVE_OK ? ok() : Status(failed(""));
}

}  // namespace slipway::linux_backend
