// Every test of this program leaves the machine as it found it.
#include <support/machine_guard.hpp>

namespace slipway::testing {

[[maybe_unused]] ::testing::Environment* const g_machine_guard = guard_machine();

}  // namespace slipway::testing
