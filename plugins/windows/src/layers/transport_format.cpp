#include <layers/transport_format.hpp>

#include <layers/layer_path.hpp>

#include <algorithm>

namespace slipway::windows_backend {
namespace {

constexpr const char* kHead = "\xEF\xBB\xBFVersion 1.0";

}  // namespace

std::string encode_tombstones(const std::vector<std::string>& paths) {
    std::string text = std::string(kHead) + "\n";
    for (const std::string& path : paths) text += "\\" + path + "\n";
    return text;
}

Result<std::vector<std::string>> decode_tombstones(const std::string& text) {
    std::vector<std::string> paths;
    bool first = true;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        at = end + 1;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (first && line != kHead) break;
        if (!std::exchange(first, false)) {
            const auto path = line.starts_with("\\") ? parse_layer_path(line.substr(1)) : LayerPath();
            if (!path || path->empty()) {
                return Error(ErrorCode::kInvalidArgument, "'" + line + "' in the list of removed files is no path");
            }
            paths.push_back(path_text(*path));
        }
    }
    if (first) return Error(ErrorCode::kInvalidArgument, "the list of removed files is of no version that is known");
    return paths;
}

}  // namespace slipway::windows_backend
