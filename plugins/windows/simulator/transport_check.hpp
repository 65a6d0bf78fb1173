// plugins/windows/simulator/transport_check.hpp - whether a folder is a layer in the transport format.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace slipway::simulated_hcs {

// What is wrong with it, with the name of the file; nothing when it is right to the last byte.
std::optional<std::string> check_transport(const std::filesystem::path& folder);

}  // namespace slipway::simulated_hcs
