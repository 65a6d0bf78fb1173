// plugins/linux/src/sys/memory_file.hpp - data handed to another process by descriptor.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <cstdint>
#include <vector>

namespace slipway::linux_backend {

// A sealed memory file with these bytes: nobody can change or cut it afterwards. `name` shows in /proc only.
Result<UniqueFd> make_memory_file(const char* name, const std::vector<uint8_t>& bytes);

}  // namespace slipway::linux_backend
