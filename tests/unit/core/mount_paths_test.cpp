// Mounts of containers with Windows in them, as text.
#include "model/mounts.hpp"
#include "support/host_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::core {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Result<MountSpec> windows(std::string_view text) {
    return parse_bind(text, PathStyle::kWindows);
}
std::string refusal(std::string_view text) {
    const Result<MountSpec> spec = windows(text);
    return spec ? "accepted" : spec.error().message();
}

TEST(WindowsMounts, ColonsBehindDrivesDoNotSeparate) {
    const auto bind = windows(R"(c:\srv\data:d:/data/:ro)");

    ASSERT_TRUE(bind) << bind.error().message();
    EXPECT_EQ(bind->type, "bind");
    EXPECT_EQ(bind->params.source, R"(c:\srv\data)");
    EXPECT_EQ(bind->params.target, R"(D:\data)");
    EXPECT_FALSE(bind->read_write());
    EXPECT_EQ(bind->mode, "ro");
    EXPECT_EQ(windows(R"(C:\a:D:)")->params.target, R"(D:\)");
    EXPECT_EQ(windows(R"(C:\a:\b\.\c)")->params.target, R"(C:\b\c)");
}

TEST(WindowsMounts, WithoutAHostPathTheyAreVolumes) {
    const auto named = windows(R"(data:C:\data)");
    ASSERT_TRUE(named) << named.error().message();
    EXPECT_EQ(named->type, "volume");
    EXPECT_EQ(named->volume, "data");
    EXPECT_EQ(named->params.target, R"(C:\data)");

    const auto anonymous = windows(R"(C:\data)");
    ASSERT_TRUE(anonymous) << anonymous.error().message();
    EXPECT_TRUE(anonymous->anonymous);
    EXPECT_EQ(parse_config_volume("data", PathStyle::kWindows)->params.target, R"(C:\data)");
    EXPECT_EQ(parse_config_volume("e:/data", PathStyle::kWindows)->params.target, R"(E:\data)");
}

TEST(WindowsMounts, PipesHaveToBePipesOnBothSides) {
    const auto pipe = windows(R"(//./pipe/host:\\.\PIPE\inside)");

    ASSERT_TRUE(pipe) << pipe.error().message();
    EXPECT_EQ(pipe->type, "npipe");
    EXPECT_EQ(pipe->params.source, "//./pipe/host");
    EXPECT_EQ(pipe->params.target, R"(\\.\pipe\inside)");
    EXPECT_EQ(pipe->params.flags, 0U);
    EXPECT_THAT(refusal(R"(\\.\pipe\host:C:\data)"), HasSubstr("invalid volume specification"));
    EXPECT_THAT(refusal(R"(C:\data:\\.\pipe\inside)"), HasSubstr("invalid volume specification"));
    EXPECT_EQ(refusal(R"(\\.\pipe\a:\\.\pipe\b:ro)"), "invalid mode: ro");
}

TEST(WindowsMounts, RefusalsNameWhatIsWrong) {
    EXPECT_EQ(refusal(R"(C:\a:D:\b:ro:x)"), R"(invalid volume specification: 'C:\a:D:\b:ro:x')");
    EXPECT_EQ(refusal(R"(C:\a:D:\b:z)"), "invalid mode: z");
    EXPECT_EQ(refusal(R"(C:\a:D:\b:rslave)"), "invalid mode: rslave");
    EXPECT_THAT(refusal(R"(C:\a:data)"), HasSubstr("'data' mount path must be absolute"));
    EXPECT_THAT(refusal(R"(C:\a:c:)"), HasSubstr("destination path cannot be `c:` or `c:\\`: c:"));
    EXPECT_THAT(refusal(R"(C:\a:\)"), HasSubstr("destination path cannot be"));
    EXPECT_THAT(refusal(R"(C:\a:C:\b\..\c)"), HasSubstr("must not contain '..'"));
    EXPECT_THAT(refusal(R"(C:\a:C:\b?)"), HasSubstr("a character no name may have"));
    EXPECT_THAT(refusal(R"(C:\a:\\server\share)"), HasSubstr("mount path must be absolute"));
}

TEST(WindowsMounts, MountsObjectsFollowTheSameRules) {
    const auto parse = [](const json& mount) {
        return wanted_mounts(host_config_with({{"Mounts", {mount}}}), PathStyle::kWindows);
    };

    const auto bind = parse({{"Type", "bind"}, {"Source", R"(C:\a)"}, {"Target", "d:/b"}, {"ReadOnly", true}});
    ASSERT_TRUE(bind) << bind.error().message();
    EXPECT_EQ(bind->at(0).params.target, R"(D:\b)");
    const auto pipe = parse({{"Type", "npipe"}, {"Source", R"(\\.\pipe\a)"}, {"Target", R"(\\.\pipe\b)"}});
    ASSERT_TRUE(pipe) << pipe.error().message();
    EXPECT_EQ(pipe->at(0).type, "npipe");
    EXPECT_THAT(parse({{"Type", "npipe"}, {"Source", R"(C:\a)"}, {"Target", R"(\\.\pipe\b)"}}).error().message(),
                HasSubstr("field Source is no named pipe: 'C:\\a'"));
    EXPECT_THAT(parse({{"Type", "bind"}, {"Source", "a"}, {"Target", R"(C:\b)"}}).error().message(),
                HasSubstr("'a' mount path must be absolute"));
    EXPECT_THAT(parse({{"Type", "tmpfs"}, {"Target", R"(C:\b)"}}).error().message(), HasSubstr("mount type unknown"));
    EXPECT_THAT(wanted_mounts(host_config_with({{"Tmpfs", {{"/x", ""}}}}), PathStyle::kWindows).error().message(),
                HasSubstr("Windows does not support Tmpfs"));
    EXPECT_THAT(
        wanted_mounts(host_config_with({{"Mounts", {{{"Type", "npipe"}, {"Target", "/x"}}}}})).error().message(),
        HasSubstr("mount type unknown"))
        << "on Linux";
}

TEST(WindowsMounts, TwoOnOnePlaceAreRefusedInAnyCase) {
    const auto twice =
        wanted_mounts(host_config_with({{"Binds", {R"(C:\a:D:\Data)", R"(C:\b:d:\data)"}}}), PathStyle::kWindows);

    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message(), R"(Duplicate mount point: D:\data)");
}

TEST(WindowsMounts, ParentsComeFirst) {
    const auto mounts =
        wanted_mounts(host_config_with({{"Binds", {R"(C:\a:D:\x\y)", R"(C:\b:D:\x)"}}}), PathStyle::kWindows);

    ASSERT_TRUE(mounts);
    EXPECT_EQ(mounts->at(0).params.target, R"(D:\x)");
}

}  // namespace
}  // namespace slipway::core
