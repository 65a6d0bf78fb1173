// plugins/windows/src/layers/leftovers.hpp - folders that are removed when nobody needs them any more.
#pragma once

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <utility>
#include <vector>

namespace slipway::windows_backend {

// remove_tree() with BackupPrivileges: most files of a layer belong to the system, which allows nobody else to remove
// them.
Status remove_layer_tree(const std::filesystem::path& folder);

// Shared with calls into the system that may go on after the one who made them has given up: the last one removes the
// folders. What was moved away by then is gone already, which is fine. What cannot be removed stays until the next
// start, which tells about it: by then there may be no host to tell.
class Leftovers {
public:
    explicit Leftovers(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}
    Leftovers(const Leftovers&) = delete;
    Leftovers& operator=(const Leftovers&) = delete;
    ~Leftovers();

private:
    const std::vector<std::filesystem::path> folders_;
};

}  // namespace slipway::windows_backend
