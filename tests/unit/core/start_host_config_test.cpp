// Start-time host configuration (API < 1.24) at the engine: what a start with one changes, and what it must not.
#include "support/engine_fixture.hpp"

#include <slipway/core/schema.hpp>

#include <gmock/gmock.h>

namespace slipway::test {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kTooLittle = "Minimum memory limit allowed is 6MB";

class StartHostConfig : public EngineFixture {
protected:
    Result<StartOutcome> start_with(const std::string& id, json host_config) {
        StartContainer request;
        request.host_config = std::move(host_config);
        return engine->start_container(id, request);
    }
    void stop(const std::string& id) {
        ASSERT_TRUE(engine->stop_container(id, std::nullopt, std::nullopt));
        wait_exit(id);
    }
    // All that inspect shows of the configuration.
    static json shown(const ContainerRecord& record) {
        json endpoints = json::array();
        for (const EndpointRecord& endpoint : record.endpoints) {
            endpoints.push_back({endpoint.network_name, endpoint.settings});
        }
        return {record.config, record.host_config, record.mounts, endpoints, record.error, record.exit_code};
    }
    // A start with `host_config` fails and leaves everything as it was, in memory and in the store.
    void expect_refused(const std::string& id, const json& host_config, ErrorCode code, const std::string& text) {
        const json before = shown(*record(id));
        const auto events = events_of(id);
        auto started = start_with(id, host_config);
        ASSERT_FALSE(started) << host_config;
        EXPECT_EQ(started.error().code(), code) << started.error().message();
        EXPECT_THAT(started.error().message(), HasSubstr(text));
        EXPECT_EQ(shown(*record(id)), before);
        EXPECT_EQ(record(id)->state, RunState::kCreated);
        EXPECT_EQ(events_of(id), events);
        expect_no_residue();
        reopen();
        EXPECT_EQ(shown(*record(id)), before) << "the store has changed";
    }
};

TEST_F(StartHostConfig, Sf19_ABindOfTheBodyIsTheOnlyOne) {
    const std::string id = create({"sleep"});
    ASSERT_TRUE(start_with(id, {{"Binds", {"/tmp:/foo"}}}));
    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_EQ(record(id)->host_config["Binds"], json::array({"/tmp:/foo"}));
    ASSERT_EQ(record(id)->mounts.size(), 1u);
    EXPECT_EQ(record(id)->mounts[0]["Source"], "/tmp");
    EXPECT_EQ(record(id)->mounts[0]["Destination"], "/foo");
    bool mounted = false;
    for (const auto& [mount_id, params] : sim->container(id).mounts) mounted = mounted || params.target == "/foo";
    EXPECT_TRUE(mounted);
    reopen();
    EXPECT_EQ(record(id)->host_config["Binds"], json::array({"/tmp:/foo"}));
}

TEST_F(StartHostConfig, Sf22_AnEmptyOneResetsToDefaultsAndKeepsMountPoints) {
    const std::string id = create({"sleep"}, {{"Binds", {"/srv:/data:ro"}},
                                              {"Mounts", {{{"Type", "bind"}, {"Source", "/etc"}, {"Target", "/conf"}}}},
                                              {"Memory", 64 << 20},
                                              {"NetworkMode", "host"}});
    const json mounts = record(id)->mounts;
    ASSERT_TRUE(start_with(id, json::object()));
    auto defaults = normalise(host_config_schema(), json::object(), "HostConfig");
    ASSERT_TRUE(defaults);
    EXPECT_EQ(record(id)->host_config, *defaults);
    EXPECT_EQ(record(id)->host_config["NetworkMode"], "default");
    EXPECT_EQ(record(id)->mounts, mounts);
    std::vector<std::string> targets;
    for (const auto& [mount_id, params] : sim->container(id).mounts) targets.push_back(params.target);
    EXPECT_THAT(targets, Contains("/data"));
    EXPECT_THAT(targets, Contains("/conf"));
}

TEST_F(StartHostConfig, Sf22_ANewMountTakesTheOldOnesPlaceAndNothingElse) {
    const std::string id = create({"sleep"}, {{"Binds", {"/srv:/data", "/opt:/opt"}}});
    ASSERT_TRUE(start_with(id, {{"Binds", {"/var:/data:ro"}}}));
    stop(id);
    ASSERT_TRUE(start_with(id, {{"Tmpfs", {{"/run", ""}}}}));
    std::map<std::string, json> mounts;
    for (const json& mount : record(id)->mounts) mounts[mount["Destination"]] = mount;
    EXPECT_EQ(mounts.size(), 2u);
    EXPECT_EQ(mounts["/data"]["Source"], "/var");
    EXPECT_EQ(mounts["/data"]["RW"], false);
    EXPECT_EQ(mounts["/opt"]["Source"], "/opt");
    stop(id);
    // What is inherited outlives the daemon.
    reopen();
    ASSERT_TRUE(engine->start_container(id));
    EXPECT_EQ(record(id)->mounts.size(), 2u);
}

TEST_F(StartHostConfig, Sf23_ListsOfNamesServersAreNeverNull) {
    const std::string id = create({"sleep"}, {{"Dns", {"9.9.9.9"}}});
    ASSERT_TRUE(start_with(id, {{"Dns", nullptr}}));
    for (const char* key : {"Dns", "DnsSearch", "DnsOptions", "Links"}) {
        EXPECT_EQ(record(id)->host_config[key], json::array()) << key;
    }
}

TEST_F(StartHostConfig, Sf24_TwoBindsOnOneDestinationChangeNothing) {
    const std::string id = create({"sleep"}, {{"Binds", {"/srv:/data"}}});
    expect_refused(id, {{"Binds", {"/tmp:/foo", "/var:/foo/"}}}, ErrorCode::kInvalidArgument,
                   "Duplicate mount point '/foo'");
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(StartHostConfig, Sf25_TooLittleMemoryIsRefusedAndTheOldConfigurationStarts) {
    const std::string id = create({"sleep"}, {{"Memory", 64 << 20}});
    expect_refused(id, {{"Memory", 524287}}, ErrorCode::kInvalidArgument, kTooLittle);
    ASSERT_TRUE(engine->start_container(id));
    EXPECT_EQ(record(id)->host_config["Memory"], 64 << 20);
}

TEST_F(StartHostConfig, Sf26_AnotherNetworkModeDropsTheEndpointSettings) {
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}}};
    request.host_config = {{"NetworkMode", "bridge"}};
    request.networking_config = {{"EndpointsConfig", {{"bridge", {{"Aliases", {"db"}}}}}}};
    auto created = engine->create_container(request);
    ASSERT_TRUE(created) << created.error().message();
    const std::string id = created->id;

    ASSERT_TRUE(start_with(id, {{"NetworkMode", "bridge"}}));
    ASSERT_EQ(record(id)->endpoints.size(), 1u);
    EXPECT_EQ(record(id)->endpoints[0].settings["Aliases"], json::array({"db"})) << "an unchanged mode keeps them";
    stop(id);
    // The same network, but not the same text.
    ASSERT_TRUE(start_with(id, {{"NetworkMode", "default"}}));
    ASSERT_EQ(record(id)->endpoints.size(), 1u);
    EXPECT_EQ(record(id)->endpoints[0].network_name, "bridge");
    EXPECT_FALSE(record(id)->endpoints[0].settings.contains("Aliases"));
    stop(id);
    ASSERT_TRUE(start_with(id, {{"NetworkMode", "none"}}));
    ASSERT_EQ(record(id)->endpoints.size(), 1u);
    EXPECT_EQ(record(id)->endpoints[0].network_name, "none");
}

