#include <documents/paths.hpp>

#include <documents/environment.hpp>

#include <algorithm>
#include <string_view>

namespace slipway::windows_backend {
namespace {

constexpr std::string_view kPipePrefix = R"(\\.\pipe\)";

std::string with_backslashes(std::string path) {
    std::replace(path.begin(), path.end(), '/', '\\');
    return path;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Error refuse(const std::string& path, const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "invalid mount path: '" + path + "' " + why).with_resource(path);
}

}  // namespace

bool is_reserved_name(const std::string& name) {
    const std::string stem = name.substr(0, name.find('.'));
    for (const char* device : {"con", "prn", "aux", "nul"}) {
        if (equal_ignoring_case(stem, device)) return true;
    }
    if (stem.size() != 4 || stem[3] < '1' || stem[3] > '9') return false;
    const std::string kind = stem.substr(0, 3);
    return equal_ignoring_case(kind, "com") || equal_ignoring_case(kind, "lpt");
}

std::optional<std::string> pipe_name(const std::string& path) {
    const std::string text = with_backslashes(path);
    if (text.size() <= kPipePrefix.size()) return std::nullopt;
    if (!equal_ignoring_case(text.substr(0, kPipePrefix.size()), kPipePrefix)) return std::nullopt;
    return text.substr(kPipePrefix.size());
}

Result<std::string> normalise_container_path(const std::string& path) {
    const std::string text = with_backslashes(path);
    std::string drive = "C:";
    size_t at = 0;
    if (text.size() >= 2 && is_letter(text[0]) && text[1] == ':') {
        drive = {static_cast<char>(text[0] & ~0x20), ':'};
        at = 2;
    }
    if (at == text.size() && at == 2) return refuse(path, "must not be the root of the drive");
    if (at >= text.size() || text[at] != '\\') return refuse(path, "mount path must be absolute");
    if (text.starts_with("\\\\")) return refuse(path, "must be on a drive of the container");
    std::string normal = drive;
    while (at < text.size()) {
        const size_t end = std::min(text.find('\\', at + 1), text.size());
        const std::string part = text.substr(at + 1, end - at - 1);
        at = end;
        if (part.empty() || part == ".") continue;
        if (part == "..") return refuse(path, "must not contain '..'");
        if (part.find_first_of("<>:\"|?*") != std::string::npos)
            return refuse(path, "has a character no name may have");
        if (is_reserved_name(part)) return refuse(path, "has the reserved name '" + part + "' in it");
        normal += '\\' + part;
    }
    if (normal.size() == 2 && drive == "C:") return refuse(path, "must not be the root of the drive");
    return normal;
}

}  // namespace slipway::windows_backend
