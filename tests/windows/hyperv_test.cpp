// Containers with Hyper-V isolation: each in a virtual machine of its own.
#include "backend_test.hpp"

#include <documents/guid.hpp>

#include <filesystem>
#include <thread>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

const std::string kMachineLayer(64, '7'), kUpperLayer(64, '8');

class WindowsHyperV : public WindowsBackend {
protected:
    void SetUp() override {
        WindowsBackend::SetUp();
        ASSERT_TRUE(import_machine_layer(kMachineLayer));
        ASSERT_TRUE(import_layer(kUpperLayer, {kMachineLayer}));
    }

    RunOptions options(const std::vector<std::string>& steps, const json& host_config = json::object()) const {
        RunOptions options{does(steps)};
        options.host_config = host_config;
        options.host_config["Isolation"] = "hyperv";
        options.layers = {kMachineLayer, kUpperLayer};
        return options;
    }
    static json machine_of(const std::string& id) { return simulated::document_of(id + "@vm")["VirtualMachine"]; }
    static json container_of(const std::string& id) { return simulated::document_of(id)["HostedSystem"]["Container"]; }

    Outcome pause(slw_container* c) { return change(c, table<slw_pause_ops>(SLW_EXT_PAUSE)->pause); }
    Outcome resume(slw_container* c) { return change(c, table<slw_pause_ops>(SLW_EXT_PAUSE)->resume); }

    Outcome change(slw_container* c, decltype(slw_pause_ops::pause) op) { return change(c, op, call()); }
    static Outcome change(slw_container* c, decltype(slw_pause_ops::pause) op, const slw_call& limits) {
        Outcome outcome;
        outcome.error.struct_size = sizeof(outcome.error);
        outcome.status = op(c, &limits, &outcome.error);
        return outcome;
    }
    json stats(slw_container* c) {
        const slw_call limits = call();
        StringSink out;
        EXPECT_EQ(table<slw_stats_ops>(SLW_EXT_STATS)->read(c, &limits, out.get(), nullptr), SLW_OK);
        return json::parse(out.take(), nullptr, false);
    }
    // A rule for the next call of the function.
    static void inject(const char* function, const char* action, int delay_ms = 0) {
        simulated::inject(json::array({{{"function", function},
                                        {"nth", simulated::calls()[function] + 1},
                                        {"do", action},
                                        {"delay_ms", delay_ms}}}));
    }
    // Puts a container on a second network and says what its adapter is for.
    void attach_another_network(slw_container* c) {
        const auto* ops = table<slw_network_ops>(SLW_EXT_NETWORK);
        const slw_call limits = call();
        const json other = {{"Id", test_id('c')}, {"Name", "other"}, {"Driver", "nat"}, {"IPAM", json::object()}};
        other_network_ = other.dump();
        StringSink out;
        ASSERT_EQ(ops->network_create(backend_, &limits, text_of(other_network_), out.get(), nullptr), SLW_OK);
        const std::string endpoint = json{{"Network", other}, {"EndpointId", test_id('5')}}.dump();
        ASSERT_EQ(ops->endpoint_attach(c, &limits, text_of(endpoint), out.get(), nullptr), SLW_OK);
    }
    slw_status detach_another_network(slw_container* c) {
        const slw_call limits = call();
        return table<slw_network_ops>(SLW_EXT_NETWORK)->endpoint_detach(c, &limits, test_id('c').c_str(), nullptr);
    }
    void remove_another_network() {
        const slw_call limits = call();
        const auto* ops = table<slw_network_ops>(SLW_EXT_NETWORK);
        EXPECT_EQ(ops->network_remove(backend_, &limits, text_of(other_network_), nullptr), SLW_OK);
    }

private:
    std::string other_network_;
};

