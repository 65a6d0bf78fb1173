// plugins/windows/src/layers/layer_unpack.hpp - the members of a layer's tar stream, one by one, for what writes them.
#pragma once

#include <layers/layer_writer.hpp>
#include <layers/tar_stream.hpp>

namespace slipway::windows_backend {

struct UnpackedLayer {
    uint64_t size_bytes = 0;
    uint64_t entry_count = 0;
};

// Directories that the stream leaves out are made. No name leads through a link of the layer: names are compared as
// far as ASCII goes here, and the writers ask the file system about each directory above a new name.
//   kInvalidArgument  not a tar stream; a member that leaves the layer, that Windows cannot have or whose records are
//                     malformed; a stream without its file, a link without its target; resource names the member
//   kUnimplemented    a device or pipe; a security descriptor as text, elsewhere than on Windows
Result<UnpackedLayer> unpack_layer(TarStream& tar, LayerWriter& writer);

}  // namespace slipway::windows_backend
