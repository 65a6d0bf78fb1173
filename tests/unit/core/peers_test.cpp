// Containers that share the namespaces of others.

#include "model/dependencies.hpp"
#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace slipway::test {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class Peers : public EngineFixture {};

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string refusal(const Result<CreatedContainer>& created) {
    return created ? "(none)" : created.error().message();
}

TEST_F(Peers, AJoinedNetworkBringsNothingOfItsOwn) {
    const std::string owner = create_started({"sleep"}, {}, "owner");
    const std::string guest = create_started({"sleep"}, {{"NetworkMode", "container:owner"}}, "guest");

    const RecordPtr record = this->record(guest);
    EXPECT_EQ(record->host_config["NetworkMode"], "container:" + owner);
    EXPECT_EQ(sim->container(guest).sandbox_owner, owner);
    EXPECT_TRUE(sim->container(guest).endpoints.empty());
    EXPECT_TRUE(record->endpoints.empty());
    EXPECT_EQ(record->hosts_path, this->record(owner)->hosts_path);
    EXPECT_EQ(record->resolv_conf_path, this->record(owner)->resolv_conf_path);
    EXPECT_EQ(record->hostname_path, this->record(owner)->hostname_path);
    EXPECT_EQ(record->config["Hostname"], this->record(owner)->config["Hostname"]);
    EXPECT_EQ(events_of(guest), (std::vector<std::string>{"create", "start"}));
    EXPECT_THAT(text_of(record->hosts_path), HasSubstr(this->record(owner)->config["Hostname"].get<std::string>()));
}

TEST_F(Peers, ReferencesBecomeIdsAndFollowARename) {
    const std::string owner = create_started({"sleep"}, {{"IpcMode", "shareable"}}, "owner");
    const std::string guest =
        create({"sleep"},
               {{"NetworkMode", "container:owner"}, {"IpcMode", "container:/owner"}, {"PidMode", "container:owner"}});
    const std::string mode = "container:" + owner;
    for (const char* key : {"NetworkMode", "IpcMode", "PidMode"}) EXPECT_EQ(record(guest)->host_config[key], mode);

    ASSERT_TRUE(engine->rename_container("owner", "renamed"));

    auto started = engine->start_container(guest);
    EXPECT_TRUE(started) << started.error().message();
    EXPECT_EQ(sim->container(guest).spec["HostConfig"]["PidMode"], mode);
    const auto id_of = [&](const std::string& ref) { return std::optional((*engine->find_container(ref))->id); };
    EXPECT_EQ(boot_dependencies(*record(guest), id_of), std::vector<std::string>{owner});
}

TEST_F(Peers, ConflictsOfASharedNetworkHaveDockersTexts) {
    create_started({"sleep"}, {}, "owner");
    const auto with = [&](const nlohmann::json& config, nlohmann::json host_config) {
        CreateContainer request;
        request.config = config;
        request.config["Cmd"] = {"sleep"};
        host_config["NetworkMode"] = "container:owner";
        request.host_config = host_config;
        return refusal(engine->create_container(request));
    };
    EXPECT_EQ(with({{"Hostname", "h"}}, {}), "conflicting options: hostname and the network mode");
    EXPECT_EQ(with({}, {{"Dns", {"1.1.1.1"}}}), "conflicting options: dns and the network mode");
    EXPECT_EQ(with({}, {{"ExtraHosts", {"a:1.1.1.1"}}}),
              "conflicting options: custom host-to-IP mapping and the network mode");
    EXPECT_EQ(with({}, {{"PortBindings", {{"80/tcp", nlohmann::json::array()}}}}),
              "conflicting options: port publishing and the container type network mode");
    EXPECT_EQ(with({}, {{"PublishAllPorts", true}}),
              "conflicting options: port publishing and the container type network mode");
    EXPECT_EQ(with({{"ExposedPorts", {{"80/tcp", nlohmann::json::object()}}}}, {}),
              "conflicting options: port exposing and the container type network mode");
    EXPECT_EQ(with({{"MacAddress", "02:00:00:00:00:01"}}, {}), "conflicting options: mac-address and the network mode");
    EXPECT_THAT(with({}, {{"Links", {"owner:o"}}}), HasSubstr("container type network can't be used with links"));
    EXPECT_EQ(refusal(try_create({"sleep"}, {{"NetworkMode", "container:"}})),
              "Invalid network mode: invalid container format container:<name|id>");
    EXPECT_EQ(refusal(try_create({"sleep"}, {{"IpcMode", "container:nobody"}})), "No such container: nobody");
    EXPECT_EQ(refusal(try_create({"sleep"}, {{"PidMode", "container:nobody"}})), "No such container: nobody");
}

