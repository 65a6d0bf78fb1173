#include <layers/place.hpp>

#include <documents/utf8_text.hpp>

namespace slipway::windows_backend {

Result<FileKind> kind_below(const std::filesystem::path& folder, const LayerPath& path) {
    std::filesystem::path at = folder;
    FileKind kind = FileKind::kDirectory;
    for (const std::string& part : path) {
        if (kind != FileKind::kDirectory) return FileKind::kNone;
        at /= path_from_utf8(part);
        const Result<FileKind> found = kind_of(at);
        if (!found) return found.error();
        kind = *found;
    }
    return kind;
}

Status ParentCheck::check(const LayerPath& path) {
    LayerPath parent(path.begin(), path.end() - 1);
    if (known_ && parent == parent_) return ok();
    const Result<FileKind> kind = kind_below(folder_, parent);
    if (!kind) return kind.error();
    if (*kind != FileKind::kDirectory) {
        return Error(ErrorCode::kInvalidArgument, "is below '" + path_text(parent) + "', which is no directory");
    }
    parent_ = std::move(parent);
    known_ = true;
    return ok();
}

}  // namespace slipway::windows_backend
