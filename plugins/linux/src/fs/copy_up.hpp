// plugins/linux/src/fs/copy_up.hpp - gives a new volume what the image has at its mount point.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/id_map.hpp>

#include <functional>
#include <string>

namespace slipway::linux_backend {

// When the host directory `source` is empty and the root behind `root` has a directory at `target`, makes `source` a
// copy of that: owners, modes, times, extended attributes, hard links and device nodes included. Written beside
// `source` and put in its place by a rename, on disk by then, so there is never half of it. `limits` is asked between
// files.
//   kInvalidArgument    `target` is a file
//   kResourceExhausted  no space
//
// With `map` the root shows the host's ids of the container's users; the copy gets those the users have inside, as the
// layers on disk have them.
Status copy_up(int root, const std::string& target, const std::string& source, const std::function<Status()>& limits,
               const IdMap* map = nullptr);

}  // namespace slipway::linux_backend
