// plugins/windows/src/layers/layer_pack.hpp - a layer in the transport format as a tar stream that unpack_layer()
// takes.
#pragma once

#include <slipway/base.h>
#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <functional>

namespace slipway::windows_backend {

// `check` is asked before each member and now and then within; its error ends the stream.
//   kDataLoss       the folder is not in the transport format
//   kUnimplemented  alternate data with holes, reparse points other than links; a name that unpack_layer() refuses,
//   which
//                   is the error's resource
//   kCancelled      `tar` takes no more
Status pack_layer(const std::filesystem::path& folder, slw_sink* tar, const std::function<Status()>& check);

}  // namespace slipway::windows_backend
