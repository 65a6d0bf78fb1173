// base_namespace.hpp - the mount name space every container's is copied from.
#pragma once

namespace slipway::supervisor {

// Makes a mount name space whose only content is a read-only tmpfs with `null` (character device 1:3), `empty` and
// `root` (empty directories), says one byte on `sock` (0, or errno) and waits until the other side, which has opened
// /proc/PID/ns/mnt by then, closes it. Returns the exit code.
int run_base_namespace(int sock);

}  // namespace slipway::supervisor
