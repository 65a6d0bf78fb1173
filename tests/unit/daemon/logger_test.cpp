// Lines of the daemon's log.
#include "logger.hpp"

#include <gtest/gtest.h>

namespace slipway::daemon {
namespace {

TEST(LogLines, CannotBeForged) {
    EXPECT_EQ(format_line(1'700'000'000'123'456'789, core::LogLevel::kWarn, "a\nb\x1b[31m\tc"),
              "2023-11-14T22:13:20.123Z WARN  a\\nb\\x1b[31m\\tc\n");
}

}  // namespace
}  // namespace slipway::daemon
