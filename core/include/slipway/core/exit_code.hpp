// core/include/slipway/core/exit_code.hpp - how clients see the code of an ended process.
#pragma once

#include <cstdint>

namespace slipway::core {

// Codes of Windows have 32 bits, and clients of Docker know them without a sign: 3221225786 is
// STATUS_CONTROL_C_EXIT, 0xC000013A. Those of Linux are 0 to 255 and stay what they are.
constexpr int64_t shown_exit_code(int32_t code) {
    return static_cast<uint32_t>(code);
}

}  // namespace slipway::core
