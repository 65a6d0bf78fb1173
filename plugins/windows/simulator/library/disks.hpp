// plugins/windows/simulator/library/disks.hpp - virtdisk.dll on the simulated disks. Its callers close a disk with
// CloseHandle, which nobody here sees; so the handle they get is one end of a pipe, and that its other end has become
// useless says that the disk was closed.
#pragma once

#include <simulator/host.hpp>

namespace slipway::simulated_hcs {

// Makes functions that are given a disk understand the handles of virtdisk's callers. Keeps the table's own functions
// for itself.
void take_real_disk_handles(raw::HostApi& table);

// Closes the disks whose handles were closed. The host's mutex is held.
void close_dropped_disks(Host& host);

}  // namespace slipway::simulated_hcs
