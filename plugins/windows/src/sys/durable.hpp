// plugins/windows/src/sys/durable.hpp - what must survive a power cut.
#pragma once

#include <slipway/cpp/error.hpp>

#include <filesystem>

namespace slipway::windows_backend {

// Everything written so far below `folder` is on disk when this returns.
Status sync_tree(const std::filesystem::path& folder);
// So is this file, under its name.
Status sync_file(const std::filesystem::path& path);

}  // namespace slipway::windows_backend
