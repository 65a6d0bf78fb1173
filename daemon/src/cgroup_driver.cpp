#include "cgroup_driver.hpp"

#include <algorithm>
#include <string_view>

namespace slipway::daemon {
namespace {

constexpr std::string_view kSlice = ".slice";

std::string trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

}  // namespace

Result<std::string> cgroup_driver_of(const std::vector<std::string>& exec_opts) {
    std::string driver;
    for (const std::string& option : exec_opts) {
        const size_t equals = option.find('=');
        if (equals == std::string::npos) {
            return Error(ErrorCode::kInvalidArgument, "unable to parse key/value option: " + option);
        }
        if (lower(trimmed(option.substr(0, equals))) != "native.cgroupdriver") {
            return Error(ErrorCode::kInvalidArgument,
                         "exec-opts: '" + option + "': the only option there is, is native.cgroupdriver");
        }
        const std::string value = trimmed(option.substr(equals + 1));
        if (value != "cgroupfs" && value != "systemd") {
            return Error(ErrorCode::kInvalidArgument, "native.cgroupdriver option " + value + " not supported");
        }
        if (driver.empty()) driver = value;
    }
    return driver.empty() ? "cgroupfs" : driver;
}

Status check_cgroup_parent(const std::string& driver, const std::string& parent) {
    if (driver != "systemd" || parent.empty()) return ok();
    if (parent.size() > kSlice.size() && parent.ends_with(kSlice)) return ok();
    return Error(ErrorCode::kInvalidArgument,
                 "cgroup-parent for systemd cgroup should be a valid slice named as \"xxx.slice\"");
}

}  // namespace slipway::daemon
