// plugins/linux/src/spec/root_file.hpp - reads small files of an untrusted root file system.
#pragma once

#include <slipway/cpp/error.hpp>

#include <optional>
#include <string>

namespace slipway::linux_backend {

// The content of `path` below the directory `root_fd`, links resolved inside it. Nothing when there is no such file.
// Never leaves the root, and never waits for what a link leads to: FIFOs, devices and the kernel's own files are
// refused without being opened.
//   kInvalidArgument  not a regular file, one of the kernel's, or more than `limit` bytes; resource has the path
//   kSystem           the root cannot be read
Result<std::optional<std::string>> read_root_file(int root_fd, const char* path, size_t limit);

}  // namespace slipway::linux_backend
