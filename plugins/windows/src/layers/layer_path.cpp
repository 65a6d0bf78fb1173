#include <layers/layer_path.hpp>

#include <documents/paths.hpp>
#include <documents/utf8_text.hpp>

#include <algorithm>
#include <string_view>

namespace slipway::windows_backend {
namespace {

constexpr std::string_view kWhiteout = ".wh.";

Error refuse(const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, why);
}

// What ends in a dot or a space is another file once a path has gone through Windows' own rules.
bool is_file_name(const std::string& part) {
    const bool plain = std::all_of(part.begin(), part.end(), [](unsigned char letter) {
        return letter >= ' ' && std::string_view("<>:\"|?*").find(static_cast<char>(letter)) == std::string_view::npos;
    });
    return plain && is_utf8(part) && part.back() != '.' && part.back() != ' ' && !is_reserved_name(part);
}

std::string joined(const LayerPath& path, char separator) {
    std::string text;
    for (const std::string& part : path) {
        if (!text.empty()) text += separator;
        text += part;
    }
    return text;
}

}  // namespace

Result<MemberName> parse_member_name(const std::string& name) {
    MemberName parsed;
    if (!name.empty() && (name[0] == '/' || name[0] == '\\')) return refuse("is absolute");
    for (size_t at = 0; at < name.size();) {
        const size_t end = std::min(name.find_first_of("/\\", at), name.size());
        std::string part = name.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".") continue;
        if (part == "..") return refuse("leaves the layer");
        const size_t colon = part.find(':');
        if (colon != std::string::npos && at >= name.size() && colon > 0) {
            parsed.stream = part.substr(colon + 1);
            part.resize(colon);
            if (parsed.stream.empty() || !is_file_name(parsed.stream)) {
                return refuse("has a name Windows cannot have");
            }
        }
        if (!is_file_name(part)) return refuse("has a name Windows cannot have");
        parsed.path.push_back(std::move(part));
    }
    return parsed;
}

Result<LayerPath> parse_layer_path(const std::string& name) {
    Result<MemberName> parsed = parse_member_name(name);
    if (!parsed) return std::move(parsed).error();
    if (!parsed->stream.empty()) return refuse("has a name Windows cannot have");
    return std::move(parsed->path);
}

std::string path_text(const LayerPath& path) {
    return joined(path, '\\');
}

std::string tar_name_of(const LayerPath& path) {
    return joined(path, '/');
}

std::filesystem::path below(const std::filesystem::path& folder, const LayerPath& path) {
    std::filesystem::path whole = folder;
    for (const std::string& part : path) whole /= path_from_utf8(part);
    return whole;
}

std::string folded(const LayerPath& path) {
    std::string text = path_text(path);
    for (char& letter : text) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return text;
}

std::string removed_name(const LayerPath& path) {
    return !path.empty() && path.back().starts_with(kWhiteout) ? path.back().substr(kWhiteout.size()) : "";
}

}  // namespace slipway::windows_backend