TEST_F(WindowsHyperV, ACommandsOutputAndExitCodeAreThoseOfAnyContainer) {
    const std::string id = test_id('1');
    slw_container* c = open(id);

    ASSERT_TRUE(run(c, id, options({"env:GREETING", "complain:bad", "exit:3"})));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 3);
    EXPECT_EQ(status(c).exit_code, 3);
    EXPECT_THAT(log_of(id), testing::HasSubstr("stdout:hello\n"));
    EXPECT_THAT(log_of(id), testing::HasSubstr("stderr:bad\n"));
    EXPECT_TRUE(give_back(c));
    EXPECT_EQ(host_->count(SLW_EVENT_EXIT, id), 1U);
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(WindowsHyperV, SF42_TheRootOfAContainerInAMachineIsNeverMountedOnTheHost) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    const int attached = simulated::calls()["attach_disk"];  // when the base layers were made

    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));

    EXPECT_THAT(simulated::leaks(), testing::Not(testing::Contains(testing::HasSubstr("attached disk"))));
    EXPECT_THAT(simulated::leaks(), testing::Not(testing::Contains(testing::HasSubstr("storage filter"))));
    EXPECT_EQ(simulated::calls()["attach_disk"], attached);
    EXPECT_EQ(simulated::calls()["HcsAttachLayerStorageFilter"], 0);
    EXPECT_EQ(container_of(id)["Storage"]["Path"], "C:\\c\\1");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, TheLimitsOfTheContainerAreTheSizeOfItsMachine) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"}, {{"Memory", 512 << 20}, {"CpuCount", 1}, {"CpuShares", 500}})));

    const json topology = machine_of(id)["ComputeTopology"];

    EXPECT_EQ(topology["Memory"]["SizeInMB"], 512);
    EXPECT_EQ(topology["Processor"], (json{{"Count", 1}, {"Weight", 500}}));
    EXPECT_FALSE(container_of(id).contains("Memory"));
    EXPECT_FALSE(container_of(id).contains("Processor"));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, DirectoriesPipesAndTheNetworkReachTheContainerThroughItsMachine) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    const auto* mounts = table<slw_mount_ops>(SLW_EXT_MOUNT);
    const slw_call limits = call();
    uint64_t mount = 0;
    slw_mount_request request{};
    request.struct_size = sizeof(request);
    request.flags = SLW_MOUNT_READ_ONLY;
    request.source = directory_.c_str();
    request.target = "c:/data";
    ASSERT_EQ(mounts->mount(c, &limits, &request, &mount, nullptr), SLW_OK);
    request.flags = 0;
    request.source = request.target = "\\\\.\\pipe\\engine";
    ASSERT_EQ(mounts->mount(c, &limits, &request, &mount, nullptr), SLW_OK);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));

    const json container = container_of(id);

    const std::string shares = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
    EXPECT_EQ(container["MappedDirectories"],
              (json::array({{{"HostPath", shares + "m0"}, {"ContainerPath", "C:\\data"}, {"ReadOnly", true}}})));
    EXPECT_EQ(container["MappedPipes"][0]["HostPath"], shares + "IPC$\\engine");
    EXPECT_EQ(simulated::adapters_of(id + "@vm"), simulated::endpoints_of(container["Networking"]["Namespace"]));
    EXPECT_EQ(simulated::adapters_of(id + "@vm").size(), 1U);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, NetworksComeAndGoWhileTheMachineRuns) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    const auto* ops = table<slw_network_ops>(SLW_EXT_NETWORK);
    const slw_call limits = call();
    const json other = {{"Id", test_id('c')}, {"Name", "other"}, {"Driver", "nat"}, {"IPAM", json::object()}};
    const std::string network = other.dump();
    StringSink out;
    ASSERT_EQ(ops->network_create(backend_, &limits, text_of(network), out.get(), nullptr), SLW_OK);
    const std::string endpoint = json{{"Network", other}, {"EndpointId", test_id('5')}}.dump();

    ASSERT_EQ(ops->endpoint_attach(c, &limits, text_of(endpoint), out.get(), nullptr), SLW_OK);
    EXPECT_EQ(simulated::adapters_of(id + "@vm").size(), 2U);
    ASSERT_EQ(ops->endpoint_detach(c, &limits, test_id('c').c_str(), nullptr), SLW_OK);
    EXPECT_EQ(simulated::adapters_of(id + "@vm").size(), 1U);

    simulated::inject(json::array({{{"function", "HcsModifyComputeSystem"},
                                    {"nth", simulated::calls()["HcsModifyComputeSystem"] + 2},
                                    {"do", "fail_async"}}}));
    EXPECT_NE(ops->endpoint_attach(c, &limits, text_of(endpoint), out.get(), nullptr), SLW_OK);
    EXPECT_EQ(simulated::endpoints_of(container_of(id)["Networking"]["Namespace"]).size(), 1U) << "taken back";
    EXPECT_TRUE(give_back(c));
    EXPECT_EQ(ops->network_remove(backend_, &limits, text_of(network), nullptr), SLW_OK);
}

