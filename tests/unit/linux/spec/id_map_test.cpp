#include <spec/build_spec.hpp>
#include <spec/id_map.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json range(int64_t container, int64_t host, int64_t size) {
    return {{"ContainerID", container}, {"HostID", host}, {"Size", size}};
}

std::string failure(const json& document) {
    const Result<IdMap> map = parse_id_map(document.dump());
    return map ? "(none)" : map.error().message();
}

json with_uids(json uids) {
    return {{"UIDs", std::move(uids)}, {"GIDs", {range(0, 1, 1)}}};
}

TEST(IdMap, IsReadAndWritten) {
    const Result<IdMap> map = parse_id_map(json{
        {"UIDs", {range(0, 100000, 10), range(10, 200000, 20)}},
        {"GIDs", {range(0, 300000, 5)}},
        {"Owner", "abc"}}.dump());

    ASSERT_TRUE(map) << map.error().message();
    EXPECT_EQ(map->uids, (IdRanges{{0, 100000, 10}, {10, 200000, 20}}));
    EXPECT_EQ(map->gids, (IdRanges{{0, 300000, 5}}));
    EXPECT_EQ(map->owner, "abc");
    EXPECT_EQ(map_file_text(map->uids), "0 100000 10\n10 200000 20\n");
    EXPECT_EQ(parse_map_file("         0     100000         10\n        10     200000         20\n"), map->uids);
}

TEST(IdMap, TranslatesBothWays) {
    const IdRanges ranges = {{0, 100000, 10}, {10, 200000, 20}};

    EXPECT_EQ(to_host(ranges, 0), 100000U);
    EXPECT_EQ(to_host(ranges, 9), 100009U);
    EXPECT_EQ(to_host(ranges, 29), 200019U);
    EXPECT_EQ(to_host(ranges, 30), std::nullopt);
    EXPECT_EQ(from_host(ranges, 200000), 10U);
    EXPECT_EQ(from_host(ranges, 100010), std::nullopt);
    EXPECT_EQ(from_host(ranges, 0), std::nullopt);
}

TEST(IdMap, RefusesWhatTheKernelWould) {
    EXPECT_THAT(parse_id_map("[]").error().message(), HasSubstr("not a JSON object"));
    EXPECT_THAT(failure(with_uids(json::array())), HasSubstr("UIDs: needs 1 to 340 ranges"));
    EXPECT_THAT(failure(with_uids(json::array_t(341, range(0, 0, 1)))), HasSubstr("needs 1 to 340 ranges"));
    EXPECT_THAT(failure(with_uids({range(0, 10, 5), range(4, 100, 5)})), HasSubstr("ranges overlap"));
    EXPECT_THAT(failure(with_uids({range(0, 10, 5), range(5, 14, 5)})), HasSubstr("ranges overlap"));
    EXPECT_THAT(failure(with_uids({range(1, 10, 5)})), HasSubstr("root is not mapped"));
    for (const json& bad : {range(0, -1, 5), range(-1, 0, 5), range(0, 5, 0), range(0, 4294967290, 6),
                            range(0, INT64_MAX, 1), range(0, 1, INT64_MAX), json{{"HostID", 4}}, json("x")}) {
        EXPECT_THAT(failure(with_uids({bad})), HasSubstr("out of bounds")) << bad;
    }
    EXPECT_EQ(failure(with_uids({range(0, 4294967290, 5)})), "(none)") << "up to the last id but (uid_t)-1";
}

class MappedSpec : public testing::Test {
protected:
    MappedSpec() {
        kernel_.capabilities = ~uint64_t{0};
        kernel_.nofile_hard_limit = 1048576;
        map_ = {{{0, 100000, 1000}}, {{0, 200000, 500}}, {}};
    }
    json built(json host_config) const {
        SpecContext context{kernel_};
        context.id_map = &map_;
        const Result<json> document = build_spec(
            {{"Path", "/bin/sh"}, {"Config", json::object()}, {"HostConfig", std::move(host_config)}}, context);
        EXPECT_TRUE(document) << (document ? "" : document.error().message());
        return document ? *document : json();
    }

    KernelFacts kernel_;
    IdMap map_;
};

TEST_F(MappedSpec, HasTheNameSpaceAndItsMaps) {
    const json section = built({{"NetworkMode", "bridge"}})["linux"];

    EXPECT_THAT(section["namespaces"].get<std::vector<json>>(), testing::Contains(json{{"type", "user"}}));
    EXPECT_EQ(section["uidMappings"], json({{{"containerID", 0}, {"hostID", 100000}, {"size", 1000}}}));
    EXPECT_EQ(section["gidMappings"], json({{{"containerID", 0}, {"hostID", 200000}, {"size", 500}}}));
}

TEST_F(MappedSpec, AllowsPingToTheGroupsThereAreUnlessToldOtherwise) {
    constexpr const char* kKey = "net.ipv4.ping_group_range";
    EXPECT_EQ(built({{"NetworkMode", "bridge"}})["linux"]["sysctl"][kKey], "0 499");
    EXPECT_EQ(built({{"NetworkMode", "bridge"}, {"Sysctls", {{kKey, "1 0"}}}})["linux"]["sysctl"][kKey], "1 0");
}

}  // namespace
}  // namespace slipway::linux_backend