TEST_F(SF, Sf37_JoiningTheNetworkOfAStoppedContainerIsRefused) {
    const std::string owner = create({"exit", "0"}, {}, "owner");
    const std::string guest = create({"sleep"}, {{"NetworkMode", "container:owner"}});

    auto started = engine->start_container(guest);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(started.error().message(),
              "cannot join network namespace of a non running container: container owner is created");
    EXPECT_EQ(record(guest)->state, RunState::kCreated);
    EXPECT_EQ(record(guest)->exit_code, 128);
    EXPECT_EQ(record(guest)->error, started.error().message());
    ASSERT_TRUE(engine->start_container(owner));
    wait_exit(owner);
    EXPECT_EQ(engine->start_container(guest).error().message(),
              "cannot join network namespace of a non running container: container owner is exited");
    expect_no_residue();
}

TEST_F(Peers, AMissingOwnerIsAnErrorOfTheStart) {
    const std::string guest = create({"sleep"}, {{"NetworkMode", "container:later"}});
    auto started = engine->start_container(guest);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kSystem);
    EXPECT_EQ(started.error().message(), "joining network namespace of container: No such container: later");

    const std::string owner = create_started({"sleep"}, {}, "later");
    ASSERT_TRUE(engine->start_container(guest));
    EXPECT_EQ(record(guest)->host_config["NetworkMode"], "container:" + owner);
}

TEST_F(Peers, OnlyARunningShareableIpcNamespaceIsJoined) {
    const std::string owner = create({"sleep"}, {{"IpcMode", "private"}}, "owner");
    const std::string guest = create({"sleep"}, {{"IpcMode", "container:owner"}});
    auto started = engine->start_container(guest);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(started.error().message(), "failed to join IPC namespace: container " + owner + " is not running");

    ASSERT_TRUE(engine->start_container(owner));
    started = engine->start_container(guest);
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message(), HasSubstr("non-shareable IPC (hint: use IpcMode:shareable"));

    create_started({"sleep"}, {{"IpcMode", "shareable"}}, "shares");
    const std::string other = create({"sleep"}, {{"IpcMode", "container:shares"}});
    EXPECT_TRUE(engine->start_container(other));
}

class RestartingPeers : public Peers {
protected:
    RestartingPeers() { options.restart.first = std::chrono::hours(1); }
};

TEST_F(RestartingPeers, AnOwnerThatRestartsIsWaitedForByTheUser) {
    const nlohmann::json policy = {{"Name", "always"}};
    const std::string owner =
        create_started({"exit", "1"}, {{"RestartPolicy", policy}, {"IpcMode", "shareable"}}, "owner");
    ASSERT_TRUE(eventually([&] { return record(owner)->state == RunState::kRestarting; }));
    const std::string text = "Container " + owner + " is restarting, wait until the container is running";
    const std::string network = create({"sleep"}, {{"NetworkMode", "container:owner"}});
    auto started = engine->start_container(network);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(started.error().message(), text);
    const std::string ipc = create({"sleep"}, {{"IpcMode", "container:owner"}});
    EXPECT_EQ(engine->start_container(ipc).error().message(), "failed to join IPC namespace: " + text);
    const std::string web = create({"sleep"}, {{"Links", {"owner:o"}}}, "web");
    EXPECT_EQ(engine->start_container(web).error().message(),
              "Cannot link to a non running container: /owner AS /web/o");
}