TEST_F(WindowsHyperV, ADetachThatFailedBehindTheAdapterIsTriedAgain) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    attach_another_network(c);
    inject("HcnDeleteEndpoint", "fail");

    EXPECT_NE(detach_another_network(c), SLW_OK);
    EXPECT_EQ(simulated::adapters_of(id + "@vm").size(), 1U) << "the adapter went";
    EXPECT_EQ(detach_another_network(c), SLW_OK);

    EXPECT_EQ(detach_another_network(c), SLW_OK) << "not attached is success";
    EXPECT_TRUE(give_back(c));
    remove_another_network();
}

TEST_F(WindowsHyperV, AnAdapterThatWentTooLateIsRemovedByTheNextTry) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    attach_another_network(c);
    inject("HcsModifyComputeSystem", "late", 400);
    deadline_ = milliseconds(200);

    EXPECT_EQ(detach_another_network(c), SLW_ERR_DEADLINE_EXCEEDED);

    deadline_ = milliseconds(0);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (simulated::adapters_of(id + "@vm").size() > 1 && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_EQ(detach_another_network(c), SLW_OK);
    EXPECT_TRUE(give_back(c));
    remove_another_network();
}

TEST_F(WindowsHyperV, TheNetworkOfAMachineIsNotShared) {
    slw_container* owner = open(test_id('1'));
    slw_container* guest = open(test_id('2'));
    ASSERT_TRUE(run(owner, test_id('1'), options({"sleep:60000"})));
    const std::string join = json{{"Mode", "container"}, {"Container", test_id('1')}}.dump();
    const slw_call limits = call();
    StringSink out;

    EXPECT_EQ(
        table<slw_network_ops>(SLW_EXT_NETWORK)->sandbox_create(guest, &limits, text_of(join), out.get(), nullptr),
        SLW_ERR_UNIMPLEMENTED);

    EXPECT_TRUE(give_back(owner));
}

TEST_F(WindowsHyperV, ExecsRunInTheMachine) {
    const std::string id = test_id('1'), exec_id = test_id('e');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));

    ASSERT_TRUE(exec(c, exec_id, does({"say:hi", "exit:4"}), nullptr, 100));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXEC_EXIT, exec_id).exit_code, 4);
    StringSink kept;
    EXPECT_EQ(table<slw_exec_ops>(SLW_EXT_EXEC)->output(c, exec_id.c_str(), kept.get(), nullptr), SLW_OK);
    EXPECT_EQ(kept.take(), "hi\n");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, SignalsAreShutdownTerminationAndControlEvents) {
    const struct {
        int32_t number, code;
    } rows[] = {{9, 1067}, {15, static_cast<int32_t>(0xC000013A)}, {2, static_cast<int32_t>(0xC000013A)}};
    char digit = '1';
    for (const auto& row : rows) {
        const std::string id = test_id(digit++);
        slw_container* c = open(id);
        ASSERT_TRUE(run(c, id, options({"sleep:60000"})));

        EXPECT_TRUE(signal(c, row.number));

        EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, row.code);
        EXPECT_TRUE(give_back(c));
    }
}

