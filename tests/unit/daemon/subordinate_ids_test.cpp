// userns-remap and userns-pool.
#include "subordinate_ids.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace slipway::daemon {
namespace {

using core::IdRange;
using testing::HasSubstr;

class SubordinateIds : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = "/tmp/slipway-subids-test-XXXXXX";
        root_ = ::mkdtemp(pattern.data());
        files_ = {root_ / "passwd", root_ / "group", root_ / "subuid", root_ / "subgid"};
        write(files_.passwd, "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001::/home/ann:/bin/sh\n");
        write(files_.group, "root:x:0:\nstaff:x:50:ann\n");
        write(files_.subuid,
              "# comment\n\nann:100000:10\n1000:200000:20\ndockremap:500000:65536\ncontainers:700000:131072\n");
        write(files_.subgid, "ann:100000:10\nstaff:300000:7\ndockremap:600000:65536\ncontainers:700000:131072\n");
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
    std::string refusal(const std::string& remap) const {
        const auto map = resolve_remap(remap, files_);
        return map ? "(none)" : map.error().message();
    }

    std::filesystem::path root_;
    IdentityFiles files_;
};

TEST_F(SubordinateIds, OfANameAreThoseOfItsNumberToo) {
    const auto map = resolve_remap("ann", files_);

    ASSERT_TRUE(map) << map.error().message();
    EXPECT_EQ(map->uids, (std::vector<IdRange>{{0, 100000, 10}, {10, 200000, 20}}));
    EXPECT_EQ(map->gids, (std::vector<IdRange>{{0, 100000, 10}}));
    EXPECT_EQ(*resolve_remap("1000", files_), *map);
}

TEST_F(SubordinateIds, GroupsHaveTheirOwn) {
    EXPECT_EQ(resolve_remap("ann:staff", files_)->gids, (std::vector<IdRange>{{0, 300000, 7}}));
    EXPECT_EQ(resolve_remap("1000:50", files_)->gids, (std::vector<IdRange>{{0, 300000, 7}}));
    EXPECT_EQ(resolve_remap("default", files_)->uids, (std::vector<IdRange>{{0, 500000, 65536}}));
    EXPECT_EQ(resolve_remap("default", files_)->gids, (std::vector<IdRange>{{0, 600000, 65536}}));
}

TEST_F(SubordinateIds, SayWhatIsMissing) {
    EXPECT_EQ(refusal("bob"), "userns-remap: no user 'bob' in " + files_.passwd);
    EXPECT_EQ(refusal("ann:bob"), "userns-remap: no group 'bob' in " + files_.group);
    EXPECT_EQ(refusal("root"), "userns-remap: no ranges for user 'root' in " + files_.subuid);
    EXPECT_EQ(refusal("ann:root"), "userns-remap: no ranges for group 'root' in " + files_.subgid);
    EXPECT_EQ(refusal("77"), "userns-remap: no ranges for user '77' in " + files_.subuid);
    for (const char* bad : {":", "ann:", ":ann", "a:b:c"}) EXPECT_THAT(refusal(bad), HasSubstr("is none of default"));
}

TEST_F(SubordinateIds, AreReadStrictly) {
    for (const char* bad : {"ann:1", "ann:1:2:3", "ann:x:5", "ann:-1:5", "ann:1:", ":1:5", "ann:4294967290:10",
                            "ann: 1:5", "ann:1:99999999999"}) {
        const auto parsed = parse_subordinate_ids(std::string("ok:1:1\n") + bad + "\n", "/etc/subuid");
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().message(), "/etc/subuid:2: not of the form name:first:count");
    }
    EXPECT_TRUE(parse_subordinate_ids("", "x")->empty());
    EXPECT_TRUE(parse_subordinate_ids("ann:5:0\n", "x")->empty());
    write(files_.subuid, std::string((size_t{4} << 20) + 1, '#'));
    EXPECT_THAT(refusal("ann"), HasSubstr("is larger than 4 MiB"));
}

TEST_F(SubordinateIds, ThePoolIsGivenOrThatOfContainers) {
    EXPECT_EQ(resolve_pool("300000:65536", files_)->first, 300000U);
    EXPECT_EQ(resolve_pool("", files_)->first, 700000U);
    EXPECT_EQ(resolve_pool("", files_)->count, 131072U);
    write(files_.subgid, "containers:700001:131072\n");
    EXPECT_EQ(resolve_pool("", files_)->count, 0U) << "users and groups differ";
    for (const char* bad : {"1", "0:65536", "1:2:3", "x:65536", "100000:10", "4294900000:70000"}) {
        EXPECT_FALSE(resolve_pool(bad, files_)) << bad;
    }
}

}  // namespace
}  // namespace slipway::daemon
