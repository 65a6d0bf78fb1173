// core/src/plugin_host/naming.hpp - how plugins, their manifests and their ABI versions are named in messages.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace slipway::core {

// [a-z][a-z0-9-]{0,31}, as HostConfig.Runtime selects a backend.
bool is_backend_name(std::string_view name);

// "1.0".
std::string abi_text(uint32_t major, uint32_t minor);

// The refusal of another ABI major: "backend 'x' <how> for ABI 2.0, this host has ABI 1.0". kConflict.
Error abi_refusal(const std::string& name, const std::string& how, uint32_t major, uint32_t minor);

// Prefixes the message with "backend 'x': " unless it begins so already.
Error name_backend(Error error, const std::string& backend);

// "/x/libfoo.so" -> "/x/libfoo.json".
std::filesystem::path manifest_of(const std::filesystem::path& library);

}  // namespace slipway::core