TEST_F(WindowsHyperV, AGuestThatDoesNotAnswerIsKilledWithItsMachine) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    simulated::inject(json::array({{{"function", "HcsTerminateComputeSystem"}, {"do", "fail_async"}}}));

    EXPECT_TRUE(signal(c, 9));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 1067);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, AMachineThatEndsTakesItsContainerAlong) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));

    simulated::crash_system(id + "@vm");

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 1067);
    EXPECT_EQ(status(c).state, SLW_PROCESS_EXITED);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, StatsTopAndUpdate) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    const slw_call limits = call();
    StringSink stats, top;
    EXPECT_EQ(table<slw_stats_ops>(SLW_EXT_STATS)->read(c, &limits, stats.get(), nullptr), SLW_OK);
    EXPECT_EQ(table<slw_top_ops>(SLW_EXT_TOP)->list(c, &limits, text_of(""), top.get(), nullptr), SLW_OK);
    const std::string change = R"({"HostConfig":{"Memory":268435456,"CpuShares":7},"Changed":["Memory","CpuShares"]})";
    EXPECT_EQ(table<slw_update_ops>(SLW_EXT_UPDATE)->update(c, &limits, text_of(change), nullptr), SLW_OK);
    const std::string count = R"({"HostConfig":{"CpuCount":1},"Changed":["CpuCount"]})";
    EXPECT_EQ(table<slw_update_ops>(SLW_EXT_UPDATE)->update(c, &limits, text_of(count), nullptr),
              SLW_ERR_UNIMPLEMENTED);

    EXPECT_EQ(json::parse(stats.take())["memory_stats"]["privateworkingset"], 4 << 20);
    EXPECT_EQ(json::parse(top.take())["Processes"].size(), 1U);
    EXPECT_EQ(machine_of(id)["ComputeTopology"]["Memory"]["SizeInMB"], 256);
    EXPECT_EQ(machine_of(id)["ComputeTopology"]["Processor"]["Weight"], 7);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, APausedContainerStandsStillUntilItIsResumed) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"say:one", "sleep:400", "say:two", "sleep:60000"})));
    ASSERT_TRUE(says(id, "stdout:one\n"));

    ASSERT_TRUE(pause(c));
    ASSERT_TRUE(pause(c)) << "twice is success";
    std::this_thread::sleep_for(milliseconds(700));
    EXPECT_EQ(log_of(id), "stdout:one\n");
    EXPECT_EQ(status(c).state, SLW_PROCESS_RUNNING);

    ASSERT_TRUE(resume(c));
    ASSERT_TRUE(resume(c));
    EXPECT_TRUE(says(id, "stdout:one\nstdout:two\n"));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, WhatIsAskedOfAPausedContainerIsAnsweredWithoutItsGuest) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    ASSERT_TRUE(pause(c));
    const slw_call limits = call();
    StringSink out;

    EXPECT_EQ(table<slw_stats_ops>(SLW_EXT_STATS)->read(c, &limits, out.get(), nullptr), SLW_OK);
    EXPECT_EQ(table<slw_top_ops>(SLW_EXT_TOP)->list(c, &limits, text_of(""), out.get(), nullptr), SLW_ERR_CONFLICT);
    EXPECT_TRUE(signal(c, 15));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id, milliseconds(200)).kind, 0) << "waits for the end of the pause";
    EXPECT_TRUE(resume(c));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, static_cast<int32_t>(0xC000013A));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, TheCountersOfAPausedContainerNeitherJumpNorFall) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    const json before = stats(c);

    ASSERT_TRUE(pause(c));
    EXPECT_EQ(stats(c), before);
    ASSERT_TRUE(resume(c));

    EXPECT_EQ(stats(c), before);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, AGuestThatDoesNotTellWhatItUsedIsPausedAllTheSame) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    inject("HcsGetComputeSystemProperties", "fail_async");
    const slw_call limits = call();
    StringSink out;

    ASSERT_TRUE(pause(c));

    EXPECT_EQ(table<slw_stats_ops>(SLW_EXT_STATS)->read(c, &limits, out.get(), nullptr), SLW_ERR_CONFLICT);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, SignalsThatWindowsHasNotAreRefusedInAPauseToo) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    EXPECT_EQ(signal(c, 10).status, SLW_ERR_INVALID_ARGUMENT);
    ASSERT_TRUE(pause(c));

    EXPECT_EQ(signal(c, 10).status, SLW_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(signal(c, 12).status, SLW_ERR_INVALID_ARGUMENT);
    EXPECT_TRUE(signal(c, 0));

    ASSERT_TRUE(resume(c));
    EXPECT_EQ(simulated::calls()["HcsSignalProcess"], 0);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, AResumeThatComesTooLateIsFoundByTheNext) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"say:one", "sleep:1000", "say:two", "sleep:60000"})));
    ASSERT_TRUE(says(id, "stdout:one\n"));
    ASSERT_TRUE(pause(c));
    inject("HcsResumeComputeSystem", "late", 400);
    deadline_ = milliseconds(200);

    EXPECT_EQ(resume(c).status, SLW_ERR_DEADLINE_EXCEEDED);

    deadline_ = milliseconds(0);
    EXPECT_TRUE(says(id, "stdout:one\nstdout:two\n"));
    EXPECT_TRUE(resume(c));
    EXPECT_TRUE(signal(c, 15));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, static_cast<int32_t>(0xC000013A));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, AResumeThatFailsLeavesItPaused) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    ASSERT_TRUE(pause(c));
    inject("HcsResumeComputeSystem", "fail_async");

    EXPECT_EQ(resume(c).status, SLW_ERR_SYSTEM);

    EXPECT_TRUE(signal(c, 15));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id, milliseconds(200)).kind, 0) << "waits for the end of the pause";
    EXPECT_TRUE(resume(c));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, static_cast<int32_t>(0xC000013A));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, APauseWithoutTimeIsNotTakenBack) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    slw_call over = call();
    over.deadline_ns = 1;
    const auto begin = std::chrono::steady_clock::now();

    const Outcome paused = change(c, table<slw_pause_ops>(SLW_EXT_PAUSE)->pause, over);

    EXPECT_EQ(paused.status, SLW_ERR_DEADLINE_EXCEEDED);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2000));
    EXPECT_EQ(simulated::calls()["HcsResumeComputeSystem"], 0);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, APauseThatComesTooLateIsTakenBack) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"say:one", "sleep:1000", "say:two", "sleep:60000"})));
    ASSERT_TRUE(says(id, "stdout:one\n"));
    simulated::inject(json::array({{{"function", "HcsPauseComputeSystem"}, {"do", "late"}, {"delay_ms", 400}}}));
    deadline_ = milliseconds(200);

    EXPECT_EQ(pause(c).status, SLW_ERR_DEADLINE_EXCEEDED);

    deadline_ = milliseconds(0);
    EXPECT_TRUE(says(id, "stdout:one\nstdout:two\n"));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, APausedContainerCanBeEnded) {
    slw_container* killed = open(test_id('1'));
    slw_container* destroyed = open(test_id('2'));
    ASSERT_TRUE(run(killed, test_id('1'), options({"sleep:60000"})));
    ASSERT_TRUE(run(destroyed, test_id('2'), options({"sleep:60000"})));
    ASSERT_TRUE(pause(killed));
    ASSERT_TRUE(pause(destroyed));

    EXPECT_TRUE(signal(killed, 9));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, test_id('1')).exit_code, 1067);
    EXPECT_TRUE(give_back(killed));
    EXPECT_TRUE(give_back(destroyed));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, test_id('2')).exit_code, 1067);
}

