// plugins/windows/src/layers/layer_unpack.hpp - the members of a layer as files below one folder.
#pragma once

#include <layers/tar_stream.hpp>

#include <filesystem>
#include <vector>

namespace slipway::windows_backend {

struct UnpackedLayer {
    uint64_t size_bytes = 0;
    uint64_t entry_count = 0;
    std::vector<std::string> removed;  // by whiteout, with backslashes, relative
};

// Unpacks into `folder`, which exists and is empty. No link is ever made that leads out, so no member can leave it.
//   kInvalidArgument  not a tar stream; a name that leaves the layer or that Windows cannot have; resource names it
//   kUnimplemented    a symbolic link or device: reparse points are not restored
Result<UnpackedLayer> unpack_layer(TarStream& tar, const std::filesystem::path& folder);

}  // namespace slipway::windows_backend
