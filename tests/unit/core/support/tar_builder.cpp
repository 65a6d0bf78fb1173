#include "support/tar_builder.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace slipway::test {

namespace {

void add_filter(::archive* writer, Compression compression) {
    switch (compression) {
        case Compression::kNone:
            archive_write_add_filter_none(writer);
            break;
        case Compression::kGzip:
            archive_write_add_filter_gzip(writer);
            break;
        case Compression::kZstd:
            archive_write_add_filter_zstd(writer);
            break;
        case Compression::kXz:
            archive_write_add_filter_xz(writer);
            break;
        case Compression::kBzip2:
            archive_write_add_filter_bzip2(writer);
            break;
    }
}

la_ssize_t append(::archive*, void* self, const void* data, size_t size) {
    static_cast<std::string*>(self)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
}

}  // namespace

TarBuilder& TarBuilder::file(std::string name, std::string content) {
    entries_.push_back({std::move(name), std::move(content), ""});
    return *this;
}

TarBuilder& TarBuilder::symlink(std::string name, std::string target) {
    entries_.push_back({std::move(name), "", std::move(target)});
    return *this;
}

std::string TarBuilder::build(Compression compression) const {
    std::string out;
    ::archive* writer = archive_write_new();
    archive_write_set_format_pax_restricted(writer);
    add_filter(writer, compression);
    archive_write_set_bytes_in_last_block(writer, 1);  // no padding, which zstd takes for another frame
    archive_write_open(writer, &out, nullptr, &append, nullptr);
    for (const Entry& each : entries_) {
        ::archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, each.name.c_str());
        archive_entry_set_perm(entry, 0644);
        if (each.link.empty()) {
            archive_entry_set_filetype(entry, AE_IFREG);
            archive_entry_set_size(entry, static_cast<la_int64_t>(each.content.size()));
        } else {
            archive_entry_set_filetype(entry, AE_IFLNK);
            archive_entry_set_symlink(entry, each.link.c_str());
        }
        archive_write_header(writer, entry);
        archive_write_data(writer, each.content.data(), each.content.size());
        archive_entry_free(entry);
    }
    archive_write_close(writer);
    archive_write_free(writer);
    return out;
}

std::string compress(const std::string& data, Compression compression) {
    std::string out;
    ::archive* writer = archive_write_new();
    archive_write_set_format_raw(writer);
    add_filter(writer, compression);
    archive_write_set_bytes_in_last_block(writer, 1);  // no padding, which zstd takes for another frame
    archive_write_open(writer, &out, nullptr, &append, nullptr);
    ::archive_entry* entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(writer, entry);
    archive_write_data(writer, data.data(), data.size());
    archive_entry_free(entry);
    archive_write_close(writer);
    archive_write_free(writer);
    return out;
}

core::ByteSource source_of(std::string data, size_t piece) {
    auto rest = std::make_shared<std::pair<std::string, size_t>>(std::move(data), 0);
    return [rest, piece](void* buffer, uint64_t capacity) -> int64_t {
        const size_t count = std::min({piece, static_cast<size_t>(capacity), rest->first.size() - rest->second});
        std::memcpy(buffer, rest->first.data() + rest->second, count);
        rest->second += count;
        return static_cast<int64_t>(count);
    };
}

}  // namespace slipway::test
