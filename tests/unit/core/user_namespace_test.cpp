// Who a container's users are outside: choosing, keeping and giving back ids.

#include "support/engine_fixture.hpp"
#include "userns/id_pool.hpp"

#include <slipway/mount.h>

#include <gmock/gmock.h>

namespace slipway::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(IdPool, GivesTheLowestFreeRange) {
    IdPool pool;
    pool.open({100000, 3 * kPrivateIds + 5}, IdMap{{{0, 100010, 1}}, {{0, 100010, 1}}});

    const auto first = pool.take("a");
    const auto second = pool.take("b");
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);

    EXPECT_EQ(first->uids, (std::vector<IdRange>{{0, 165536, kPrivateIds}})) << "the shared map has the first";
    EXPECT_EQ(second->gids, (std::vector<IdRange>{{0, 231072, kPrivateIds}}));
    EXPECT_EQ(pool.take("c").error().code(), ErrorCode::kResourceExhausted);
    pool.give_back("c");
    EXPECT_FALSE(pool.take("c")) << "it had none";
    pool.give_back("a");
    pool.give_back("a");
    EXPECT_EQ(pool.take("c")->uids, first->uids);
}

TEST(IdPool, ARangeIsFreeWhenItsLastHolderIsGone) {
    IdPool pool;
    pool.open({100000, kPrivateIds}, std::nullopt);
    json owner = to_json(*pool.take("owner"));
    owner["Private"] = true;
    ASSERT_TRUE(pool.join("guest", owner));

    pool.give_back("owner");
    EXPECT_FALSE(pool.take("c"));
    ASSERT_TRUE(pool.join("friend", owner)) << "the guest has it still";
    pool.give_back("guest");
    EXPECT_FALSE(pool.take("c"));
    pool.give_back("friend");

    EXPECT_EQ(pool.join("late", owner).error().code(), ErrorCode::kConflict);
    EXPECT_TRUE(pool.take("c"));
}

TEST(IdPool, TheSharedMapIsJoinedByAnybodyAndNeverFree) {
    IdPool pool;
    const IdMap shared{{{0, 100000, kPrivateIds}}, {{0, 100000, kPrivateIds}}};
    pool.open({100000, kPrivateIds}, shared);

    EXPECT_TRUE(pool.join("guest", to_json(shared)));
    pool.note("guest", to_json(shared, "owner"));
    pool.give_back("guest");

    EXPECT_FALSE(pool.take("c"));
}

TEST(IdPool, KnowsWhatRecordsHold) {
    IdPool pool;
    pool.open({100000, 2 * kPrivateIds}, std::nullopt);
    json document = to_json(IdMap{{{0, 90000, kPrivateIds}}, {{0, 90000, kPrivateIds}}});
    document["Private"] = true;

    pool.note("a", document);
    pool.note("a", document);

    EXPECT_EQ(pool.take("b")->uids.front().host, 165536U) << "of a pool that was elsewhere";
    pool.give_back("a");
    EXPECT_EQ(pool.take("c")->uids.front().host, 100000U);
}

TEST(IdPool, WithoutARangeSaysWhatToDo) {
    IdPool pool;
    pool.open({}, std::nullopt);

    const auto refused = pool.take("a");

    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message(), HasSubstr("userns-pool"));
}

class UserNamespaces : public EngineFixture {
protected:
    void SetUp() override {
        options.user_namespaces.pool = {100000, 2 * kPrivateIds};
        open();
    }
    std::string refusal(const json& host_config) {
        const auto created = try_create({"sleep"}, host_config);
        return created ? "(none)" : created.error().message();
    }
    json given(const std::string& id) const { return json::parse(sim->container(id).user_namespace, nullptr, false); }
    uint64_t first_id(const std::string& id) const { return given(id)["UIDs"][0]["HostID"]; }
};

TEST_F(UserNamespaces, AreNotThereUnlessAskedFor) {
    EXPECT_EQ(sim->container(create({"sleep"})).user_namespace, "");
    EXPECT_EQ(sim->container(create({"sleep"}, {{"UsernsMode", "host"}})).user_namespace, "");
}

TEST_F(UserNamespaces, PrivateOnesAreApartAndFreedWithTheContainer) {
    const std::string one = create({"sleep"}, {{"UsernsMode", "private"}}, "one");
    const std::string two = create({"sleep"}, {{"UsernsMode", "auto"}}, "two");

    EXPECT_EQ(first_id(one), 100000U);
    EXPECT_EQ(first_id(two), 165536U);
    EXPECT_EQ(given(two)["GIDs"], given(two)["UIDs"]);
    EXPECT_THAT(refusal({{"UsernsMode", "private"}}), HasSubstr("no ids are left"));
    ASSERT_TRUE(engine->remove_container("one", {}));
    EXPECT_EQ(first_id(create({"sleep"}, {{"UsernsMode", "private"}})), 100000U);
}

TEST_F(UserNamespaces, AreKeptByTheRecord) {
    const std::string one = create({"sleep"}, {{"UsernsMode", "private"}}, "one");

    reopen();

    EXPECT_EQ(first_id(one), 100000U);
    EXPECT_EQ(first_id(create({"sleep"}, {{"UsernsMode", "private"}})), 165536U);
}

