// plugins/windows/src/layers/layer_path.hpp - names of a layer's members as places below its folder.
#pragma once

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// The parts of a name, UTF-8; empty for the layer's folder itself.
using LayerPath = std::vector<std::string>;

struct MemberName {
    LayerPath path;
    std::string stream;  // "s" of "Files/a:s", an alternate data stream of the file; else empty
};

// Splits at slashes and backslashes. kInvalidArgument: absolute, ".." in it, or a part that no file of Windows can
// have. Messages say what the name does: "leaves the layer".
Result<MemberName> parse_member_name(const std::string& name);
// The same for what may not name a stream.
Result<LayerPath> parse_layer_path(const std::string& name);

std::string path_text(const LayerPath& path);    // with backslashes
std::string tar_name_of(const LayerPath& path);  // with slashes
std::filesystem::path below(const std::filesystem::path& folder, const LayerPath& path);

// Whether both are the same name for Windows, as far as ASCII goes; systems compare other letters by tables of theirs.
std::string folded(const LayerPath& path);

// The last part without ".wh." where it names what a layer removes; else empty.
std::string removed_name(const LayerPath& path);

}  // namespace slipway::windows_backend
