#include <fs/member.hpp>

#include <algorithm>

namespace slipway::linux_backend {
namespace {

constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr size_t kShownBytes = 200;

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none. Overlong forms and surrogates
// pass: the result is for display only.
size_t utf8_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const size_t length = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || lead >= 0xF5 || text.size() < length) return 0;
    const bool complete = std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length),
                                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });
    return complete ? length : 0;
}

}  // namespace

std::string printable(std::string_view name) {
    std::string text;
    while (!name.empty()) {
        if (text.size() >= kShownBytes) return text + "...";
        const auto byte = static_cast<unsigned char>(name[0]);
        size_t length = 1;
        if (byte >= 0x80) {
            length = utf8_length(name);
            text += length == 0 ? std::string_view("?") : name.substr(0, length);
        } else {
            text += byte < 0x20 || byte == 0x7F ? '?' : name[0];
        }
        name.remove_prefix(std::max<size_t>(length, 1));
    }
    return text;
}

Error bad_member(std::string_view name, const std::string& why) {
    const std::string shown = printable(name);
    return Error(ErrorCode::kInvalidArgument, "archive member '" + shown + "': " + why).with_resource(shown);
}

Result<std::string> clean_member_path(std::string_view name, const ImportLimits& limits) {
    if (name.empty()) return bad_member(name, "empty name");
    if (name.front() == '/' && !limits.take_absolute) return bad_member(name, "absolute name");
    if (name.find('\0') != std::string_view::npos) return bad_member(name, "NUL in the name");
    if (name.size() > limits.max_path) return bad_member(name, "name too long");
    std::string normal;
    for (size_t start = 0; start <= name.size();) {
        const size_t end = std::min(name.find('/', start), name.size());
        const std::string_view part = name.substr(start, end - start);
        if (part == "..") return bad_member(name, "'..' in the name");
        if (part.size() > limits.max_name) return bad_member(name, "name too long");
        if (!part.empty() && part != ".") {
            if (!normal.empty()) normal += '/';
            normal += part;
        }
        start = end + 1;
    }
    return normal;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {"", path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

Whiteout classify_whiteout(const std::string& base, std::string& hidden) {
    if (base.rfind(kWhiteoutPrefix, 0) != 0) return Whiteout::kNone;
    const std::string rest = base.substr(kWhiteoutPrefix.size());
    if (rest == ".wh..opq") return Whiteout::kOpaque;
    if (rest.rfind(kWhiteoutPrefix, 0) == 0) return Whiteout::kIgnored;
    if (rest.empty() || rest == "." || rest == "..") return Whiteout::kBad;
    hidden = rest;
    return Whiteout::kHide;
}

bool keep_xattr(std::string_view name) {
    if (name == "security.capability") return true;
    // user.overlay.* is what an overlay mounted with userxattr obeys.
    return name.size() > 5 && name.substr(0, 5) == "user." && name.substr(0, 13) != "user.overlay.";
}

}  // namespace slipway::linux_backend
