// daemon/src/kernel_flaws.hpp - flaws of kernels that no engine can make up for, so that `info` at least names them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::daemon {

// A warning when a kernel of this number lets containers write to files of their image that others share, by way of the
// page cache (CVE-2022-0847). `release` and `version` are uname's: "5.10.0-28-amd64" and "#1 SMP Debian 5.10.209-2
// (2024-01-31)". Distributions fix kernels without changing their number, so it only says "may"; Debian's version has
// the number that counts.
std::optional<std::string> page_cache_warning(std::string_view release, std::string_view version);

}  // namespace slipway::daemon