class NoStartHostConfig : public StartHostConfig {
protected:
    NoStartHostConfig() { sim_options.accepts_start_hostconfig = false; }
};

TEST_F(NoStartHostConfig, Sf28_ABackendWithoutItRefusesAfterTheStateIsLookedAt) {
    const std::string id = create({"sleep"});
    expect_refused(id, json::object(), ErrorCode::kInvalidArgument,
                   "Supplying a hostconfig on start is not supported. It should be supplied on create");
    ASSERT_TRUE(engine->start_container(id));
    auto again = start_with(id, json::object());
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->already_running);
}

TEST_F(StartHostConfig, Sf29_TheContainersOwnConfigurationIsAccepted) {
    const std::string id = create({"sleep"}, {{"Binds", {"/srv:/data:ro"}},
                                              {"Memory", 64 << 20},
                                              {"SecurityOpt", {"no-new-privileges"}},
                                              {"PortBindings", {{"80/tcp", {{{"HostPort", "8080"}}}}}},
                                              {"Tmpfs", {{"/run", "size=1m"}}}});
    const json before = shown(*record(id));
    ASSERT_TRUE(start_with(id, record(id)->host_config));
    stop(id);
    EXPECT_EQ(record(id)->host_config, before[1]);
    EXPECT_EQ(record(id)->mounts, before[2]);
    ASSERT_TRUE(start_with(id, record(id)->host_config));
    EXPECT_EQ(record(id)->mounts, before[2]) << "nothing doubles";
}