TEST_F(UserNamespaces, AFailedCreateGivesItsIdsBack) {
    sim->fail_next("root_create", Error(ErrorCode::kSystem, "disk on fire"));
    EXPECT_THAT(refusal({{"UsernsMode", "private"}}), HasSubstr("disk on fire"));

    EXPECT_EQ(first_id(create({"sleep"}, {{"UsernsMode", "private"}})), 100000U);
}

TEST_F(UserNamespaces, ARemapIsEverybodysUnlessSwitchedOff) {
    close();
    options.user_namespaces.remap = IdMap{{{0, 500000, 1000}}, {{0, 600000, 1000}}};
    open();

    const std::string remapped = create({"sleep"});
    const std::string also = create({"sleep"});

    EXPECT_EQ(given(remapped), to_json(*options.user_namespaces.remap));
    EXPECT_EQ(given(also), given(remapped));
    EXPECT_EQ(sim->container(create({"sleep"}, {{"UsernsMode", "host"}})).user_namespace, "");
    EXPECT_EQ(first_id(create({"sleep"}, {{"UsernsMode", "private"}})), 100000U);
    EXPECT_EQ(refusal({{"NetworkMode", "host"}}),
              "cannot share the host's network namespace when user namespaces are enabled");
    EXPECT_EQ(refusal({{"PidMode", "host"}}), "cannot share the host PID namespace when user namespaces are enabled");
    EXPECT_EQ(refusal({{"NetworkMode", "host"}, {"UsernsMode", "host"}}), "(none)");
}

TEST_F(UserNamespaces, JoiningANamespaceMeansJoiningItsUsers) {
    const std::string owner = create({"sleep"}, {{"UsernsMode", "private"}, {"IpcMode", "shareable"}}, "owner");
    const std::string plain = create({"sleep"}, {}, "plain");
    const std::string other = create({"sleep"}, {{"UsernsMode", "private"}}, "other");

    const std::string guest = create({"sleep"}, {{"UsernsMode", "container:owner"}}, "guest");
    const std::string friend_of_guest =
        create({"sleep"}, {{"UsernsMode", "private"}, {"PidMode", "container:guest"}}, "friend");

    EXPECT_EQ(given(guest)["Owner"], owner);
    EXPECT_EQ(given(guest)["UIDs"], given(owner)["UIDs"]);
    EXPECT_EQ(record(guest)->host_config["UsernsMode"], "container:" + owner);
    EXPECT_EQ(given(friend_of_guest)["Owner"], owner);
    EXPECT_THAT(refusal({{"UsernsMode", "private"}, {"NetworkMode", "container:plain"}}),
                HasSubstr("NetworkMode joins container " + plain + ", which is not in a user namespace"));
    EXPECT_THAT(refusal({{"UsernsMode", "container:owner"}, {"PidMode", "container:other"}}),
                HasSubstr("PidMode joins container " + other + ", which is in another user namespace"));
    EXPECT_EQ(refusal({{"NetworkMode", "container:owner"}}), "(none)") << "the host's users may join anybody";
    ASSERT_TRUE(engine->remove_container("guest", {}));
    EXPECT_THAT(refusal({{"UsernsMode", "private"}}), HasSubstr("no ids are left")) << "the guest's are the owner's";
}

TEST_F(UserNamespaces, S56_IdsOfAnOwnerThatWentAreItsGuestsStill) {
    create({"sleep"}, {{"UsernsMode", "private"}}, "owner");
    create({"sleep"}, {{"UsernsMode", "private"}}, "other");
    const std::string guest = create_started({"sleep"}, {{"UsernsMode", "container:owner"}}, "guest");
    ASSERT_TRUE(engine->remove_container("owner", {}));

    EXPECT_THAT(refusal({{"UsernsMode", "private"}}), HasSubstr("no ids are left"));
    reopen();
    EXPECT_EQ(record(guest)->state, RunState::kRunning);
    EXPECT_THAT(refusal({{"UsernsMode", "private"}}), HasSubstr("no ids are left")) << "known from the guest's record";

    RemoveOptions by_force;
    by_force.force = true;
    ASSERT_TRUE(engine->remove_container("guest", by_force));
    EXPECT_EQ(first_id(create({"sleep"}, {{"UsernsMode", "private"}})), 100000U);
}

TEST_F(UserNamespaces, NeedABackendThatHasThem) {
    close();
    sim_options.maps_users = false;
    sim.reset();
    open();

    const auto refused = try_create({"sleep"}, {{"UsernsMode", "private"}});

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(refused.error().message(), HasSubstr("does not support user namespaces"));
}

TEST_F(UserNamespaces, OurFilesAndVolumesAreMappedAndHostPathsAreNot) {
    const std::string id =
        create_started({"sleep"}, {{"UsernsMode", "private"}, {"Binds", {"data:/data", "/srv:/srv"}}});

    int mapped = 0;
    for (const auto& [mount_id, mount] : sim->container(id).mounts) {
        EXPECT_EQ((mount.flags & SLW_MOUNT_MAP_IDS) != 0, mount.target != "/srv") << mount.target;
        mapped += (mount.flags & SLW_MOUNT_MAP_IDS) != 0 ? 1 : 0;
    }
    EXPECT_EQ(mapped, 4);
}

}  // namespace
}  // namespace slipway::test
