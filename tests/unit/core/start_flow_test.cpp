// The start transaction: each phase failing, deadlines, what the record says afterwards.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace slipway::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string slurp(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> phase_names(const StartReport& report) {
    std::vector<std::string> names;
    for (const PhaseReport& phase : report.phases) names.push_back(phase.name);
    return names;
}

class StartFlow : public EngineFixture {};

// A backend call, the phase it belongs to, and the exit code that a failure there leaves.
struct FailingCall {
    const char* call;
    const char* phase;
    int32_t exit_code;
    const char* text;
};

void PrintTo(const FailingCall& failing, std::ostream* out) {
    *out << failing.call;
}

class FailingPhase : public EngineFixture, public ::testing::WithParamInterface<FailingCall> {};

TEST_P(FailingPhase, Sf31_Sf32_Sf34_LeavesNothingSaysWhyAndTheNextStartWorks) {
    const FailingCall failing = GetParam();
    const std::string id =
        create({"sleep"}, {{"Binds", {"/srv/data:/data"}}, {"PortBindings", {{"80/tcp", {{{"HostPort", "8080"}}}}}}});
    const auto events_before = events_of(id);
    sim->fail_next(failing.call, Error(ErrorCode::kSystem, "no luck").with_operation("op").with_resource("thing"));

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message(), HasSubstr(failing.text));
    EXPECT_THAT(started.error().message(), HasSubstr("no luck"));
    expect_no_residue();
    EXPECT_EQ(sim->writable_layers(), 1);
    const RecordPtr failed = record(id);
    EXPECT_EQ(failed->state, RunState::kCreated);
    EXPECT_EQ(failed->error, started.error().message());
    EXPECT_EQ(failed->exit_code, failing.exit_code);
    EXPECT_EQ(failed->pid, 0);
    ASSERT_TRUE(failed->last_start);
    EXPECT_FALSE(failed->last_start->succeeded);
    EXPECT_EQ(failed->last_start->error.at("phase"), failing.phase);
    EXPECT_EQ(failed->last_start->error.at("operation"), "op");
    EXPECT_EQ(failed->last_start->error.at("resource"), "thing");
    EXPECT_EQ(failed->last_start->phases.back().name, failing.phase);
    EXPECT_EQ(events_of(id), events_before);  // SF-51

    reopen();
    EXPECT_EQ(record(id)->error, failed->error) << "the failure was not persisted";

    auto again = engine->start_container(id);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_EQ(record(id)->error, "");
    EXPECT_EQ(record(id)->exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(
    EveryCall, FailingPhase,
    ::testing::Values(FailingCall{"root_mount", "mount_root", 128, ""},
                      FailingCall{"mount", "mount_volumes", 128, "mount '/data': "},
                      FailingCall{"sandbox_create", "create_sandbox", 128, "failed to set up container networking: "},
                      FailingCall{"network_create", "attach_networks", 128, "failed to set up container networking: "},
                      FailingCall{"endpoint_attach", "attach_networks", 128, "failed to set up container networking: "},
                      FailingCall{"build_spec", "build_spec", 128, ""}, FailingCall{"create", "create", 128, ""},
                      FailingCall{"start", "start", 128, ""}),
    [](const auto& instance) { return std::string(instance.param.call); });

TEST_F(StartFlow, RunsThePhasesInOrderAndTimesThem) {
    const std::string id = create({"sleep"});

    auto started = engine->start_container(id);

    ASSERT_TRUE(started) << started.error().message();
    EXPECT_FALSE(started->already_running);
    EXPECT_THAT(phase_names(started->report),
                ElementsAre("verify", "prepare_files", "mount_root", "mount_volumes", "create_sandbox",
                            "attach_networks", "build_spec", "create", "attach_streams", "start", "commit"));
    int64_t end = 0;
    for (const PhaseReport& phase : started->report.phases) {
        EXPECT_GE(phase.offset_ns, end) << phase.name;
        end = phase.offset_ns + phase.duration_ns;
    }
    EXPECT_GE(started->report.total_ns, end);
    EXPECT_EQ(record(id)->last_start->total_ns, started->report.total_ns);
}

class WindowsBackend : public EngineFixture {
protected:
    WindowsBackend() {
        sim_options.platform = "windows";
        sim_options.accepts_start_hostconfig = false;
        sim_options.parks = false;
    }
};

TEST_F(WindowsBackend, Sf42_TheRootIsMountedOnTheHostForProcessIsolationOnly) {
    const std::string process = create_started({"sleep"}, {{"Isolation", "process"}});
    EXPECT_EQ(sim->residue().roots, 1);
    sim->finish(process, 0);
    wait_exit(process);
    EXPECT_EQ(sim->residue().roots, 0) << "given back at the exit";

    const std::string machine = create_started({"sleep"}, {{"Isolation", "hyperv"}});
    EXPECT_EQ(sim->residue().roots, 0);
    EXPECT_EQ(sim->count_calls("root_mount"), 1);
    sim->finish(machine, 0);
    wait_exit(machine);
    expect_no_residue();
}

class WindowsContainers : public EngineFixture {
protected:
    WindowsContainers() { sim_options.image_os = "windows"; }
};

TEST_F(WindowsContainers, HaveTheNetworksOfWindowsAndNoFilesOfLinux) {
    std::vector<std::string> names;
    for (const NetworkRecord& network : engine->list_networks()) names.push_back(network.name + " " + network.driver);
    EXPECT_THAT(names, ElementsAre("nat nat", "none null"));

    const std::string id = create_started({"sleep"});

    EXPECT_EQ(record(id)->endpoints.at(0).network_name, "nat");
    EXPECT_EQ(record(id)->hosts_path + record(id)->hostname_path + record(id)->resolv_conf_path, "");
    EXPECT_EQ(sim->count_calls("mount"), 0);
    sim->finish(id, 0);
    wait_exit(id);
    expect_no_residue();
}

class NetworkLaterBackend : public EngineFixture {
protected:
    NetworkLaterBackend() { sim_options.network_first = false; }
};

TEST_F(NetworkLaterBackend, NetworksAreAttachedBetweenCreateAndStart) {
    const std::string id = create({"sleep"});

    auto started = engine->start_container(id);

    ASSERT_TRUE(started) << started.error().message();
    EXPECT_THAT(phase_names(started->report),
                ElementsAre("verify", "prepare_files", "mount_root", "mount_volumes", "create_sandbox", "build_spec",
                            "create", "attach_networks", "attach_streams", "start", "commit"));
    EXPECT_EQ(sim->violations(), std::vector<std::string>{});
}

TEST_F(StartFlow, UndoIsReportedPhaseByPhase) {
    const std::string id = create({"sleep"});
    sim->fail_next("start", Error(ErrorCode::kSystem, "no luck"));

    ASSERT_FALSE(engine->start_container(id));

    for (const PhaseReport& phase : record(id)->last_start->phases) {
        const bool acquires = phase.name == "mount_root" || phase.name == "mount_volumes" ||
                              phase.name == "create_sandbox" || phase.name == "attach_networks" ||
                              phase.name == "create";
        EXPECT_EQ(phase.undone, acquires) << phase.name;
        EXPECT_EQ(phase.failed, phase.name == "start") << phase.name;
    }
}

TEST_F(SF, Sf16_AConfigurationThatIsNotValidAnyMoreTouchesNothing) {
    const std::string id = create({"sleep"});
    const auto events_before = events_of(id);
    sim->fail_next("verify", Error(ErrorCode::kInvalidArgument, "Minimum memory limit allowed is 6MB"));

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(record(id)->error, "");
    EXPECT_EQ(record(id)->exit_code, 0);
    EXPECT_EQ(events_of(id), events_before);
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(SF, Sf33_AFailingUndoIsLoggedAndSkipsNothing) {
    const std::string id = create({"sleep"});
    sim->fail_next("start", Error(ErrorCode::kSystem, "the cause"));
    sim->fail_next("sandbox_destroy", Error(ErrorCode::kSystem, "undo trouble"));

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message(), "the cause");
    EXPECT_EQ(sim->residue().roots, 0);
    EXPECT_EQ(sim->residue().mounts, 0);
    EXPECT_EQ(sim->residue().processes, 0);
    EXPECT_EQ(sim->residue().sandboxes, 1);
    for (const PhaseReport& phase : record(id)->last_start->phases) {
        EXPECT_EQ(phase.undo_error, phase.name == "create_sandbox" ? "undo trouble" : "") << phase.name;
    }
    EXPECT_THAT(log_lines(), ::testing::Contains(HasSubstr("undo trouble")));

    auto again = engine->start_container(id);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->report.phases.at(1).name, "release_leftovers");
    ASSERT_TRUE(engine->stop_container(id, std::nullopt, std::nullopt));
    expect_no_residue();
}