TEST_F(StartHostConfig, IsStoredOnceBeforeTheStartGoesOn) {
    const std::string id = create({"sleep"});
    sim->fail_next("create", Error(ErrorCode::kSystem, "no luck"));
    ASSERT_FALSE(start_with(id, {{"Memory", 32 << 20}}));
    // As ever, what passed verification stays; only the launch failed.
    EXPECT_EQ(record(id)->host_config["Memory"], 32 << 20);
    EXPECT_EQ(record(id)->exit_code, 128);
    reopen();
    EXPECT_EQ(record(id)->host_config["Memory"], 32 << 20);
    ASSERT_TRUE(engine->start_container(id));
}

TEST_F(StartHostConfig, IsAdaptedLikeOneOfCreate) {
    const std::string id = create({"sleep"});
    ASSERT_TRUE(start_with(id, {{"Memory", 64 << 20}}));
    EXPECT_EQ(record(id)->host_config["MemorySwap"], 128 << 20);
}

TEST_F(StartHostConfig, WarnsInTheLogThatItIsDeprecated) {
    const std::string id = create({"sleep"}, {}, "old");
    ASSERT_TRUE(start_with(id, {{"Memory", 64 << 20}}));
    EXPECT_THAT(log_lines(), Contains(HasSubstr("start old: DEPRECATED")));
    EXPECT_THAT(log_lines(), Contains(HasSubstr("swap was set to twice the memory")));
}

TEST_F(StartHostConfig, TheLogFollowsTheDriver) {
    const std::string id = create({"sleep"});
    ASSERT_NE(record(id)->log_path, "");
    ASSERT_TRUE(start_with(id, {{"LogConfig", {{"Type", "none"}}}}));
    EXPECT_EQ(record(id)->log_path, "");
    stop(id);
    ASSERT_TRUE(start_with(id, json::object()));
    EXPECT_THAT(record(id)->log_path, HasSubstr(id + "-json.log"));
}

TEST_F(StartHostConfig, NoNewPrivilegesIsNeverTakenBack) {
    const std::string id = create({"sleep"}, {{"SecurityOpt", {"no-new-privileges", "seccomp=unconfined"}}});
    ASSERT_TRUE(start_with(id, {{"SecurityOpt", {"seccomp=builtin"}}}));
    EXPECT_EQ(record(id)->host_config["SecurityOpt"], json::array({"seccomp=builtin"}));
    EXPECT_EQ(record(id)->inherited, json::array({"no-new-privileges"}));
    stop(id);
    ASSERT_TRUE(start_with(id, json::object()));
    EXPECT_EQ(record(id)->inherited, json::array({"seccomp=builtin", "no-new-privileges"}));
}

struct Refusal {
    const char* name;
    json host_config;
    ErrorCode code;
    const char* text;
};
void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << refusal.name;
}
class RefusedStartHostConfig : public StartHostConfig, public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusedStartHostConfig, LeavesEverythingAsItWas) {
    const std::string id = create({"sleep"}, {{"Binds", {"/srv:/data"}}});
    expect_refused(id, GetParam().host_config, GetParam().code, GetParam().text);
    EXPECT_TRUE(engine->start_container(id));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, RefusedStartHostConfig,
    ::testing::Values(
        Refusal{"SecurityWithoutValue",
                {{"SecurityOpt", {"apparmor"}}},
                ErrorCode::kInvalidArgument,
                "Invalid --security-opt 1: \"apparmor\""},
        Refusal{"SecurityUnknown",
                {{"SecurityOpt", {"magic=\"on\""}}},
                ErrorCode::kInvalidArgument,
                "Invalid --security-opt 2: \"magic=\\\"on\\\"\""},
        Refusal{"BindMode", {{"Binds", {"/tmp:/foo:super"}}}, ErrorCode::kInvalidArgument, "invalid mode: super"},
        Refusal{"BindParts",
                {{"Binds", {"/tmp:/foo:ro:more"}}},
                ErrorCode::kInvalidArgument,
                "Invalid volume specification: '/tmp:/foo:ro:more'"},
        Refusal{"BindRelative",
                {{"Binds", {"/tmp:foo"}}},
                ErrorCode::kInvalidArgument,
                "Invalid volume destination path: 'foo' mount path must be absolute."},
        Refusal{"BindRoot",
                {{"Binds", {"/tmp:/x/.."}}},
                ErrorCode::kInvalidArgument,
                "Invalid specification: destination can't be '/' in '/tmp:/x/..'"},
        Refusal{"Type", {{"Memory", "much"}}, ErrorCode::kInvalidArgument, "HostConfig.Memory: expected an integer"},
        Refusal{
            "Runtime", {{"Runtime", "hcs"}}, ErrorCode::kInvalidArgument, "runtime of a container cannot be changed"},
        Refusal{"Cgroup", {{"Cgroup", "container:x"}}, ErrorCode::kUnimplemented, "control groups"}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace slipway::test