TEST_F(Peers, AJoinedUtsNamespaceBringsTheOwnersNames) {
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}}, {"Hostname", "ship"}, {"Domainname", "sea"}};
    const std::string owner = engine->create_container(request)->id;
    ASSERT_TRUE(engine->start_container(owner));
    const std::string guest = create_started({"sleep"}, {{"UTSMode", "container:" + owner}}, "guest");
    EXPECT_EQ(record(guest)->config["Hostname"], "ship");
    EXPECT_EQ(record(guest)->config["Domainname"], "sea");
    EXPECT_EQ(text_of(record(guest)->hostname_path), "ship\n");
    EXPECT_NE(record(guest)->hosts_path, record(owner)->hosts_path);

    request.host_config = {{"UTSMode", "container:" + owner}};
    EXPECT_EQ(refusal(engine->create_container(request)), "conflicting options: hostname and the UTS mode");
}

TEST_F(Peers, AStoppedOwnerOfOtherNamespacesIsAConflict) {
    const std::string owner = create({"sleep"}, {}, "owner");
    for (const auto& [key, name] : {std::pair{"UTSMode", "UTS"}, {"CgroupnsMode", "cgroup"}}) {
        const std::string guest = create({"sleep"}, {{key, "container:owner"}});
        EXPECT_EQ(record(guest)->host_config[key], "container:" + owner);
        auto started = engine->start_container(guest);
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code(), ErrorCode::kConflict);
        EXPECT_EQ(started.error().message(),
                  std::string("failed to join ") + name + " namespace: container " + owner + " is not running");
        EXPECT_EQ(refusal(try_create({"sleep"}, {{key, "container:nobody"}})), "No such container: nobody");
    }
}

TEST_F(Peers, AStoppedPidOwnerIsAConflict) {
    const std::string owner = create({"sleep"}, {}, "owner");
    const std::string guest = create({"sleep"}, {{"PidMode", "container:owner"}});
    auto started = engine->start_container(guest);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message(), "failed to join PID namespace: container " + owner + " is not running");
}

TEST_F(SF, Sf38_SelfReferenceFailsAtOnceAndTheContainerStaysUsable) {
    const auto began = Clock::now();
    // The name is taken by nobody yet, so it can only be found out at the start.
    const std::string self = create({"sleep"}, {{"NetworkMode", "container:self"}}, "self");
    auto started = engine->start_container(self);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message(), "cannot join own network namespace");
    EXPECT_EQ(refusal(try_create({"sleep"}, {{"IpcMode", "container:me"}}, "me")), "No such container: me");
    EXPECT_EQ(refusal(try_create({"sleep"}, {{"PidMode", "container:me"}}, "me")), "No such container: me");
    EXPECT_THAT(refusal(try_create({"sleep"}, {{"Links", {"me:you"}}}, "me")), HasSubstr("cannot link to itself"));
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(1));

    EXPECT_TRUE(engine->rename_container("self", "other"));
    EXPECT_EQ(engine->start_container("other").error().message(),
              "joining network namespace of container: No such container: self");
    EXPECT_TRUE(engine->remove_container("other", {}));
    create_started({"sleep"}, {}, "me");
    EXPECT_EQ(sim->residue().processes, 1);
}

TEST_F(SF, Sf39_TwoContainersThatJoinEachOtherNeverDeadlock) {
    // B joins A by id; A joins B by a name that B gets afterwards.
    const std::string a = create({"sleep"}, {{"NetworkMode", "container:bb"}}, "aa");
    const std::string b = create({"sleep"}, {{"NetworkMode", "container:aa"}}, "bb");
    for (int round = 0; round < 100; ++round) {
        std::string texts[2];
        std::thread first([&] { texts[0] = engine->start_container(a).error().message(); });
        std::thread second([&] { texts[1] = engine->start_container(b).error().message(); });
        first.join();
        second.join();
        for (const std::string& text : texts) EXPECT_THAT(text, HasSubstr("is created"));
    }
    expect_no_residue();
    EXPECT_TRUE(engine->remove_container(a, {}));
    EXPECT_TRUE(engine->remove_container(b, {}));
}

}  // namespace
}  // namespace slipway::test
