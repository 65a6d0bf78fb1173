#include "support/api_fixture.hpp"

namespace slipway::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class VolumesTest : public ApiTest {
protected:
    void SetUp() override {
        core::VolumeRecord volume;
        volume.name = "data";
        volume.mountpoint = "/v/data/_data";
        volume.created = 1'700'000'000'123'456'789;
        engine.volumes = {volume};
    }
};

TEST_F(VolumesTest, ListAndInspectHaveDockersShape) {
    const nlohmann::json expected = {{"CreatedAt", "2023-11-14T22:13:20.000000000Z"},
                                     {"Driver", "local"},
                                     {"Labels", nullptr},
                                     {"Mountpoint", "/v/data/_data"},
                                     {"Name", "data"},
                                     {"Options", nullptr},
                                     {"Scope", "local"}};
    EXPECT_EQ(get("/v1.51/volumes/data").json(), expected);
    const Reply list = get("/v1.51/volumes?filters=%7B%22name%22%3A%5B%22da%22%5D%7D");
    EXPECT_EQ(list.json()["Volumes"], nlohmann::json::array({expected}));
    EXPECT_EQ(engine.filtered.at("name").count("da"), 1u);
    const Reply missing = get("/volumes/nothing");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.json()["message"], "get nothing: no such volume");
    EXPECT_EQ(get("/volumes?filters=%7B%22color%22%3A%5B%22red%22%5D%7D").status, 400);
}

TEST_F(VolumesTest, CreateTakesNameLabelsAndOptions) {
    const Reply made =
        post_json("/volumes/create", R"({"Name":"mine","Labels":{"a":"b"},"DriverOpts":null,"Driver":"local"})");
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.json()["Name"], "mine");
    EXPECT_EQ(made.json()["Labels"]["a"], "b");
    EXPECT_EQ(post_json("/volumes/create", R"({"Labels":["a"]})").status, 400);
    EXPECT_EQ(post_json("/volumes/create", R"({"ClusterVolumeSpec":{}})").status, 501);
}

TEST_F(VolumesTest, RemoveAndPrune) {
    EXPECT_EQ(request("DELETE", "/volumes/data?force=1").status, 204);
    EXPECT_THAT(engine.calls, ElementsAre("remove volume data force"));
    const Reply pruned = request("POST", "/v1.51/volumes/prune");
    EXPECT_EQ(pruned.json(), (nlohmann::json{{"VolumesDeleted", {"v1"}}, {"SpaceReclaimed", 7}}));
    EXPECT_TRUE(engine.filtered.empty());
    // Before 1.42 prune took named volumes too.
    EXPECT_EQ(request("POST", "/v1.41/volumes/prune").status, 200);
    EXPECT_EQ(engine.filtered.at("all").count("true"), 1u);
}

}  // namespace
}  // namespace slipway::test
