#include "model/mount_paths.hpp"

#include "model/mount_options.hpp"

#include <algorithm>
#include <vector>

namespace slipway::core {
namespace {

constexpr size_t kLongestPath = 4096;  // PATH_MAX
constexpr std::string_view kPipes = R"(\\.\pipe\)";

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

bool is_slash(char c) {
    return c == '/' || c == '\\';
}

bool has_drive(std::string_view path) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return path.size() >= 2 && letter(path[0]) && path[1] == ':';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string with_backslashes(std::string_view path) {
    std::string text(path);
    std::replace(text.begin(), text.end(), '/', '\\');
    return text;
}

// The parts between colons, where that of a drive stays with its letter.
std::vector<std::string_view> split_at_colons(std::string_view text, PathStyle style) {
    if (style == PathStyle::kLinux) return split_words(text, ':');
    std::vector<std::string_view> parts;
    for (;;) {
        const size_t end = text.find(':', has_drive(text) ? 2 : 0);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

Status check_windows_target(std::string_view type, std::string_view target) {
    if (is_pipe(target, PathStyle::kWindows)) return ok();
    const std::string shown(target);
    const std::string_view below = has_drive(target) ? target.substr(2) : target;
    const bool on_pipes = target.size() > 1 && is_slash(target[0]) && is_slash(target[1]);
    if (below.empty() || !is_slash(below.front()) || on_pipes) {
        // A drive without a path is its root.
        if (!below.empty() || !has_drive(target)) {
            return invalid_mount(type, "invalid mount path: '" + shown + "' mount path must be absolute");
        }
    }
    for (const std::string_view part : split_words(with_backslashes(below), '\\')) {
        if (part == "..") return invalid_mount(type, "invalid mount path: '" + shown + "' must not contain '..'");
        if (part.find_first_of("<>:\"|?*") != std::string_view::npos) {
            return invalid_mount(type, "invalid mount path: '" + shown + "' has a character no name may have");
        }
    }
    if (clean_target(target, PathStyle::kWindows) == R"(C:\)") {
        return invalid_mount(type, "destination path cannot be `c:` or `c:\\`: " + shown);
    }
    return ok();
}

}  // namespace

PathStyle path_style(const std::string& image_os) {
    return image_os == "windows" ? PathStyle::kWindows : PathStyle::kLinux;
}

Error invalid_spec(std::string_view text) {
    return invalid("invalid volume specification: '" + std::string(text.substr(0, 2 * kLongestPath)) + "'");
}

Error invalid_mount(std::string_view type, const std::string& why) {
    return invalid("invalid mount config for type \"" + std::string(type) + "\": " + why);
}

Result<BindParts> split_bind(std::string_view text, PathStyle style) {
    const std::vector<std::string_view> parts = split_at_colons(text, style);
    if (parts.empty() || parts.size() > 3 || parts[0].empty()) return invalid_spec(text);
    if (parts.size() == 1) return BindParts{{}, parts[0], {}};
    MountParams ignored;
    // "/foo:rw": volumes given by their destination alone cannot have a mode.
    if (parts.size() == 2 && (parts[1].empty() || apply_bind_mode(parts[1], ignored))) return invalid_spec(text);
    return BindParts{parts[0], parts[1], parts.size() == 3 ? parts[2] : std::string_view()};
}

bool is_host_path(std::string_view source, PathStyle style) {
    if (source.empty()) return false;
    if (style == PathStyle::kLinux) return source.front() == '/';
    return is_slash(source.front()) || has_drive(source);
}

bool is_pipe(std::string_view path, PathStyle style) {
    if (style != PathStyle::kWindows || path.size() <= kPipes.size()) return false;
    const std::string text = with_backslashes(path.substr(0, kPipes.size()));
    return std::equal(text.begin(), text.end(), kPipes.begin(), [](char a, char b) { return lower(a) == b; });
}

Status check_path(std::string_view path) {
    if (path.size() >= kLongestPath) return invalid("a path has more than 4095 characters");
    if (path.find('\0') != std::string_view::npos) return invalid("a path holds a NUL character");
    return ok();
}

Status check_target(std::string_view type, std::string_view target, PathStyle style) {
    if (target.empty()) return invalid_mount(type, "field Target must not be empty");
    if (Status checked = check_path(target); !checked) return invalid_mount(type, checked.error().message());
    if (style == PathStyle::kWindows) return check_windows_target(type, target);
    if (target.front() != '/') {
        return invalid_mount(type, "invalid mount path: '" + std::string(target) + "' mount path must be absolute");
    }
    if (clean_path(target) == "/") return invalid_mount(type, "invalid specification: destination can't be '/'");
    return ok();
}

std::string clean_target(std::string_view target, PathStyle style) {
    if (style == PathStyle::kLinux) return clean_path(target);
    if (is_pipe(target, style)) return std::string(kPipes) + std::string(target.substr(kPipes.size()));
    std::string clean = "C:";
    if (has_drive(target)) {
        clean[0] = static_cast<char>(target[0] & ~0x20);
        target.remove_prefix(2);
    }
    const std::string text = with_backslashes(target);
    for (const std::string_view part : split_words(text, '\\')) {
        if (part.empty() || part == ".") continue;
        clean += '\\';
        clean += part;
    }
    return clean.size() == 2 ? clean + '\\' : clean;
}

std::string place_of(const std::string& target, PathStyle style) {
    std::string place = target;
    if (style == PathStyle::kWindows) std::transform(place.begin(), place.end(), place.begin(), lower);
    return place;
}

}  // namespace slipway::core
