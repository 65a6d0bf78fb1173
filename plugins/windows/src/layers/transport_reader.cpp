#include <layers/transport_reader.hpp>

#include <documents/bytes.hpp>
#include <documents/environment.hpp>
#include <documents/utf8_text.hpp>
#include <layers/security_descriptor.hpp>
#include <layers/transport_format.hpp>
#include <sys/file_tree.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

using Kind = TransportEntry::Kind;

Error damaged(const std::string& what) {
    return Error(ErrorCode::kDataLoss, "exported layer: " + what);
}

bool is_beside(const std::string& name) {
    return name.ends_with(kDirectorySuffix);
}

class Walk {
public:
    // In the form that Windows takes as it is. Standard libraries differ in whether they let Windows look at the whole
    // path first, which would make "x" of a container's "x.", and a device of its "aux".
    Walk(const fs::path& folder, const std::function<Status(const TransportEntry&)>& each)
        : folder_(long_path(folder)), each_(each) {}

    Status run() {
        if (Status read = read_removed(); !read) return read;
        for (const char* const top : {kFiles, kHives}) pending_.push_back({top});
        std::reverse(pending_.begin(), pending_.end());
        while (!pending_.empty()) {
            const LayerPath path = std::move(pending_.back());
            pending_.pop_back();
            if (Status visited = visit(path); !visited) return visited;
        }
        // Of directories that the export has not got itself.
        while (!removed_.empty()) {
            const std::string directory = removed_.begin()->first;
            if (Status told = tell_removed(directory); !told) return told;
        }
        return ok();
    }

private:
    Status read_removed() {
        std::ifstream file(long_path(folder_ / kTombstones), std::ios::binary);
        std::stringstream text;
        if (!file || !(text << file.rdbuf())) return damaged("it has no list of removed files");
        const auto paths = decode_tombstones(text.str());
        if (!paths) return damaged(paths.error().message());
        for (const std::string& name : *paths) {
            LayerPath path = {kFiles};
            const Result<LayerPath> rest = parse_layer_path(name);
            if (!rest) return damaged("'" + name + "' " + rest.error().message());
            path.insert(path.end(), rest->begin(), rest->end());
            removed_[folded(LayerPath(path.begin(), path.end() - 1))].push_back(path);
        }
        return ok();
    }

    Status tell_removed(const std::string& directory) {
        const auto found = removed_.find(directory);
        if (found == removed_.end()) return ok();
        for (const LayerPath& path : found->second) {
            if (Status told = each_({Kind::kRemoved, path, {}, false}); !told) return told;
        }
        removed_.erase(found);
        return ok();
    }

    Status visit(const LayerPath& path) {
        const fs::path place = below(folder_, path);
        const Result<FileKind> kind = kind_of(place);
        if (!kind) return kind.error();
        if (*kind == FileKind::kNone && path.size() == 1) return ok();
        if (*kind == FileKind::kFile) return each_({Kind::kFile, path, place, path[0] == kHives});
        if (*kind != FileKind::kDirectory) return damaged("'" + path_text(path) + "' is no file");
        fs::path own = place;
        own += kDirectorySuffix;
        const Result<FileKind> own_kind = kind_of(own);
        if (!own_kind) return own_kind.error();
        const bool plain = *own_kind != FileKind::kFile;
        if (plain && path.size() > 1 && path[0] == kFiles)
            return damaged("'" + path_text(path) + "' has no attributes");
        if (Status told = each_({Kind::kDirectory, path, plain ? place : own, plain}); !told) return told;
        if (Status told = tell_removed(folded(path)); !told) return told;
        return enter(path, place);
    }

    Status enter(const LayerPath& path, const fs::path& place) {
        const auto entries = list_directory(place);
        if (!entries) return entries.error();
        for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
            const bool bin = path.size() == 1 && equal_ignoring_case(entry->name, "$Recycle.Bin");
            if (is_beside(entry->name) || bin) continue;
            if (!entry->is_text) {
                return Error(ErrorCode::kUnimplemented, "exported layer: the name of '" + path_text(path) + "\\" +
                                                            entry->name + "' is no Unicode text");
            }
            LayerPath inside = path;
            inside.push_back(entry->name);
            pending_.push_back(std::move(inside));
        }
        return ok();
    }

    const fs::path folder_;
    const std::function<Status(const TransportEntry&)>& each_;
    std::vector<LayerPath> pending_;                         // the next one last
    std::map<std::string, std::vector<LayerPath>> removed_;  // by directory
};

