// api/src/version.hpp - API versions and the prefix of request paths.
#pragma once

#include <slipway/cpp/error.hpp>

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::api {

struct ApiVersion {
    int major = 0;
    int minor = 0;
    auto operator<=>(const ApiVersion&) const = default;
};

inline constexpr ApiVersion kNewest{1, 51};
inline constexpr ApiVersion kOldest{1, 22};
inline constexpr ApiVersion kModernFrom{1, 24};

// "1.51"; nullopt for anything else.
std::optional<ApiVersion> parse_version(std::string_view text);
std::string to_string(ApiVersion version);

// A request path split up. `version` is empty when the path has none; the newest is meant then.
struct VersionedPath {
    std::optional<ApiVersion> version;
    std::string version_text;  // as given
    std::string path;          // rest, begins with '/'
};
VersionedPath split_version(const std::string& path);

// Docker's texts for a version outside [minimum, newest].
Status check_version(const VersionedPath& request, ApiVersion minimum);

}  // namespace slipway::api
