// plugins/windows/src/layers/layer_index.hpp - which members a layer has had so far, so that each new one fits to them.
#pragma once

#include <layers/layer_path.hpp>

#include <optional>
#include <string>
#include <unordered_map>

namespace slipway::windows_backend {

// Names that differ in the case of letters alone are one.
class LayerIndex {
public:
    enum class Kind { kFile, kDirectory, kLink };

    std::optional<Kind> find(const LayerPath& path) const;

    // Whether something of this kind may be there now. True: it takes the place of what is no directory.
    //   kInvalidArgument  below a file or a link; in the place of a directory that is none itself
    Result<bool> check(const LayerPath& path, Kind kind) const;
    void set(const LayerPath& path, Kind kind) { kinds_[folded(path)] = kind; }

private:
    std::unordered_map<std::string, Kind> kinds_;
};

}  // namespace slipway::windows_backend
