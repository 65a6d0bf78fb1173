// plugins/linux/src/fs/tree_usage.hpp - how many bytes a directory tree holds.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <functional>

namespace slipway::linux_backend {

// Sum of the sizes of all regular files below the directory `root`, hard links counted once. Follows no link and enters
// no other mount. The tree may change meanwhile: what vanishes is not counted. `check` runs per directory and ends the
// walk when it fails. Directories whose path is longer than the kernel accepts (4095 bytes) are left out.
Result<uint64_t> tree_usage(int root, const std::function<Status()>& check);

}  // namespace slipway::linux_backend