TEST_F(WindowsHyperV, AKillThatIsInsideItsMachineKeepsItOpenWhileItIsDestroyed) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    ASSERT_TRUE(pause(c));
    inject("HcsTerminateComputeSystem", "late", 1000);
    const int before = simulated::calls()["HcsTerminateComputeSystem"];
    Outcome killed;
    std::thread inside([&] { killed = signal(c, 9); });
    while (simulated::calls()["HcsTerminateComputeSystem"] == before) std::this_thread::sleep_for(milliseconds(1));

    EXPECT_TRUE(destroy(c));

    inside.join();
    EXPECT_TRUE(killed);
    EXPECT_TRUE(give_back(c));
    EXPECT_THAT(simulated::violations(), testing::IsEmpty());
}

class WindowsHyperVUndo : public WindowsHyperV {
protected:
    json config() const override { return {{"timeouts_ms", {{"undo", 300}}}}; }
};

TEST_F(WindowsHyperVUndo, AFolderThatCannotBeLookedAtIsReportedAndNoMore) {
#ifdef _WIN32
    GTEST_SKIP() << "a directory with open files is not renamed on Windows";
#endif
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    const fs::path data = directory_ + "/data-11111111", aside = directory_ + "/aside";
    fs::rename(data, aside);
    fs::create_directory_symlink(data, data);  // leads nowhere, for ever

    EXPECT_TRUE(destroy(c));

    fs::remove(data);
    fs::rename(aside, data);
    fs::remove_all(data / "vm");
    EXPECT_THAT(host_->logged(), testing::HasSubstr("machine " + id + "@vm: remove '"));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, ASiloCannotBePaused) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    EXPECT_EQ(pause(c).status, SLW_ERR_CONFLICT) << "before it runs";
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));

    const Outcome paused = pause(c);

    EXPECT_EQ(paused.status, SLW_ERR_UNIMPLEMENTED);
    EXPECT_EQ(paused.message(), "Windows can pause containers with Hyper-V isolation alone");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, AnImageWithoutAUtilityVmIsNamed) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    RunOptions without = options({});
    without.layers = {};

    const Outcome started = run(c, id, without);

    EXPECT_EQ(started.status, SLW_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(started.message(), testing::HasSubstr("no layer of it has a folder UtilityVM"));
    EXPECT_STRNE(started.error.hint, "");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, AHostWithoutHyperVIsToldApart) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    simulated::inject(
        json::array({{{"function", "HcsStartComputeSystem"}, {"do", "fail_async"}, {"hresult", "0x80370102"}}}));

    const Outcome started = run(c, id, options({}));

    EXPECT_THAT(started.message(), testing::HasSubstr("Hyper-V is missing (0x80370102)"));
    EXPECT_THAT(std::string(started.error.hint), testing::HasSubstr("--isolation=process"));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, ItStartsAgainOnTheSameDisk) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    for (int i = 0; i < 2; ++i) {
        if (i == 0) {
            ASSERT_TRUE(run(c, id, options({"exit:0"})));
        } else {
            ASSERT_TRUE(create(c, id, options({"exit:0"})));
            ASSERT_TRUE(start(c));
        }
        EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);
        EXPECT_TRUE(destroy(c));
        EXPECT_EQ(host_->count(SLW_EVENT_EXIT, id), static_cast<size_t>(i) + 1);
        EXPECT_FALSE(fs::exists(directory_ + "/data-11111111/vm")) << "the machine's own disk is for one run";
        EXPECT_TRUE(fs::exists(directory_ + "/data-11111111/scratch/sandbox.vhdx"));
    }
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsHyperV, AMachineOfADeadDaemonIsDebrisOfItsContainer) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, options({"sleep:60000"})));
    EXPECT_EQ(reconcile_list().document(), (json::array({{{"Id", id}, {"State", "debris"}, {"Pid", 0}}})));

    // As a second daemon would; the handles are the first one's still, so what ended stays until they are closed.
    Outcome removed;
    std::thread second([&] { removed = reconcile_remove(id); });
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 1067);
    EXPECT_TRUE(give_back(c));
    second.join();

    EXPECT_TRUE(removed);
    EXPECT_EQ(reconcile_list().document(), json::array());
}

}  // namespace
}  // namespace slipway::windows_backend
