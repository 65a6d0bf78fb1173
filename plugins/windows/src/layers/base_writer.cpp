#include <layers/base_writer.hpp>

#include <sys/file_tree.hpp>

namespace slipway::windows_backend {

Status BaseWriter::close_file() {
    if (!file_) return ok();
    Status closed = file_->close(info_);
    file_.reset();
    return closed;
}

Status BaseWriter::add(const LayerPath& path, const MemberFacts& facts, bool replaces) {
    if (Status closed = close_file(); !closed) return closed;
    const std::filesystem::path place = below(folder_, path);
    if (replaces) {
        if (Status removed = remove_tree(place); !removed) return removed;
    }
    Result<std::unique_ptr<BackupFile>> file = BackupFile::create(place, facts.is_directory());
    if (!file) return std::move(file).error();
    file_ = std::move(*file);
    info_ = facts.basic;
    if (facts.is_directory() && !facts.reparse) directories_.emplace_back(place, facts.basic);
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
    if (replaces) {
        if (Status removed = remove_tree(below(folder_, path)); !removed) return removed;
    }
    return make_hard_link(below(folder_, target), below(folder_, path));
}

Status BaseWriter::remove(const LayerPath&) {
    return Error(ErrorCode::kInvalidArgument, "removes something, and there is no layer below");
}

Status BaseWriter::finish() {
    if (Status closed = close_file(); !closed) return closed;
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
        if (Status set = set_basic_info(directory->first, directory->second); !set) return set;
    }
    return ok();
}

}  // namespace slipway::windows_backend
