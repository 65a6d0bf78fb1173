// Volumes by themselves, and as what containers mount.

#include "support/engine_fixture.hpp"
#include "support/tar_builder.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <future>

namespace slipway::test {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Volumes : public EngineFixture {
protected:
    // An image whose only layer is empty, "img:latest"; the simulated one has a file wherever it is looked at.
    void import_image(const std::vector<std::string>& changes = {}) {
        const ByteSource source = source_of(TarBuilder().file("x", "y").build());
        auto imported = engine->import_image(source, "img", "latest", "", changes);
        ASSERT_TRUE(imported) << imported.error().message();
    }
    std::string create_from(const nlohmann::json& config, const nlohmann::json& host_config = {},
                            const std::string& name = "") {
        CreateContainer request;
        request.name = name;
        request.config = config;
        request.config["Cmd"] = {"sleep"};
        request.host_config = host_config;
        auto created = engine->create_container(request);
        EXPECT_TRUE(created) << created.error().message();
        return created ? created->id : "";
    }
    std::vector<std::string> names(const Filters& filters = {}) const {
        std::vector<std::string> list;
        auto volumes = engine->list_volumes(filters);
        EXPECT_TRUE(volumes) << volumes.error().message();
        for (const VolumeRecord& volume : *volumes) list.push_back(volume.name);
        return list;
    }
    VolumeRecord make(const std::string& name, const std::map<std::string, std::string>& labels = {}) {
        auto made = engine->create_volume({name, "", {}, labels});
        EXPECT_TRUE(made) << made.error().message();
        return made ? *made : VolumeRecord{};
    }
    std::vector<std::string> volume_events(const std::string& name = "") const {
        std::vector<std::string> actions;
        for (const Event& event : all_events()) {
            if (event.type == "volume" && (name.empty() || event.actor_id == name)) actions.push_back(event.action);
        }
        return actions;
    }
    fs::path directory() const { return root / "data" / "volumes"; }
    std::vector<std::string> files() const {
        std::vector<std::string> list;
        for (const auto& entry : fs::directory_iterator(directory())) list.push_back(entry.path().filename().string());
        std::sort(list.begin(), list.end());
        return list;
    }
};

TEST_F(Volumes, OneThatCannotBeTidiedCostsTheOthersNothing) {
    make("bad");
    make("lost");
    make("good");
    close();
    fs::remove_all(directory() / "bad");
    std::error_code refused;
    fs::create_symlink("nowhere", directory() / "bad", refused);
    if (refused) GTEST_SKIP() << "no symbolic links here: " << refused.message();
    fs::create_directory(directory() / ".removed-0a1b2c3d-bad");  // to come back where the link is in its way
    fs::remove_all(directory() / "lost");
    fs::create_directory(directory() / ".removed-0a1b2c3d-gone");

    open();

    EXPECT_THAT(names(), ElementsAre("bad", "good", "lost"));
    EXPECT_TRUE(fs::is_directory(directory() / "lost" / "_data"));
    EXPECT_FALSE(fs::exists(directory() / ".removed-0a1b2c3d-gone"));
    EXPECT_THAT(log_lines(), Contains(HasSubstr((directory() / "bad").string())));
    EXPECT_TRUE(engine->start_container(create({"sleep"}, {{"Binds", {"good:/data"}}})));
}

TEST_F(Volumes, AreMadeFoundListedAndRemoved) {
    const VolumeRecord made = make("data", {{"k", "v"}});
    EXPECT_EQ(made.mountpoint, (directory() / "data" / "_data").string());
    EXPECT_TRUE(fs::is_directory(made.mountpoint));
    make("data", {{"other", "label"}});  // the one that is there
    make("zeta");
    EXPECT_THAT(names(), ElementsAre("data", "zeta"));
    EXPECT_EQ(engine->find_volume("data")->labels.at("k"), "v");

    reopen();
    EXPECT_EQ(engine->find_volume("data")->labels, made.labels);
    EXPECT_EQ(engine->find_volume("data")->created, made.created);

    EXPECT_TRUE(engine->remove_volume("data", false));
    EXPECT_FALSE(fs::exists(directory() / "data"));
    EXPECT_EQ(engine->find_volume("data").error().message(), "get data: no such volume");
    EXPECT_EQ(engine->remove_volume("data", false).error().code(), ErrorCode::kNotFound);
    EXPECT_TRUE(engine->remove_volume("data", true));
    EXPECT_THAT(volume_events(), ElementsAre("create", "create", "destroy"));
    EXPECT_EQ(last_event("destroy").attributes.at("driver"), "local");
}

TEST_F(Volumes, RefusalsHaveDockersTexts) {
    const auto refusal = [&](const CreateVolume& wanted) { return engine->create_volume(wanted).error().message(); };
    EXPECT_EQ(refusal({"a", "", {}, {}}),
              "create a: volume name is too short, names should be at least two alphanumeric characters");
    for (const char* name : {"../x", "a/b", "-ab", "a b", ".new-x"}) {
        EXPECT_THAT(refusal({name, "", {}, {}}), HasSubstr("includes invalid characters for a local volume name"));
    }
    EXPECT_EQ(refusal({"data", "nfs", {}, {}}),
              "create data: error looking up volume plugin nfs: plugin \"nfs\" not found");
    EXPECT_EQ(refusal({"data", "", {{"colour", "red"}}, {}}), "create data: invalid option: \"colour\"");
    EXPECT_EQ(engine->create_volume({"data", "", {{"type", "tmpfs"}}, {}}).error().code(), ErrorCode::kUnimplemented);
    EXPECT_EQ(try_create({"sleep"}, {{"Binds", {"./x:/y"}}}).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(volume_events(), IsEmpty());
}

TEST_F(Volumes, Filters) {
    make("alpha", {{"k", "v"}});
    make("beta");
    create({"sleep"}, {{"Binds", {"beta:/b"}}});
    EXPECT_THAT(names({{"name", {"lph"}}}), ElementsAre("alpha"));
    EXPECT_THAT(names({{"label", {"k=v"}}}), ElementsAre("alpha"));
    EXPECT_THAT(names({{"label", {"k=w"}}}), IsEmpty());
    EXPECT_THAT(names({{"dangling", {"true"}}}), ElementsAre("alpha"));
    EXPECT_THAT(names({{"dangling", {"false"}}}), ElementsAre("beta"));
    EXPECT_THAT(names({{"driver", {"local"}}}), SizeIs(2));
    EXPECT_FALSE(engine->list_volumes({{"dangling", {"perhaps"}}}));
}

TEST_F(Volumes, OneInUseNamesItsContainers) {
    const std::string id = create({"sleep"}, {{"Binds", {"data:/d:ro"}}}, "user");
    EXPECT_THAT(names(), ElementsAre("data"));
    const nlohmann::json mount = record(id)->mounts.at(0);
    EXPECT_EQ(mount["Type"], "volume");
    EXPECT_EQ(mount["Name"], "data");
    EXPECT_EQ(mount["Source"], (directory() / "data" / "_data").string());
    EXPECT_EQ(mount["Destination"], "/d");
    EXPECT_EQ(mount["Driver"], "local");
    EXPECT_EQ(mount["RW"], false);
    auto removed = engine->remove_volume("data", true);
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(removed.error().message(), "remove data: volume is in use - [" + id + "]");

    reopen();
    EXPECT_FALSE(engine->remove_volume("data", true));
    ASSERT_TRUE(engine->remove_container(id, {}));
    EXPECT_TRUE(engine->remove_volume("data", false));
}

TEST_F(SF, Sf50_MountComesBeforeConnectAndStart) {
    const std::string id = create_started({"sleep"}, {{"Binds", {"one:/a", "two:/a/b:ro"}}});
    ASSERT_TRUE(engine->stop_container(id, {}, std::chrono::seconds(5)));

    std::vector<std::string> order;
    for (const Event& event : all_events()) {
        if (event.type != "container" && event.action != "create") order.push_back(event.action + " " + event.actor_id);
        if (event.action == "start" || event.action == "die") order.push_back(event.action);
    }
    const std::string network = last_event("connect").actor_id;
    EXPECT_THAT(order, ElementsAre("mount one", "mount two", "connect " + network, "start", "disconnect " + network,
                                   "unmount two", "unmount one", "die"));
    const Event mount = last_event("mount");
    EXPECT_EQ(mount.attributes, (std::map<std::string, std::string>{{"driver", "local"},
                                                                    {"container", id},
                                                                    {"destination", "/a/b"},
                                                                    {"read/write", "false"},
                                                                    {"propagation", ""}}));
    EXPECT_EQ(last_event("unmount").attributes,
              (std::map<std::string, std::string>{{"driver", "local"}, {"container", id}}));
}

TEST_F(SF, Sf51_AFailedStartLeavesMountsAndUnmountsBalanced) {
    const std::string id = create({"sleep"}, {{"Binds", {"one:/a"}}});
    for (const char* call : {"root_mount", "mount", "sandbox_create", "endpoint_attach", "create", "start"}) {
        sim->fail_next(call, Error(ErrorCode::kSystem, "no"));
        EXPECT_FALSE(engine->start_container(id)) << call;
    }
    int mounts = 0, unmounts = 0;
    for (const Event& event : all_events()) {
        mounts += event.action == "mount";
        unmounts += event.action == "unmount";
        EXPECT_NE(event.action, "start");
        EXPECT_NE(event.action, "die");
    }
    EXPECT_EQ(mounts, unmounts);
    expect_no_residue();
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(Volumes, AnonymousOnesComeFromConfigBindsAndMounts) {
    const std::string id =
        create_from({{"Volumes", {{"/a", nlohmann::json::object()}, {"/b", nlohmann::json::object()}}}},
                    {{"Binds", {"/c", "named:/b"}}, {"Mounts", {{{"Type", "volume"}, {"Target", "/d"}}}}});
    std::map<std::string, std::string> by_target;
    for (const auto& mount : record(id)->mounts) by_target[mount["Destination"]] = mount["Name"];
    ASSERT_THAT(by_target, SizeIs(4));
    EXPECT_EQ(by_target["/b"], "named");
    EXPECT_THAT(by_target["/a"], SizeIs(64));
    EXPECT_TRUE(engine->find_volume(by_target["/c"])->is_anonymous());
    EXPECT_FALSE(engine->find_volume("named")->is_anonymous());
    EXPECT_THAT(files(), SizeIs(4));
    EXPECT_THAT(volume_events(), ElementsAre("create", "create", "create", "create"));

    RemoveOptions with_volumes;
    with_volumes.volumes = true;
    ASSERT_TRUE(engine->remove_container(id, with_volumes));
    EXPECT_THAT(names(), ElementsAre("named"));
    EXPECT_THAT(files(), ElementsAre("named"));
}

TEST_F(Volumes, StayWithoutTheFlagAndGoWithAutoRemove) {
    const std::string kept = create({"sleep"}, {{"Binds", {"/a"}}});
    ASSERT_TRUE(engine->remove_container(kept, {}));
    EXPECT_THAT(names(), SizeIs(1));
    EXPECT_THAT(engine->prune_volumes({})->deleted, SizeIs(1));

    const std::string id = create_started({"sleep"}, {{"Binds", {"/a", "named:/b"}}, {"AutoRemove", true}});
    const auto stop = [&] { EXPECT_TRUE(engine->stop_container(id, {}, std::chrono::seconds(5))); };
    ASSERT_TRUE(engine->wait_container(id, WaitCondition::kRemoved, stop, {}));
    EXPECT_THAT(names(), ElementsAre("named"));
}

TEST_F(Volumes, PruneTakesAnonymousUnusedOnes) {
    make("named");
    make("", {});
    make("", {{"keep", "yes"}});
    create({"sleep"}, {{"Binds", {"/used"}}});
    auto pruned = engine->prune_volumes({{"label!", {"keep"}}});
    ASSERT_TRUE(pruned) << pruned.error().message();
    EXPECT_THAT(pruned->deleted, SizeIs(1));
    EXPECT_THAT(engine->prune_volumes({})->deleted, SizeIs(1));
    EXPECT_THAT(engine->prune_volumes({{"all", {"1"}}})->deleted, ElementsAre("named"));
    EXPECT_THAT(names(), SizeIs(1));
    EXPECT_EQ(last_event("prune").type, "volume");
}

TEST_F(Volumes, ANewOneGetsWhatTheImageHasThereOnce) {
    import_image({"VOLUME /data"});
    const std::string id = create_from({{"Image", "img"}}, {{"Binds", {"v1:/v1", "v2:/v2:nocopy"}}});
    for (const auto& mount : record(id)->mounts) {
        const bool copied = fs::exists(fs::path(mount["Source"].get<std::string>()) / "from-image");
        EXPECT_EQ(copied, mount["Name"] != "v2") << mount;
    }
    EXPECT_EQ(sim->residue(), SimResidue{});
    fs::remove(directory() / "v1" / "_data" / "from-image");
    std::ofstream(directory() / "v1" / "_data" / "mine") << "x";
    create_from({{"Image", "img"}}, {{"Binds", {"v1:/v1"}}});
    EXPECT_FALSE(fs::exists(directory() / "v1" / "_data" / "from-image"));
}

TEST_F(Volumes, FromOtherContainers) {
    const std::string source =
        create({"sleep"}, {{"Binds", {"one:/a", "/tmp:/host", "two:/b:ro"}}, {"Tmpfs", {{"/t", ""}}}}, "source");
    const std::string user = create_from({{"Volumes", {{"/a", nlohmann::json::object()}}}},
                                         {{"VolumesFrom", {"source"}}, {"Binds", {"mine:/b"}}});
    std::map<std::string, std::string> by_target;
    for (const auto& mount : record(user)->mounts) {
        by_target[mount["Destination"]] = mount.value("Name", mount["Source"].get<std::string>());
    }
    EXPECT_EQ(by_target, (std::map<std::string, std::string>{{"/a", "one"}, {"/b", "mine"}, {"/host", "/tmp"}}));

    const std::string reader = create({"sleep"}, {{"VolumesFrom", {"source:ro"}}});
    for (const auto& mount : record(reader)->mounts) EXPECT_EQ(mount["RW"], false);
    const auto refusal = [&](const char* text) {
        return try_create({"sleep"}, {{"VolumesFrom", {text}}}).error().message();
    };
    EXPECT_EQ(refusal("nobody"), "No such container: nobody");
    EXPECT_EQ(refusal("source:fast"), "invalid mode: fast");
    EXPECT_EQ(refusal(""), "malformed volumes-from specification: ");

    // Used by three, so it stays while one is left.
    ASSERT_TRUE(engine->remove_container(source, {}));
    EXPECT_THAT(engine->remove_volume("one", false).error().message(), HasSubstr(user));
    ASSERT_TRUE(engine->start_container(user));
    EXPECT_THAT(volume_events("one"), Contains("mount"));
}

TEST_F(Volumes, AnAnonymousOneSharedWithAnotherSurvivesItsFirstOwner) {
    const std::string source = create({"sleep"}, {{"Binds", {"/a"}}}, "source");
    const std::string user = create({"sleep"}, {{"VolumesFrom", {"source"}}});
    RemoveOptions with_volumes;
    with_volumes.volumes = true;
    ASSERT_TRUE(engine->remove_container(source, with_volumes));
    EXPECT_THAT(names(), SizeIs(1));
    ASSERT_TRUE(engine->remove_container(user, with_volumes));
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Volumes, ACreateThatFailsLeavesNoAnonymousVolume) {
    sim->fail_next("root_create", Error(ErrorCode::kSystem, "no"));
    EXPECT_FALSE(try_create({"sleep"}, {{"Binds", {"/a", "named:/b"}}}));
    EXPECT_THAT(names(), ElementsAre("named"));
    EXPECT_THAT(files(), ElementsAre("named"));
    EXPECT_TRUE(engine->remove_volume("named", false));
}

TEST_F(Volumes, ADaemonThatDiedLeavesNothingHalfMade) {
    make("stays");
    make("back");
    close();
    fs::create_directories(directory() / ".new-never" / "_data");
    fs::rename(directory() / "stays", directory() / ".new-stays");
    fs::rename(directory() / "back", directory() / ".removed-01234567-back");
    fs::create_directories(directory() / ".removed-01234567-gone" / "_data");
    fs::create_directories(directory() / "unknown");
    open();
    EXPECT_THAT(files(), ElementsAre("back", "stays", "unknown"));
    EXPECT_THAT(names(), ElementsAre("back", "stays"));
    close();
    fs::remove_all(directory() / "stays");
    open();
    EXPECT_TRUE(fs::is_directory(directory() / "stays" / "_data"));
}

// What an image has at a volume's place may be gigabytes on a slow disk.
TEST_F(Volumes, FillingAVolumeHasNoDeadline) {
    options.default_phase_deadline = std::chrono::milliseconds(50);
    reopen();
    import_image();
    sim->block("mount");
    auto created = std::async(std::launch::async, [&] {
        return create_from({{"Image", "img"}}, {{"Binds", {"data:/data"}}});
    });
    // It gives up, if it does, by the deadline it was given.
    const auto answered = created.wait_for(std::chrono::milliseconds(300));
    sim->release("mount");

    EXPECT_EQ(answered, std::future_status::timeout);
    EXPECT_NE(created.get(), "");
}

}  // namespace
}  // namespace slipway::test
