// Written against the format, not against who writes it: bytes are taken apart here by hand where that says more.
#include "transport_check.hpp"

#include <documents/bytes.hpp>
#include <documents/utf8_text.hpp>
#include <layers/backup_stream.hpp>
#include <layers/extended_attributes.hpp>
#include <layers/reparse_point.hpp>
#include <layers/security_descriptor.hpp>
#include <layers/transport_format.hpp>
#include <sys/file_tree.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace slipway::simulated_hcs {
namespace {

namespace fs = std::filesystem;
using namespace windows_backend;
using Complaint = std::optional<std::string>;

constexpr uint32_t kDirectory = 0x10, kReparse = 0x400;
// FILE_ATTRIBUTE_*: all there are on disk.
constexpr uint32_t kKnownAttributes = 0x007FFFF7;

std::string bytes_of(const fs::path& path) {
    std::ifstream file(long_path(path), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

// The order in which a backup has the streams of a file.
int rank_of(StreamId id) {
    switch (id) {
        case StreamId::kSecurity:
            return 1;
        case StreamId::kExtendedAttributes:
            return 2;
        case StreamId::kReparse:
            return 3;
        case StreamId::kData:
            return 4;
        case StreamId::kSparseBlock:
            return 5;
        case StreamId::kAlternateData:
            return 6;
        default:
            return 0;
    }
}

Complaint check_content(const StreamHeader& header, const std::string& content) {
    switch (header.id) {
        case StreamId::kSecurity:
            if (header.attributes != kStreamIsSecurity) return "a security descriptor that does not say what it is";
            if (const Status whole = check_security_descriptor(content); !whole) return whole.error().message();
            return std::nullopt;
        case StreamId::kExtendedAttributes:
            if (const auto list = decode_attributes(content); !list) return list.error().message();
            return std::nullopt;
        case StreamId::kReparse:
            if (const auto point = decode_reparse(content); !point) return point.error().message();
            return std::nullopt;
        case StreamId::kAlternateData:
            if (!header.name.starts_with(":") || !header.name.ends_with(":$DATA") || header.name.size() < 8) {
                return "alternate data with the name '" + header.name + "'";
            }
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

// Attributes, then the streams, each once and in their order, and not a byte more.
Complaint check_file(const fs::path& path, bool directory, bool& link) {
    const std::string bytes = bytes_of(path);
    if (bytes.size() < 4) return "no attributes";
    const uint32_t attributes = get<uint32_t>(bytes, 0);
    if ((attributes & ~kKnownAttributes) != 0) return "attributes that do not exist";
    if (((attributes & kDirectory) != 0) != directory) return "the attributes of another kind of file";
    size_t at = 4;
    BackupStreamReader streams([&](char* buffer, size_t capacity) -> Result<size_t> {
        const size_t size = std::min(capacity, bytes.size() - at);
        std::copy_n(bytes.data() + at, size, buffer);
        at += size;
        return size;
    });
    int last = 0;
    while (true) {
        const auto header = streams.next();
        if (!header) return header.error().message();
        if (!*header) break;
        const auto content = streams.read_all(SIZE_MAX);
        if (!content) return content.error().message();
        const int rank = rank_of((*header)->id);
        if (rank == 0) return "a stream that no layer has";
        if (rank < last || (rank == last && rank < rank_of(StreamId::kSparseBlock))) return "streams out of order";
        last = rank;
        if (directory && (rank == rank_of(StreamId::kData) || rank == rank_of(StreamId::kSparseBlock))) {
            return "a directory with data";
        }
        if (rank != rank_of(StreamId::kAlternateData) && !(*header)->name.empty()) return "a stream with a name";
        if (Complaint wrong = check_content(**header, *content)) return wrong;
        link = link || (*header)->id == StreamId::kReparse;
    }
    if (link != ((attributes & kReparse) != 0)) return "a link by halves";
    if (link && last == rank_of(StreamId::kData)) return "a link with data";
    return std::nullopt;
}

class Check {
public:
    explicit Check(fs::path folder) : folder_(std::move(folder)) {}

    Complaint run() {
        const auto entries = list_directory(folder_);
        if (!entries) return entries.error().message();
        std::set<std::string> names;
        for (const FileEntry& entry : *entries) names.insert(entry.name);
        for (const std::string& name : names) {
            const bool known = name == kFiles || name == kHives || name == kTombstones ||
                               name == std::string(kFiles) + kDirectorySuffix ||
                               name == std::string(kHives) + kDirectorySuffix;
            if (!known) return "'" + name + "' has no place in the format";
        }
        if (!names.contains(kFiles) || !names.contains(kHives)) return "Files or Hives is missing";
        if (!names.contains(kTombstones)) return "the list of what is removed is missing";
        const auto removed = decode_tombstones(bytes_of(folder_ / kTombstones));
        if (!removed) return removed.error().message();
        if (Complaint wrong = check_hives(folder_ / kHives)) return wrong;
        return check_directory(folder_, true);
    }

private:
    Complaint check_hives(const fs::path& folder) {
        const auto entries = list_directory(folder);
        if (!entries) return entries.error().message();
        for (const FileEntry& entry : *entries) {
            if (entry.kind == FileKind::kLink) return "a link below Hives";
        }
        return std::nullopt;
    }

    // Each directory with what it has itself, and each of those with its directory.
    Complaint check_directory(const fs::path& place, bool top = false) {
        const auto entries = list_directory(place);
        if (!entries) return entries.error().message();
        std::set<std::string> directories, described;
        for (const FileEntry& entry : *entries) {
            const fs::path path = place / path_from_utf8(entry.name);
            const std::string name = utf8_of_path(path.lexically_relative(folder_));
            if (entry.kind == FileKind::kLink) return "'" + name + "' is a link of this machine";
            bool link = false;
            if (entry.kind == FileKind::kDirectory) {
                directories.insert(entry.name);
                if (top && entry.name == kHives) continue;
                if (Complaint wrong = check_directory(path)) return wrong;
            } else if (entry.name.ends_with(kDirectorySuffix)) {
                const std::string of = entry.name.substr(0, entry.name.size() - std::string(kDirectorySuffix).size());
                described.insert(of);
                if (Complaint wrong = check_file(path, true, link)) return "'" + name + "': " + *wrong;
                const auto inside = list_directory(place / path_from_utf8(of));
                if (link && inside && !inside->empty()) return "'" + name + "': a link to a directory has files in it";
            } else if (!top) {
                if (Complaint wrong = check_file(path, false, link)) return "'" + name + "': " + *wrong;
            }
        }
        if (directories == described) return std::nullopt;
        return "'" + utf8_of_path(place.lexically_relative(folder_)) +
               "' has a directory without attributes, or the reverse";
    }

    const fs::path folder_;
};

}  // namespace

std::optional<std::string> check_transport(const fs::path& folder) {
    return Check(folder).run();
}

}  // namespace slipway::simulated_hcs
