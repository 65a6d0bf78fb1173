// plugins/linux/src/fs/layer_import.hpp - a tar stream becomes a layer, whole or not at all.
#pragma once

#include <slipway/base.h>
#include <fs/layer_store.hpp>
#include <fs/layer_writer.hpp>
#include <fs/member.hpp>
#include <slipway/cpp/error.hpp>

#include <functional>
#include <string>

namespace slipway::linux_backend {

// The limits the backend imports with: those of ImportLimits, privileged when it runs as root.
ImportLimits default_import_limits();

// Unpacks `tar` as layer `id` of `store`. An id that exists already is success and `tar` is not read. Members that
// would leave the layer, a stream that is no tar or is cut short, and anything above `limits` are kInvalidArgument, a
// full disk kResourceExhausted; then nothing stays. `check` runs often and ends the import when it fails.
Result<LayerInfo> import_layer(LayerStore& store, const std::string& id, const slw_source* tar,
                               const ImportLimits& limits, const std::function<Status()>& check);

// The unpacking alone, into the empty and private directory `dir`. Returns the number of members.
Result<uint64_t> unpack_layer(int dir, const slw_source* tar, const ImportLimits& limits,
                              const std::function<Status()>& check);

// The same into a directory with content of its own, which others may change meanwhile when rules.live. Names mean
// nothing special there: there are no whiteouts.
Result<uint64_t> unpack_tree(int dir, const slw_source* tar, const ImportLimits& limits, const UnpackRules& rules,
                             const std::function<Status()>& check);

}  // namespace slipway::linux_backend
