// plugins/windows/simulator/storage_calls.hpp - what the functions of computestorage share.
#pragma once

#include "host.hpp"

#include <filesystem>
#include <functional>

namespace slipway::simulated_hcs {

// One spelling for each file, however its path was written.
std::filesystem::path file_of(raw::Text path);

// A synchronous call: by rule it fails, hangs or goes on to `body`, with the host's mutex held.
Hresult calling(const char* function, const std::function<Hresult(Host&)>& body);

// Layer data whose folders exist.
Hresult read_layers(raw::Text text, json& out);

// The disk whose volume this is, with its file; null when there is none.
using DiskOfFile = decltype(Host::disks)::value_type;
DiskOfFile* disk_at(Host& host, const std::string& volume);

void add_layer_functions(raw::HostApi& api);  // layers.cpp

}  // namespace slipway::simulated_hcs
