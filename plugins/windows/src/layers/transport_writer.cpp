#include <layers/transport_writer.hpp>

#include <documents/bytes.hpp>
#include <documents/utf8_text.hpp>
#include <layers/place.hpp>
#include <layers/transport_format.hpp>

#include <cerrno>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

Error refuse(const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, why);
}

fs::path beside(const fs::path& directory) {
    fs::path path = directory;
    path += kDirectorySuffix;
    return path;
}

// A name that would be taken for a part of the format.
bool is_of_the_format(const std::string& name) {
    return folded({name}).ends_with(kDirectorySuffix);
}

}  // namespace

Error TransportWriter::failed(const char* operation) const {
    const std::string path = utf8_of_path(path_), what = std::string(operation) + " '" + path + "'";
    if (errno != 0) return Error::from_errno(errno, what).with_resource(path);
    return Error(ErrorCode::kSystem, what + " failed").with_resource(path);
}

Status TransportWriter::open_file(const fs::path& path, const BasicInfo& info) {
    path_ = path;
    info_ = info;
    info_.attributes = 0;  // those are in the file; the file itself is a plain one
    file_.clear();
    errno = 0;
    file_.open(long_path(path), std::ios::binary | std::ios::trunc);
    return file_ ? Status(ok()) : Status(failed("create"));
}

Status TransportWriter::close_file() {
    if (!file_.is_open()) return ok();
    errno = 0;
    file_.close();
    return file_ ? set_basic_info(path_, info_) : Status(failed("write"));
}

Status TransportWriter::write(const char* data, size_t size) {
    errno = 0;
    return file_.write(data, static_cast<std::streamsize>(size)) ? Status(ok()) : Status(failed("write"));
}

// What came before under this name.
Status TransportWriter::forget(const LayerPath& path) {
    const fs::path place = below(folder_, path);
    std::erase_if(link_directories_, [&path](const LayerPath& link) { return folded(link) == folded(path); });
    std::erase_if(links_, [&path](const Link& link) { return folded(link.path) == folded(path); });
    if (Status removed = remove_tree(place); !removed) return removed;
    return remove_tree(beside(place));
}

Status TransportWriter::add(const LayerPath& path, const MemberFacts& facts, bool replaces) {
    if (Status closed = close_file(); !closed) return closed;
    const bool in_files = path[0] == kFiles, in_hives = path[0] == kHives;
    if (!in_files && !in_hives)
        return refuse("is not below Files or Hives, where layers of Windows have what they hold");
    if (is_of_the_format(path.back()))
        return refuse("has a name that stands for a directory while layers are imported");
    if (path.size() == 1 && !facts.is_directory()) return refuse("is no directory");
    plain_ = in_hives && !facts.is_directory();
    if (plain_ && facts.reparse) return refuse("is a link in the place of a part of the registry");

    if (replaces) {
        if (Status forgotten = forget(path); !forgotten) return forgotten;
    }
    const fs::path place = below(folder_, path);
    fs::path file = place;
    if (facts.is_directory()) {
        file = beside(place);
        if (facts.reparse) {
            link_directories_.push_back(path);
        } else {
            if (Status made = make_directory(place); !made) return made;
            directories_.emplace_back(path, facts.basic);
        }
    }
    if (Status opened = open_file(file, facts.basic); !opened) return opened;
    if (plain_) return ok();
    std::string attributes;
    put<uint32_t>(attributes, facts.basic.attributes);
    if (Status written = put_bytes(attributes); !written) return written;
    return write_fact_streams(facts, [this](const StreamHeader& header, const std::string& content) -> Status {
        if (Status begun = put_bytes(encode_stream_header(header)); !begun) return begun;
        return put_bytes(content);
    });
}

Status TransportWriter::begin_stream(const StreamHeader& header) {
    if (!plain_) return put_bytes(encode_stream_header(header));
    return header.id == StreamId::kData ? Status(ok()) : refuse("is a stream of a part of the registry");
}

Result<fs::path> TransportWriter::layer_with(const LayerPath& target) const {
    for (const fs::path& parent : parents_) {
        const Result<FileKind> kind = kind_below(parent, target);
        if (!kind) return kind.error();
        if (*kind == FileKind::kFile) return parent;
    }
    return refuse("links to what is no file of the layer, nor of one below");
}

