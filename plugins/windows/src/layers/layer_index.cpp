#include <layers/layer_index.hpp>

namespace slipway::windows_backend {

std::optional<LayerIndex::Kind> LayerIndex::find(const LayerPath& path) const {
    const auto found = kinds_.find(folded(path));
    if (found == kinds_.end()) return std::nullopt;
    return found->second;
}

Result<bool> LayerIndex::check(const LayerPath& path, Kind kind) const {
    for (size_t depth = 1; depth < path.size(); ++depth) {
        const LayerPath above(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
        const std::optional<Kind> known = find(above);
        if (!known) break;
        if (*known == Kind::kDirectory) continue;
        return Error(ErrorCode::kInvalidArgument,
                     "is below '" + path_text(above) + "', which is a " + (*known == Kind::kLink ? "link" : "file"));
    }
    const std::optional<Kind> known = find(path);
    if (known == Kind::kDirectory && kind != Kind::kDirectory) {
        return Error(ErrorCode::kInvalidArgument, "takes the place of a directory");
    }
    return known && *known != Kind::kDirectory;
}

}  // namespace slipway::windows_backend
