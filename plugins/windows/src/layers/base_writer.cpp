#include <layers/base_writer.hpp>

namespace slipway::windows_backend {

Status BaseWriter::close_file() {
    if (!file_) return ok();
    Status closed = file_->close(info_);
    file_.reset();
    return closed;
}

// The index has said that the name fits to those before it, but the file system has other spellings for them.
Status BaseWriter::make_room(const LayerPath& path, bool directory, bool replaces) {
    if (Status above = parents_.check(path); !above) return above;
    const std::filesystem::path place = below(folder_, path);
    const Result<FileKind> kind = kind_of(place);
    if (!kind) return kind.error();
    if (*kind == FileKind::kNone || (*kind == FileKind::kDirectory && directory)) return ok();
    if (*kind == FileKind::kDirectory) return Error(ErrorCode::kInvalidArgument, "takes the place of a directory");
    if (!replaces) return Error(ErrorCode::kInvalidArgument, "is another spelling of a member before it");
    return remove_tree(place);
}

Status BaseWriter::add(const LayerPath& path, const MemberFacts& facts, bool replaces) {
    if (Status closed = close_file(); !closed) return closed;
    const bool plain_directory = facts.is_directory() && !facts.reparse;
    if (Status room = make_room(path, plain_directory, replaces); !room) return room;
    if (facts.reparse) parents_.forget();
    const std::filesystem::path place = below(folder_, path);
    Result<std::unique_ptr<BackupFile>> file = BackupFile::create(place, facts.is_directory());
    if (!file) return std::move(file).error();
    file_ = std::move(*file);
    info_ = facts.basic;
    if (plain_directory) directories_.emplace_back(path, facts.basic);
    return write_fact_streams(facts, [this](const StreamHeader& header, const std::string& content) -> Status {
        if (Status begun = file_->begin(header); !begun) return begun;
        return file_->write(content.data(), content.size());
    });
}

Status BaseWriter::begin_stream(const StreamHeader& header) {
    return file_->begin(header);
}

Status BaseWriter::write(const char* data, size_t size) {
    return file_->write(data, size);
}

Status BaseWriter::add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) {
    if (Status closed = close_file(); !closed) return closed;
    if (!added) return Error(ErrorCode::kInvalidArgument, "links to what is no file of the layer");
    const Result<FileKind> known = kind_below(folder_, target);
    if (!known) return known.error();
    if (*known != FileKind::kFile) return Error(ErrorCode::kInvalidArgument, "links to what is no file of the layer");
    if (Status room = make_room(path, false, replaces); !room) return room;
    return make_hard_link(below(folder_, target), below(folder_, path));
}

Status BaseWriter::remove(const LayerPath&) {
    return Error(ErrorCode::kInvalidArgument, "removes something, and there is no layer below");
}

Status BaseWriter::finish() {
    if (Status closed = close_file(); !closed) return closed;
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
        const Result<FileKind> kind = kind_below(folder_, directory->first);
        if (!kind) return kind.error();
        if (*kind != FileKind::kDirectory) continue;  // gone since
        if (Status set = set_basic_info(below(folder_, directory->first), directory->second); !set) return set;
    }
    return ok();
}

}  // namespace slipway::windows_backend