TEST_F(SF, Sf35_APortInUseKeepsTheContainerCreatedUntilThePortIsFree) {
    const std::string id = create({"sleep"}, {{"PortBindings", {{"80/tcp", {{{"HostPort", "8080"}}}}}}});
    sim->occupy_port("tcp/8080");

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kSystem);
    EXPECT_THAT(started.error().message(), HasSubstr("port is already allocated"));
    EXPECT_EQ(record(id)->state, RunState::kCreated);
    EXPECT_EQ(record(id)->exit_code, 128);

    sim->free_port("tcp/8080");
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(SF, Sf43_AMissingExecutableIs127) {
    const std::string id = create({"missing"});

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kExecNotFound);
    EXPECT_THAT(started.error().message(), HasSubstr("executable file not found"));
    EXPECT_EQ(record(id)->exit_code, 127);
    EXPECT_EQ(record(id)->state, RunState::kCreated);
    expect_no_residue();
}

TEST_F(SF, Sf45_ANonExecutableCommandIs126) {
    const std::string id = create({"denied"});

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kExecDenied);
    EXPECT_THAT(started.error().message(), HasSubstr("permission denied"));
    EXPECT_EQ(record(id)->exit_code, 126);
}

TEST_F(SF, Sf46_AFileOntoADirectoryIs127WithTheHint) {
    const std::string id = create({"sleep"});
    sim->fail_next("create", Error(ErrorCode::kMountType, "mount '/data': not a directory"));

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kMountType);
    EXPECT_THAT(started.error().message(), HasSubstr("not a directory: Are you trying to mount a directory onto a file "
                                                     "(or vice-versa)?"));
    EXPECT_EQ(record(id)->exit_code, 127);
}

