// Names, whiteouts and attributes of archive members: pure decisions.
#include <fs/member.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

TEST(MemberPath, NormalFormDropsDotsAndDoubledSlashes) {
    const ImportLimits limits;
    EXPECT_EQ(*clean_member_path("./a//b/./c/", limits), "a/b/c");
    EXPECT_EQ(*clean_member_path("a", limits), "a");
    EXPECT_EQ(*clean_member_path(".", limits), "");
    EXPECT_EQ(*clean_member_path("./", limits), "");
    EXPECT_EQ(*clean_member_path("a\\b", limits), "a\\b");
    EXPECT_EQ(*clean_member_path("...", limits), "...");
}

TEST(MemberPath, RefusesWhatCouldLeaveOrCannotExist) {
    const ImportLimits limits;
    for (const std::string& name :
         {std::string("../x"), std::string("a/../../x"), std::string("a/.."), std::string("/etc/passwd"),
          std::string("//"), std::string(""), std::string("a\0b", 3), std::string(256, 'n'), std::string(5000, 'a')}) {
        const Result<std::string> path = clean_member_path(name, limits);
        ASSERT_FALSE(path.has_value()) << name;
        EXPECT_EQ(path.error().code(), ErrorCode::kInvalidArgument);
        EXPECT_EQ(path.error().resource(), printable(name));
    }
    EXPECT_TRUE(clean_member_path(std::string(255, 'n'), limits).has_value());
}

TEST(MemberPath, SplitsIntoParentAndName) {
    EXPECT_EQ(split_path("a/b/c"), std::make_pair(std::string("a/b"), std::string("c")));
    EXPECT_EQ(split_path("c"), std::make_pair(std::string(), std::string("c")));
}

TEST(Whiteouts, AreToldApart) {
    std::string hidden;
    EXPECT_EQ(classify_whiteout("plain", hidden), Whiteout::kNone);
    EXPECT_EQ(classify_whiteout(".wh.x", hidden), Whiteout::kHide);
    EXPECT_EQ(hidden, "x");
    EXPECT_EQ(classify_whiteout(".wh..hidden", hidden), Whiteout::kHide);
    EXPECT_EQ(hidden, ".hidden");
    EXPECT_EQ(classify_whiteout(".wh..wh..opq", hidden), Whiteout::kOpaque);
    EXPECT_EQ(classify_whiteout(".wh..wh.plnk", hidden), Whiteout::kIgnored);
    for (const char* bad : {".wh.", ".wh..", ".wh..."}) EXPECT_EQ(classify_whiteout(bad, hidden), Whiteout::kBad);
}

TEST(MemberXattrs, KeepCapabilitiesAndUserOnly) {
    EXPECT_TRUE(keep_xattr("security.capability"));
    EXPECT_TRUE(keep_xattr("user.mime"));
    for (const char* name : {"trusted.overlay.opaque", "trusted.x", "user.overlay.redirect", "security.selinux",
                             "system.posix_acl_access", "user."}) {
        EXPECT_FALSE(keep_xattr(name)) << name;
    }
}

TEST(MemberPrintable, EscapesControlsAndBrokenUtf8AndCuts) {
    EXPECT_EQ(printable("a\x1b[31mb\n"), "a?[31mb?");
    EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
    EXPECT_EQ(printable("\xff\xc3"), "??");
    EXPECT_EQ(printable(std::string(1000, 'x')), std::string(200, 'x') + "...");
}

}  // namespace
}  // namespace slipway::linux_backend
