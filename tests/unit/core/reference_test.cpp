#include <image/glob.hpp>
#include <slipway/core/image.hpp>

#include <gtest/gtest.h>

namespace slipway::core {
namespace {

TEST(Reference, FamiliarNamesAreWhatPeopleWrite) {
    const std::pair<const char*, const char*> cases[] = {
        {"busybox", "busybox:latest"},
        {"busybox:1.36", "busybox:1.36"},
        {"docker.io/library/busybox", "busybox:latest"},
        {"index.docker.io/me/app", "me/app:latest"},
        {"me/app:x", "me/app:x"},
        {"example.org/a/b:1", "example.org/a/b:1"},
        {"localhost/a", "localhost/a:latest"},
        {"localhost:5000/a", "localhost:5000/a:latest"},
        {"[::1]:5000/a", "[::1]:5000/a:latest"},
        {"a__b/c-d.e", "a__b/c-d.e:latest"},
        {"Host/a", "Host/a:latest"},
    };
    for (const auto& [text, familiar] : cases) {
        const Result<Reference> parsed = parse_reference(text);
        ASSERT_TRUE(parsed) << text << ": " << parsed.error().message();
        EXPECT_EQ(parsed->familiar(), familiar);
    }
}

TEST(Reference, PartsAreSplit) {
    const std::string digest = "sha256:" + std::string(64, 'a');
    const Result<Reference> parsed = parse_reference("busybox@" + digest);

    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->domain, "docker.io");
    EXPECT_EQ(parsed->path, "library/busybox");
    EXPECT_EQ(parsed->tag, "");
    EXPECT_EQ(parsed->digest, digest);
    EXPECT_EQ(parsed->familiar(), "busybox@" + digest);
}

TEST(Reference, RefusalsHaveDockersTexts) {
    for (const char* text : {"", ":", "a:", "a::b", "-a", "a-", "a//b", "/a", "a/", "a b", "a:ta g", "a___b", "a..b",
                             "a@sha256:12", "a@md5:x", "ex ample.org/a", "-x.org/a", "x.org:port/a", "a:-x"}) {
        const Result<Reference> parsed = parse_reference(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
        EXPECT_EQ(parsed.error().message(), "invalid reference format") << text;
    }
    EXPECT_EQ(parse_reference("BusyBox").error().message(),
              "invalid reference format: repository name (BusyBox) must be lowercase");
    EXPECT_FALSE(parse_reference(std::string(64, 'a')));
    EXPECT_FALSE(parse_reference("a:" + std::string(129, 'x')));
    EXPECT_FALSE(parse_reference(std::string(300, 'x')));
}

TEST(Glob, StarsStopAtSlashes) {
    EXPECT_TRUE(glob_match("busy*", "busybox"));
    EXPECT_TRUE(glob_match("*:latest", "busybox:latest"));
    EXPECT_FALSE(glob_match("*", "a/b"));
    EXPECT_TRUE(glob_match("*/*", "a/b"));
    EXPECT_TRUE(glob_match("b?sy[a-c]ox", "busybox"));
    EXPECT_FALSE(glob_match("busy[^b]ox", "busybox"));
    EXPECT_TRUE(glob_match("*b*x*", "busybox"));
    EXPECT_TRUE(glob_match("a\\*", "a*"));
    EXPECT_FALSE(glob_match("busybo[", "busybox"));
    EXPECT_FALSE(glob_match("", "x"));
    EXPECT_TRUE(glob_match("", ""));
}

}  // namespace
}  // namespace slipway::core
