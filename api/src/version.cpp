#include "version.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::api {
namespace {

std::optional<int> parse_part(std::string_view text) {
    int value = 0;
    if (text.empty() || text.size() > 4 || text.front() < '0' || text.front() > '9') return std::nullopt;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<ApiVersion> parse_version(std::string_view text) {
    const size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const std::optional<int> major = parse_part(text.substr(0, dot));
    const std::optional<int> minor = parse_part(text.substr(dot + 1));
    if (!major || !minor) return std::nullopt;
    return ApiVersion{*major, *minor};
}

std::string to_string(ApiVersion version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

VersionedPath split_version(const std::string& path) {
    if (path.starts_with("/v")) {
        const size_t slash = path.find('/', 2);
        const std::string text = path.substr(2, slash == std::string::npos ? std::string::npos : slash - 2);
        if (const std::optional<ApiVersion> version = parse_version(text); version && slash != std::string::npos) {
            return {version, text, path.substr(slash)};
        }
    }
    return {std::nullopt, {}, path};
}

Status check_version(const VersionedPath& request, ApiVersion minimum) {
    if (!request.version) return ok();
    if (*request.version < minimum) {
        return Error(ErrorCode::kInvalidArgument,
                     "client version " + request.version_text + " is too old. Minimum supported API version is " +
                         to_string(minimum) + ", please upgrade your client to a newer version");
    }
    if (*request.version > kNewest) {
        return Error(ErrorCode::kInvalidArgument, "client version " + request.version_text +
                                                      " is too new. Maximum supported API version is " +
                                                      to_string(kNewest));
    }
    return ok();
}

}  // namespace slipway::api