TEST_F(SF, Sf48_AnOlderExitCodeIsKeptOutsideTheLaunch) {
    const std::string id = create_started({"exit", "3"});
    EXPECT_EQ(wait_exit(id).exit_code, 3);
    sim->fail_next("root_mount", Error(ErrorCode::kSystem, "no luck"));

    ASSERT_FALSE(engine->start_container(id));

    EXPECT_EQ(record(id)->exit_code, 3);
    EXPECT_EQ(record(id)->state, RunState::kExited);
    sim->fail_next("start", Error(ErrorCode::kSystem, "no luck"));
    ASSERT_FALSE(engine->start_container(id));
    EXPECT_EQ(record(id)->exit_code, 128);
}

TEST_F(StartFlow, AMissingLayerIsNotAMissingContainer) {
    const std::string id = create({"sleep"});
    sim->fail_next("root_mount", Error(ErrorCode::kNotFound, "layer abc is missing"));

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kSystem);
}

TEST_F(StartFlow, AutoRemoveRemovesAfterAFailedStart) {
    const std::string id = create({"missing"}, {{"AutoRemove", true}});

    ASSERT_FALSE(engine->start_container(id));

    EXPECT_FALSE(engine->find_container(id));
    EXPECT_EQ(sim->writable_layers(), 0);
    EXPECT_THAT(events_of(id), ElementsAre("create", "destroy"));
}

TEST_F(StartFlow, APhaseThatThrowsIsAFailedStart) {
    const std::string id = create({"sleep"});
    for (const char* call : {"root_mount", "endpoint_attach", "create", "start"}) {
        SCOPED_TRACE(call);
        sim->throw_next(call);

        auto started = engine->start_container(id);

        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code(), ErrorCode::kSystem);
        EXPECT_THAT(started.error().message(), HasSubstr(std::string(call) + " threw"));
        EXPECT_EQ(sim->residue(), SimResidue{});
    }
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(StartFlow, WritesTheNetworkFiles) {
    const std::string id = create(
        {"sleep"},
        {{"Dns", {"10.0.0.53"}}, {"DnsSearch", {"example.org"}}, {"ExtraHosts", {"db:10.0.0.7", "gw:host-gateway"}}});

    ASSERT_TRUE(engine->start_container(id));

    const RecordPtr running = record(id);
    const std::string address = running->endpoints.at(0).result.at("IPAddress");
    EXPECT_EQ(slurp(running->hostname_path), id.substr(0, 12) + "\n");
    EXPECT_EQ(slurp(running->resolv_conf_path), "nameserver 10.0.0.53\nsearch example.org\n");
    const std::string hosts = slurp(running->hosts_path);
    EXPECT_THAT(hosts, HasSubstr("127.0.0.1\tlocalhost\n"));
    EXPECT_THAT(hosts, HasSubstr("10.0.0.7\tdb\n"));
    EXPECT_THAT(hosts, HasSubstr("10.88.0.1\tgw\n"));
    EXPECT_THAT(hosts, HasSubstr(address + "\t" + id.substr(0, 12) + "\n"));
    std::vector<std::string> targets;
    for (const auto& [mount_id, params] : sim->container(id).mounts) targets.push_back(params.target);
    EXPECT_THAT(targets, ElementsAre("/etc/resolv.conf", "/etc/hostname", "/etc/hosts"));
}

