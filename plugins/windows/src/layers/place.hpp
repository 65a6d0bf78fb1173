// plugins/windows/src/layers/place.hpp - what is at a layer's name on disk, when no link on the way to it is followed.
#pragma once

#include <layers/layer_path.hpp>
#include <sys/file_tree.hpp>

namespace slipway::windows_backend {

// kNone, too, when something on the way is no directory. The file system is asked part by part: it alone knows which
// names are one, short forms like LONGDI~1 and letters beyond ASCII among them.
Result<FileKind> kind_below(const std::filesystem::path& folder, const LayerPath& path);

// Asks the same for the directory a new name will be in, and asks once for names that follow each other in one.
class ParentCheck {
public:
    explicit ParentCheck(std::filesystem::path folder) : folder_(std::move(folder)) {}

    // kInvalidArgument: it is no directory.
    Status check(const LayerPath& path);
    // To be called when a directory has gone or a link has come.
    void forget() { known_ = false; }

private:
    const std::filesystem::path folder_;
    LayerPath parent_;
    bool known_ = false;  // parent_ is a directory
};

}  // namespace slipway::windows_backend
