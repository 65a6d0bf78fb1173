// plugins/windows/src/layers/leftovers.hpp - folders that are removed when nobody needs them any more.
#pragma once

#include <sys/file_tree.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace slipway::windows_backend {

// Shared with calls into the system that may go on after the one who made them has given up: the last one removes the
// folders. What was moved away by then is gone already, which is fine.
class Leftovers {
public:
    explicit Leftovers(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}
    Leftovers(const Leftovers&) = delete;
    Leftovers& operator=(const Leftovers&) = delete;
    ~Leftovers() {
        for (const auto& folder : folders_) (void)remove_tree(folder);
    }

private:
    const std::vector<std::filesystem::path> folders_;
};

}  // namespace slipway::windows_backend
