// cli/src/copy/copy_plan.hpp - the rules of `docker cp`: what a path means, and which name a copy gets. Text only.
#pragma once

#include <string>

namespace slipway::cli {

// "container:path", or a path here: one that is absolute, begins with ".", or has no colon.
struct CopyArgument {
    std::string container;  // empty: here
    std::string path;
};
CopyArgument split_copy_argument(const std::string& text);

// Directory and last part of a path. "a/b/." is "a/b" and ".": what is in b, not b itself.
struct PathEntry {
    std::string directory, base;
};
PathEntry split_entry(const std::string& path);

// Whether a path only makes sense for a directory: it ends in "/" or in "/.".
bool asserts_directory(const std::string& path);

struct CopySource {
    std::string path;
    bool is_directory = false;
    std::string name;  // of the copy, when it is not the last part of `path`: a link that was followed
};

struct CopyDestination {
    std::string path;
    bool exists = false, is_directory = false;
};

// Where an archive of the source, whose members begin with `from`, is unpacked; `from` becomes `to`.
struct CopyPlan {
    std::string directory, from, to;
};

// Throws CommandError when a directory would replace a file, or a directory is wanted where there is none.
CopyPlan plan_copy(const CopySource& source, const CopyDestination& destination);

// A member's name by that plan.
std::string renamed(const std::string& member, const CopyPlan& plan);

}  // namespace slipway::cli
