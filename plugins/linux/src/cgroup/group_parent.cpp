#include <cgroup/group_parent.hpp>
#include <spec/quote.hpp>

#include <algorithm>
#include <climits>
#include <sstream>
#include <string_view>

namespace slipway::linux_backend {

namespace {

constexpr size_t kLongest = PATH_MAX / 2;  // leaves room for the mount point and the container's own name

bool is_unit(std::string_view part) {
    return part.ends_with(".slice") || part.ends_with(".scope") || part.ends_with(".service");
}

Error refused(const std::string& name, const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "invalid cgroup parent " + quote(name) + ": " + why).with_resource(name);
}

}  // namespace

Result<std::string> parse_group_parent(const std::string& name) {
    const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
    });
    if (!printable) return refused(name.substr(0, 64), "it has a control character");
    if (name.size() > kLongest) return refused(name.substr(0, 64), "it is too long");
    std::string path;
    std::istringstream parts(name);
    for (std::string part; std::getline(parts, part, '/');) {
        if (part.empty()) continue;
        if (part == "." || part == "..") return refused(name, "it may not contain " + quote(part));
        if (part.size() > NAME_MAX) return refused(name, "a part of it is too long");
        if (is_unit(part)) {
            return refused(name, quote(part) + " is a unit of systemd, and control groups are made by cgroupfs here")
                .with_hint("name a group that does not end in .slice, .scope or .service");
        }
        path += "/" + part;
    }
    return path;
}

}  // namespace slipway::linux_backend
