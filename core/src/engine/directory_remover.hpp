// core/src/engine/directory_remover.hpp - takes directories away whose owner is gone already, so that nobody could ask
// again: what cannot be removed now is tried again with the next one, and by reconcile() when the daemon starts.
#pragma once

#include "sys/tree.hpp"

#include <slipway/core/path.hpp>

#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace slipway::core {

class DirectoryRemover {
public:
    using Problem = std::pair<std::string, std::error_code>;  // path and reason

    // Removes the directories with all they hold, and those that were left earlier. Gone already is success. Returns
    // what is left. On any thread; blocks.
    std::vector<Problem> remove(const std::vector<std::string>& paths) {
        std::vector<std::string> all = paths;
        {
            const std::lock_guard lock(mutex_);
            all.insert(all.end(), left_.begin(), left_.end());
            left_.clear();
        }
        std::vector<Problem> problems;
        for (const std::string& path : all) {
            std::error_code error = remove_tree(path_of(path));
            if (error) error = remove_tree(path_of(path));  // it may have been a passing shortage
            if (error) problems.emplace_back(path, error);
        }
        const std::lock_guard lock(mutex_);
        for (const Problem& problem : problems) left_.push_back(problem.first);
        return problems;
    }

private:
    std::mutex mutex_;               // taken alone
    std::vector<std::string> left_;  // guarded by mutex_
};

}  // namespace slipway::core
