// Which kernels `info` warns of.
#include "kernel_flaws.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::daemon {
namespace {

using testing::HasSubstr;

bool warns(std::string_view release, std::string_view version = "#1 SMP PREEMPT_DYNAMIC") {
    return page_cache_warning(release, version).has_value();
}

TEST(KernelFlaws, S90_KernelsWithAFlawOfThePageCacheAreNamed) {
    for (const char* release : {"5.8.0", "5.8", "5.9.16", "5.10.0", "5.10.101", "5.10.101-rt58", "5.11.22", "5.14.0-1",
                                "5.15.24", "5.15.0-20-generic", "5.16.10", "5.16.0-arch1"}) {
        EXPECT_TRUE(warns(release)) << release;
    }
    for (const char* release : {"5.7.19", "5.4.300", "4.19.0-27-amd64", "3.8.0", "6.8.0", "5.10.102", "5.10.1020",
                                "5.15.25", "5.15.167-WSL2", "5.16.11", "5.17.0-rc1", "5.80.1", "6.10.5", "15.10.1"}) {
        EXPECT_FALSE(warns(release)) << release;
    }
    const auto warning = page_cache_warning("5.15.10-microvm", "#1");
    ASSERT_TRUE(warning);
    EXPECT_THAT(*warning, HasSubstr("kernel 5.15.10-microvm may have CVE-2022-0847"));
}

TEST(KernelFlaws, S90_DebiansVersionHasTheNumberThatCounts) {
    EXPECT_FALSE(warns("5.10.0-28-amd64", "#1 SMP Debian 5.10.209-2 (2024-01-31)"));
    EXPECT_TRUE(warns("5.10.0-11-amd64", "#1 SMP Debian 5.10.92-1 (2022-01-18)"));
    EXPECT_TRUE(warns("5.10.0-11-amd64", "#1 SMP Debian unknown")) << "then the release is all there is";
}

TEST(KernelFlaws, S90_WhatIsNoNumberSaysNothing) {
    for (const char* release : {"", "five", "5", "5.", ".8", "5.x", "99999999999.8.0"}) {
        EXPECT_FALSE(warns(release)) << release;
    }
}

}  // namespace
}  // namespace slipway::daemon