TEST_F(StartFlow, AMountOfTheUserCoversANetworkFile) {
    const std::string id = create_started({"sleep"}, {{"Binds", {"/srv/hosts:/etc/hosts"}}});

    int hosts = 0;
    for (const auto& [mount_id, params] : sim->container(id).mounts) hosts += params.target == "/etc/hosts" ? 1 : 0;
    EXPECT_EQ(hosts, 1);
}

TEST_F(StartFlow, TheBridgeIsMadeAtItsFirstUseAndOnlyOnce) {
    const std::string a = create({"sleep"});
    const std::string b = create({"sleep"});
    const std::string none = create({"sleep"}, {{"NetworkMode", "none"}});
    ASSERT_TRUE(engine->start_container(none));
    EXPECT_EQ(sim->count_calls("network_create"), 0);

    ASSERT_TRUE(engine->start_container(a));
    ASSERT_TRUE(engine->start_container(b));

    EXPECT_EQ(sim->count_calls("network_create"), 1);
    EXPECT_EQ(engine->find_network("bridge")->ipam.at("Config").at(0).at("Subnet"), "10.88.0.0/16");
}

class ImpatientEngine : public EngineFixture {
protected:
    ImpatientEngine() {
        options.phase_deadlines = {{"mount_root", std::chrono::milliseconds(20)},
                                   {"create", std::chrono::milliseconds(20)}};
        options.backend_grace = std::chrono::milliseconds(20);
    }
};

TEST_F(ImpatientEngine, APhaseThatPassesItsDeadlineIsRolledBack) {
    const std::string id = create({"sleep"});
    sim->block("root_mount");

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(record(id)->last_start->error.at("phase"), "mount_root");
    expect_no_residue();
    sim->release("root_mount");
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(ImpatientEngine, ABackendThatIgnoresItsDeadlineDoesNotHoldTheCaller) {
    const std::string id = create({"sleep"});
    sim->block("create", /*obedient=*/false);

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kDeadlineExceeded);
    EXPECT_THAT(started.error().message(), HasSubstr("phase create"));
    EXPECT_EQ(record(id)->phase, "create");
    auto again = engine->start_container(id);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), ErrorCode::kUnavailable);

    sim->release("create");
    // The abandoned transaction gives everything back before it lets go of the container.
    while (!record(id)->phase.empty()) std::this_thread::yield();
    ASSERT_TRUE(engine->remove_container(id, {}));
    expect_no_residue();
}

TEST_F(StartFlow, ReadsDoNotWaitForAStartThatHangs) {
    const std::string id = create({"sleep"}, {}, "hanging");
    sim->block("create");
    std::thread starter([&] { EXPECT_TRUE(engine->start_container(id)); });
    sim->wait_until_blocked("create");

    const RecordPtr seen = record("hanging");
    EXPECT_EQ(seen->state, RunState::kCreated);
    EXPECT_EQ(seen->phase, "create");
    EXPECT_GT(seen->phase_since, 0);
    ListOptions all;
    all.all = true;
    EXPECT_EQ(engine->list_containers(all)->size(), 1U);
    // Others start, too.
    const std::string other = create({"exit", "0"}, {}, "other");
    sim->release("create");
    EXPECT_TRUE(engine->start_container(other));

    starter.join();
    EXPECT_EQ(record(id)->phase, "");
    EXPECT_EQ(record(id)->state, RunState::kRunning);
}

}  // namespace
}  // namespace slipway::test
