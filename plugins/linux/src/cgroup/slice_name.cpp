#include <cgroup/slice_name.hpp>
#include <spec/quote.hpp>

#include <algorithm>
#include <string_view>

namespace slipway::linux_backend {

namespace {

constexpr std::string_view kSlice = ".slice";
constexpr std::string_view kScope = ".scope";
constexpr std::string_view kPrefix = "slipway-";
constexpr size_t kLongest = 255;  // systemd's, and that of a directory name

bool is_unit_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(":-_.\\").find(c) != std::string_view::npos;
}

// Around each dash there is a name: "a--b.slice" and "-a.slice" are no slices to systemd either.
bool has_empty_part(std::string_view stem) {
    return stem.empty() || stem.front() == '-' || stem.back() == '-' || stem.find("--") != std::string_view::npos;
}

}  // namespace

Result<std::string> expand_slice(const std::string& name) {
    if (name == "-.slice") return std::string();
    const std::string_view whole = name;
    const bool is_slice = whole.size() <= kLongest && whole.ends_with(kSlice) &&
                          std::all_of(whole.begin(), whole.end(), is_unit_char) &&
                          !has_empty_part(whole.substr(0, whole.size() - kSlice.size()));
    if (!is_slice) {
        return Error(ErrorCode::kInvalidArgument,
                     "cgroup-parent for systemd cgroup should be a valid slice named as \"xxx.slice\"")
            .with_resource(name.substr(0, 64))
            .with_hint(quote(name.substr(0, 64)) + " is none; \"a-b.slice\" is the slice b inside the slice a");
    }
    std::string path;
    for (size_t dash = name.find('-'); dash != std::string::npos; dash = name.find('-', dash + 1)) {
        path += "/" + name.substr(0, dash) + std::string(kSlice);
    }
    return path + "/" + name;
}

std::string scope_name(const std::string& container_id) {
    return std::string(kPrefix) + container_id + std::string(kScope);
}

std::string container_of_scope(const std::string& unit) {
    const std::string_view whole = unit;
    if (!whole.starts_with(kPrefix) || !whole.ends_with(kScope) || whole.size() <= kPrefix.size() + kScope.size()) {
        return {};
    }
    return unit.substr(kPrefix.size(), unit.size() - kPrefix.size() - kScope.size());
}

}  // namespace slipway::linux_backend
