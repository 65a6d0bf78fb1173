#include <engine/exec_registry.hpp>

#include <gtest/gtest.h>

namespace slipway::core {
namespace {

ExecInfo exec(const std::string& id, const std::string& container = "c") {
    ExecInfo info;
    info.id = id;
    info.container_id = container;
    return info;
}

TEST(ExecRegistry, KeepsTheNewestOfThoseThatHaveRun) {
    ExecRegistry registry;
    registry.add(exec("running"));
    ASSERT_TRUE(registry.claim("running"));
    // Ids whose order is not that of their age.
    const auto id = [](int number) { return std::to_string(number * 7919 % 3000); };
    for (int i = 0; i < 3000; ++i) {
        registry.add(exec(id(i)));
        ASSERT_TRUE(registry.claim(id(i)));
        ASSERT_TRUE(registry.finish(id(i), i % 100, 0));
        ASSERT_TRUE(registry.find(id(i))) << "the one that just ended";
    }
    EXPECT_LE(registry.of_container("c").size(), 1002U);
    for (int i = 2100; i < 3000; ++i) EXPECT_EQ(registry.find(id(i))->exit_code, i % 100);
    EXPECT_FALSE(registry.find(id(0)));
    EXPECT_TRUE(registry.find("running"));
}

TEST(ExecRegistry, ThoseThatNobodyStartsAreBounded) {
    ExecRegistry registry;
    for (int i = 0; i < 3000; ++i) registry.add(exec(std::to_string(i)));
    EXPECT_EQ(registry.of_container("c").size(), 1000U);
    EXPECT_FALSE(registry.claim("1999"));
    EXPECT_TRUE(registry.claim("2000"));
    EXPECT_EQ(registry.claim("2000").error().code(), ErrorCode::kConflict);
}

TEST(ExecRegistry, ForgetsThoseOfAContainer) {
    ExecRegistry registry;
    registry.add(exec("a", "one"));
    registry.add(exec("b", "two"));
    registry.add(exec("c", "one"));
    ASSERT_TRUE(registry.claim("c"));
    registry.remove_of("one");
    EXPECT_FALSE(registry.find("a"));
    EXPECT_FALSE(registry.find("c"));
    EXPECT_TRUE(registry.find("b"));
    EXPECT_FALSE(registry.finish("c", 0, 0));
}

}  // namespace
}  // namespace slipway::core
