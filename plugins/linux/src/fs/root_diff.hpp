// plugins/linux/src/fs/root_diff.hpp - what a container changed, read from its upper directory and the layers below.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

enum class ChangeKind { kModified = 0, kAdded = 1, kDeleted = 2 };  // Docker's numbers

struct RootChange {
    std::string path;  // absolute, inside the container
    ChangeKind kind = ChangeKind::kModified;
    bool operator==(const RootChange&) const = default;
};

// Compares `upper` with the merge of `lower` (lowest first), as Docker's /changes does it:
//  - a directory is modified when its mode or owner differs, or when something in it changed; "/" is never listed
//  - a file is modified when mode, owner, device number, size or time differs from the one below, so that opening it
//    for writing without writing is no change
//  - of a deleted directory only the top is listed, of an added one everything
// Sorted by path, parents first. Directories whose path exceeds the kernel's 4095 bytes are not entered. `check` runs
// per directory and ends the walk when it fails.
Result<std::vector<RootChange>> diff_root(int upper, const std::vector<UniqueFd>& lower,
                                          const std::function<Status()>& check);

}  // namespace slipway::linux_backend