Status TransportWriter::add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) {
    if (Status closed = close_file(); !closed) return closed;
    if (path.size() < 2 || path[0] != kFiles || target[0] != kFiles) return refuse("is a link that is not below Files");
    if (is_of_the_format(path.back()))
        return refuse("has a name that stands for a directory while layers are imported");
    if (replaces) {
        if (Status forgotten = forget(path); !forgotten) return forgotten;
    }
    Link link{path, target, {}};
    if (!added) {
        const Result<fs::path> layer = layer_with(target);
        if (!layer) return layer.error();
        link.of = *layer;
    }
    links_.push_back(std::move(link));
    return ok();
}

Status TransportWriter::remove(const LayerPath& path) {
    if (path.size() < 2 || path[0] != kFiles) return refuse("removes what is not below Files");
    removed_.push_back(path);
    return ok();
}

Status TransportWriter::finish() {
    // The import wants both.
    for (const char* const needed : {kFiles, kHives}) {
        const Result<FileKind> kind = kind_of(folder_ / needed);
        if (!kind) return kind.error();
        MemberFacts facts;
        facts.basic.attributes = kAttributeDirectory;
        if (*kind != FileKind::kNone) continue;
        if (Status added = add({needed}, facts, false); !added) return added;
    }
    if (Status closed = close_file(); !closed) return closed;
    for (const LayerPath& path : link_directories_) {
        // While members come there is none, so that nothing lands behind a link: by another spelling neither.
        const fs::path directory = below(folder_, path);
        const Result<FileKind> kind = kind_of(directory);
        if (!kind) return kind.error();
        if (*kind != FileKind::kNone) {
            return refuse("layer: member '" + tar_name_of(path) + "' is a link in the place of a directory")
                .with_resource(tar_name_of(path));
        }
        if (Status made = make_directory(directory); !made) return made;
    }
    // There, too, when nothing is removed.
    std::vector<std::string> names;
    for (const LayerPath& path : removed_) names.push_back(path_text(LayerPath(path.begin() + 1, path.end())));
    if (Status opened = open_file(folder_ / kTombstones, {}); !opened) return opened;
    if (Status written = put_bytes(encode_tombstones(names)); !written) return written;
    return close_file();
}

// Some versions of the system do not look at the list, and give the new layer all that those below have.
Status TransportWriter::remove_from(const fs::path& imported) const {
    for (const LayerPath& path : removed_) {
        // What the layer has itself under that name came with the import.
        const Result<FileKind> own = kind_below(folder_, path);
        if (!own) return own.error();
        if (*own != FileKind::kNone) continue;
        const LayerPath directory(path.begin(), path.end() - 1);
        const Result<FileKind> above = kind_below(imported, directory);
        if (!above) return above.error();
        if (*above != FileKind::kDirectory) continue;
        if (Status removed = remove_tree(below(imported, path)); !removed) return removed;
    }
    return ok();
}

Status TransportWriter::complete(const fs::path& imported) const {
    if (Status removed = remove_from(imported); !removed) return removed;
    for (const Link& link : links_) {
        const fs::path& layer = link.of.empty() ? imported : link.of;
        const fs::path name = below(imported, link.path);
        const LayerPath directory(link.path.begin(), link.path.end() - 1);
        const Result<FileKind> above = kind_below(imported, directory), kind = kind_below(layer, link.target);
        if (!above) return above.error();
        if (!kind) return kind.error();
        if (*above != FileKind::kDirectory) {
            return Error(ErrorCode::kDataLoss, "layer: '" + path_text(directory) + "' was not imported as a directory");
        }
        if (*kind != FileKind::kFile)
            return Error(ErrorCode::kDataLoss, "layer: '" + path_text(link.target) + "' was not imported");
        // The system may have left there what stands for the file of a layer below.
        if (Status removed = remove_tree(name); !removed) return removed;
        if (Status made = make_hard_link(below(layer, link.target), name); !made) return made;
    }
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
        const Result<FileKind> kind = kind_below(imported, directory->first);
        if (!kind) return kind.error();
        if (*kind != FileKind::kDirectory) continue;
        if (Status set = set_basic_info(below(imported, directory->first), directory->second); !set) return set;
    }
    return ok();
}

}  // namespace slipway::windows_backend
