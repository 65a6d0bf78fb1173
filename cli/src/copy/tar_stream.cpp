#include "copy/tar_stream.hpp"

#include "client.hpp"
#include "format.hpp"

#include <slipway/cpp/unique_handle.hpp>

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;

struct ReadTraits {
    using Type = ::archive*;
    static Type none() { return nullptr; }
    static void close(Type archive) noexcept { archive_read_free(archive); }
};
struct WriteTraits {
    using Type = ::archive*;
    static Type none() { return nullptr; }
    static void close(Type archive) noexcept { archive_write_free(archive); }
};
struct EntryTraits {
    using Type = ::archive_entry*;
    static Type none() { return nullptr; }
    static void close(Type entry) noexcept { archive_entry_free(entry); }
};
struct LinksTraits {
    using Type = ::archive_entry_linkresolver*;
    static Type none() { return nullptr; }
    static void close(Type links) noexcept { archive_entry_linkresolver_free(links); }
};
using Reader = UniqueHandle<ReadTraits>;
using Writer = UniqueHandle<WriteTraits>;
using Entry = UniqueHandle<EntryTraits>;
using Links = UniqueHandle<LinksTraits>;

void check(int result, ::archive* archive) {
    if (result >= ARCHIVE_WARN) return;
    const char* text = archive_error_string(archive);
    throw CommandError(text == nullptr ? "the archive is damaged" : text);
}

struct Output {
    std::ostream& stream;
    uint64_t bytes = 0;

    static la_ssize_t write(::archive* archive, void* self, const void* data, size_t size) {
        auto& output = *static_cast<Output*>(self);
        if (!output.stream.write(static_cast<const char*>(data), static_cast<std::streamsize>(size))) {
            archive_set_error(archive, -1, "the other side does not take more");
            return -1;
        }
        output.bytes += size;
        return static_cast<la_ssize_t>(size);
    }
};

struct Input {
    std::istream& stream;
    uint64_t bytes = 0;
    std::array<char, 65536> buffer;

    static la_ssize_t read(::archive*, void* self, const void** data) {
        auto& input = *static_cast<Input*>(self);
        input.stream.read(input.buffer.data(), static_cast<std::streamsize>(input.buffer.size()));
        const auto got = static_cast<size_t>(input.stream.gcount());
        input.bytes += got;
        *data = input.buffer.data();
        return static_cast<la_ssize_t>(got);
    }
};

// Another one while it lives.
class WorkingDirectory {
public:
    explicit WorkingDirectory(const fs::path& path) : before_(fs::current_path()) { fs::current_path(path); }
    WorkingDirectory(const WorkingDirectory&) = delete;
    WorkingDirectory& operator=(const WorkingDirectory&) = delete;
    ~WorkingDirectory() {
        std::error_code gone;
        fs::current_path(before_, gone);
    }

private:
    const fs::path before_;
};

void copy_data(::archive* from, ::archive* to) {
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    while (true) {
        const int result = archive_read_data_block(from, &block, &size, &offset);
        if (result == ARCHIVE_EOF) return;
        check(result, from);
        check(static_cast<int>(std::min<la_ssize_t>(archive_write_data_block(to, block, size, offset), ARCHIVE_OK)),
              to);
    }
}

// A tar has no blocks with offsets: holes are written out.
void write_file(const fs::path& path, ::archive* to) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw CommandError("cannot read '" + path.string() + "'");
    std::array<char, 65536> buffer;
    while (file.read(buffer.data(), buffer.size()), file.gcount() > 0) {
        if (archive_write_data(to, buffer.data(), static_cast<size_t>(file.gcount())) < 0) check(ARCHIVE_FATAL, to);
    }
}

void write_member(::archive_entry* entry, const fs::path& source, ::archive* to) {
    const int result = archive_write_header(to, entry);
    if (result == ARCHIVE_FAILED || result == ARCHIVE_WARN) return;  // a socket: tars have none
    check(result, to);
    const bool has_data = archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr;
    if (has_data && archive_entry_size(entry) > 0) write_file(source, to);
    check(archive_write_finish_entry(to), to);
}

}  // namespace

uint64_t write_tar(const fs::path& path, const std::string& name, std::ostream& out) {
    Output output{out};
    const Writer writer(archive_write_new());
    check(archive_write_set_format_pax_restricted(writer.get()), writer.get());
    check(archive_write_set_bytes_in_last_block(writer.get(), 1), writer.get());
    check(archive_write_open(writer.get(), &output, nullptr, &Output::write, nullptr), writer.get());
    const Reader disk(archive_read_disk_new());
    check(archive_read_disk_set_symlink_physical(disk.get()), disk.get());
    const std::string root = path.string();
    check(archive_read_disk_open(disk.get(), root.c_str()), disk.get());
    const Links links(archive_entry_linkresolver_new());
    archive_entry_linkresolver_set_strategy(links.get(), ARCHIVE_FORMAT_TAR_PAX_RESTRICTED);

    while (true) {
        const Entry entry(archive_entry_new());
        const int result = archive_read_next_header2(disk.get(), entry.get());
        if (result == ARCHIVE_EOF) break;
        check(result, disk.get());
        check(archive_read_disk_descend(disk.get()), disk.get());
        const std::string source = archive_entry_sourcepath(entry.get());
        std::string member = name + source.substr(root.size());
        if (archive_entry_filetype(entry.get()) == AE_IFDIR) member += "/";
        archive_entry_set_pathname(entry.get(), member.c_str());
        ::archive_entry *now = entry.get(), *later = nullptr;
        archive_entry_linkify(links.get(), &now, &later);
        if (now != nullptr) write_member(now, source, writer.get());
    }
    check(archive_write_close(writer.get()), writer.get());
    return output.bytes;
}

uint64_t unpack_tar(std::istream& in, const CopyPlan& plan) {
    Input input{in, 0, {}};
    const Reader reader(archive_read_new());
    check(archive_read_support_format_tar(reader.get()), reader.get());
    check(archive_read_open(reader.get(), &input, nullptr, &Input::read, nullptr), reader.get());
    const Writer disk(archive_write_disk_new());
    constexpr int kFlags = ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                           ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;
    check(archive_write_disk_set_options(disk.get(), kFlags), disk.get());
    // The rules about links are for the members: the directory itself may be reached through one.
    const WorkingDirectory inside(path_of(plan.directory));
    ::archive_entry* entry = nullptr;
    while (true) {
        const int result = archive_read_next_header(reader.get(), &entry);
        if (result == ARCHIVE_EOF) break;
        check(result, reader.get());
        archive_entry_set_pathname(entry, renamed(archive_entry_pathname(entry), plan).c_str());
        if (const char* link = archive_entry_hardlink(entry)) {
            archive_entry_set_hardlink(entry, renamed(link, plan).c_str());
        }
        check(archive_write_header(disk.get(), entry), disk.get());
        copy_data(reader.get(), disk.get());
        check(archive_write_finish_entry(disk.get()), disk.get());
    }
    check(archive_write_close(disk.get()), disk.get());
    return input.bytes;
}

}  // namespace slipway::cli
