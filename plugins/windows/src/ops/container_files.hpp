// plugins/windows/src/ops/container_files.hpp - what is on disk for one container.
#pragma once

#include <container.hpp>

#include <filesystem>

namespace slipway::windows_backend {

// <data_dir>\scratch: the writable layer.
std::filesystem::path writable_layer(const slw_container& c);
std::filesystem::path container_disk(const slw_container& c);
// Beside the disk once its volume holds a file system of the layers.
std::filesystem::path used_mark(const slw_container& c);
// Beside the disk once a virtual machine has had it.
std::filesystem::path machine_mark(const slw_container& c);
// <data_dir>\vm: the own disk of the virtual machine it runs in, while it runs.
std::filesystem::path machine_folder(const slw_container& c);

// The layers below, as ids, lowest first. A container with Hyper-V isolation is started without being told of them: its
// root is never mounted on the host.
Status record_layers(const slw_container& c, const std::vector<std::string>& lowest_first);
//   kNotFound  no writable layer
Result<std::vector<std::string>> recorded_layers(const slw_container& c);

}  // namespace slipway::windows_backend