Status read_stream(BackupStreamReader& streams, const StreamHeader& header, EntryFacts& read) {
    if (header.id == StreamId::kData) {
        read.size = header.size;
        return ok();
    }
    const bool whole = header.id == StreamId::kSecurity || header.id == StreamId::kExtendedAttributes ||
                       header.id == StreamId::kReparse;
    if (whole) {
        const Result<std::string> bytes = streams.read_all();
        if (!bytes) return bytes.error();
        if (header.id == StreamId::kSecurity) {
            read.facts.security = *bytes;
            return check_security_descriptor(*bytes);
        }
        if (header.id == StreamId::kExtendedAttributes) {
            Result<ExtendedAttributes> list = decode_attributes(*bytes);
            if (!list) return std::move(list).error();
            read.facts.attributes = std::move(*list);
            return ok();
        }
        Result<ReparsePoint> point = decode_reparse(*bytes);
        if (!point) return std::move(point).error();
        read.facts.reparse = std::move(*point);
        return ok();
    }
    if (header.id == StreamId::kSparseBlock) {
        char offset[8];
        const Result<size_t> got = streams.read(offset, sizeof(offset));
        if (!got) return got.error();
        if (*got < sizeof(offset)) return Error(ErrorCode::kInvalidArgument, "a sparse block has no place");
        // The last one is empty and stands where the file ends.
        const uint64_t place = get<uint64_t>(std::string_view(offset, sizeof(offset)), 0);
        if (place > INT64_MAX) return Error(ErrorCode::kInvalidArgument, "a sparse block has no place in a file");
        read.size = std::max(read.size, place + header.size - sizeof(offset));
    }
    return ok();
}

}  // namespace

Status read_transport(const fs::path& folder, const std::function<Status(const TransportEntry&)>& each) {
    return Walk(folder, each).run();
}

Result<OpenEntry> open_entry(const TransportEntry& entry) {
    auto file = std::make_shared<std::ifstream>(long_path(entry.file), std::ios::binary);
    char head[4];
    if (!*file) return damaged("'" + path_text(entry.path) + "' cannot be read");
    if (!file->read(head, sizeof(head))) return damaged("'" + path_text(entry.path) + "' has no attributes");
    const BackupStreamReader::Read read = [file](char* buffer, size_t capacity) -> Result<size_t> {
        file->read(buffer, static_cast<std::streamsize>(capacity));
        if (file->bad()) return Error(ErrorCode::kSystem, "reading failed");
        return static_cast<size_t>(file->gcount());
    };
    return OpenEntry{get<uint32_t>(std::string_view(head, sizeof(head)), 0), file, BackupStreamReader(read)};
}

Result<EntryFacts> read_facts(const TransportEntry& entry) {
    EntryFacts read;
    const Result<BasicInfo> times = basic_info(entry.file);
    if (!times) return times.error();
    read.facts.basic = *times;
    if (entry.plain) {
        // An import sets the times of these anew, all but that of the last write.
        BasicInfo& basic = read.facts.basic;
        basic.creation = basic.access = basic.change = basic.write;
        if (entry.kind == Kind::kDirectory) return read;
        std::ifstream file(long_path(entry.file), std::ios::binary | std::ios::ate);
        if (!file) return damaged("'" + path_text(entry.path) + "' cannot be read");
        read.size = static_cast<uint64_t>(file.tellg());
        return read;
    }
    Result<OpenEntry> opened = open_entry(entry);
    if (!opened) return std::move(opened).error();
    read.facts.basic.attributes = opened->attributes;
    while (true) {
        const auto header = opened->streams.next();
        if (!header) return damaged("'" + path_text(entry.path) + "': " + header.error().message());
        if (!*header) break;
        if (Status stream = read_stream(opened->streams, **header, read); !stream) {
            return damaged("'" + path_text(entry.path) + "': " + stream.error().message());
        }
    }
    if (read.facts.is_directory() != (entry.kind == Kind::kDirectory)) {
        return damaged("'" + path_text(entry.path) + "' has the attributes of another kind of file");
    }
    // The stream says it.
    read.facts.basic.attributes &= ~kAttributeReparsePoint;
    if (read.facts.reparse) read.facts.basic.attributes |= kAttributeReparsePoint;
    return read;
}

}  // namespace slipway::windows_backend
