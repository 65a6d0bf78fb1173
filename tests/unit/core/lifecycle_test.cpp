// Containers from create to removal, with the events and texts that clients rely on.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <thread>

namespace slipway::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using std::chrono::seconds;

class Lifecycle : public EngineFixture {};

TEST_F(Lifecycle, ACreatedContainerIsFoundByIdNameAndPrefix) {  // SF-06
    const std::string id = create({"sleep"}, {}, "web");

    for (const std::string& ref : {id, std::string("web"), std::string("/web"), id.substr(0, 12)}) {
        auto found = engine->find_container(ref);
        ASSERT_TRUE(found) << ref;
        EXPECT_EQ((*found)->id, id);
    }
    auto missing = engine->find_container("nope");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(missing.error().message(), "No such container: nope");
    EXPECT_EQ(record(id)->state, RunState::kCreated);
    EXPECT_EQ(record(id)->config.at("Hostname"), id.substr(0, 12));
    EXPECT_EQ(sim->writable_layers(), 1);
    EXPECT_EQ(last_event("create").attributes.at("made-by"), "test");
}

TEST_F(Lifecycle, ANameInUseNamesItsOwner) {
    const std::string id = create({"sleep"}, {}, "web");

    auto second = try_create({"sleep"}, {}, "web");

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(second.error().message(),
              "Conflict. The container name \"/web\" is already in use by container \"" + id +
                  "\". You have to remove (or rename) that container to be able to reuse that name.");
    EXPECT_EQ(sim->writable_layers(), 1);
}

TEST_F(Lifecycle, ACreateThatFailsLeavesNothing) {
    sim->fail_next("root_create", Error(ErrorCode::kResourceExhausted, "disk full"));

    auto created = try_create({"sleep"}, {}, "web");

    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code(), ErrorCode::kResourceExhausted);
    EXPECT_FALSE(engine->find_container("web"));
    EXPECT_EQ(sim->writable_layers(), 0);
    EXPECT_TRUE(std::filesystem::is_empty(root / "data/containers"));
    EXPECT_TRUE(std::filesystem::is_empty(root / "data/backends/sim/containers"));
    EXPECT_THAT(all_events(), IsEmpty());
    EXPECT_TRUE(try_create({"sleep"}, {}, "web"));
}

TEST_F(Lifecycle, WarningsOfTheBackendReachTheCaller) {
    auto created = try_create({"sleep"}, {{"Memory", 64 << 20}});

    ASSERT_TRUE(created) << created.error().message();
    EXPECT_THAT(created->warnings, ElementsAre("swap was set to twice the memory"));
    EXPECT_EQ(record(created->id)->host_config.at("MemorySwap"), 128 << 20);
}

TEST_F(Lifecycle, AnUnknownRuntimeIsRefused) {
    auto created = try_create({"sleep"}, {{"Runtime", "kata"}});

    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(created.error().message(), "unknown or invalid runtime name: kata");
}

TEST_F(SF, Sf03_StartingARunningContainerIsNotModified) {
    const std::string id = create_started({"sleep"});
    const RecordPtr before = record(id);
    const auto events_before = events_of(id);

    auto again = engine->start_container(id);

    ASSERT_TRUE(again);
    EXPECT_TRUE(again->already_running);
    EXPECT_EQ(record(id)->pid, before->pid);
    EXPECT_EQ(record(id)->started_at, before->started_at);
    EXPECT_EQ(events_of(id), events_before);
}

TEST_F(SF, Sf30_AfterSuccessTheRecordSaysRunningAndIsStored) {
    const UnixNanos before = unix_now();
    const std::string id = create_started({"sleep"});

    const RecordPtr running = record(id);
    EXPECT_EQ(running->state, RunState::kRunning);
    EXPECT_EQ(running->error, "");
    EXPECT_EQ(running->exit_code, 0);
    EXPECT_GT(running->pid, 0);
    EXPECT_GE(running->started_at, before);
    EXPECT_TRUE(running->started_before);
    reopen();
    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_EQ(record(id)->started_at, running->started_at);
}

TEST_F(SF, Sf50_Sf52_EventsOfARunThatEndsAtOnce) {
    const std::string id = create_started({"exit", "7"});

    EXPECT_EQ(wait_exit(id).exit_code, 7);

    EXPECT_THAT(events_of(id), ElementsAre("create", "network connect", "start", "network disconnect", "die"));
    expect_no_residue();
    const RecordPtr ended = record(id);
    EXPECT_EQ(ended->state, RunState::kExited);
    EXPECT_EQ(ended->exit_code, 7);
    EXPECT_EQ(ended->pid, 0);
    EXPECT_GE(ended->finished_at, ended->started_at);
    EXPECT_EQ(ended->endpoints.at(0).endpoint_id, "");
}

TEST_F(SF, Sf50_WhoHearsOfStartFindsTheContainerRunning) {
    auto subscription = engine->subscribe(0, 0, std::nullopt, {{"event", {"start"}}});
    const std::string id = create({"sleep"});
    std::thread starter([&] { EXPECT_TRUE(engine->start_container(id)); });

    auto heard = subscription->next(std::chrono::milliseconds(5000));

    ASSERT_TRUE(heard && heard->event);
    EXPECT_EQ(record(id)->state, RunState::kRunning);
    starter.join();
}

TEST_F(SF, Sf53_DieCarriesExitCodeDurationLabelsImageAndName) {
    const std::string id = create_started({"exit", "3"}, {}, "job");
    wait_exit(id);

    const Event die = last_event("die");
    EXPECT_EQ(die.attributes.at("exitCode"), "3");
    EXPECT_EQ(die.attributes.at("execDuration"), "0");
    EXPECT_EQ(die.attributes.at("made-by"), "test");
    EXPECT_EQ(die.attributes.at("name"), "job");
}

TEST_F(SF, Sf54_AMemoryKillIsToldAndForgottenAtTheNextStart) {
    const std::string id = create_started({"sleep"});
    BackendEvent oom;
    oom.kind = BackendEvent::Kind::kOom;
    oom.container_id = id;
    queue->push(oom);
    while (!record(id)->oom_killed) std::this_thread::yield();
    sim->finish(id, 137, true);
    wait_exit(id);

    EXPECT_THAT(events_of(id), ElementsAre("create", "network connect", "start", "oom", "network disconnect", "die"));
    EXPECT_TRUE(record(id)->oom_killed);
    ASSERT_TRUE(engine->start_container(id));
    EXPECT_FALSE(record(id)->oom_killed);
}

TEST_F(Lifecycle, StopSendsTheStopSignalAndTellsInOrder) {
    const std::string id = create_started({"sleep"});

    ASSERT_TRUE(engine->stop_container(id, std::nullopt, std::nullopt));

    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(id)->exit_code, 143);
    EXPECT_TRUE(record(id)->manually_stopped);
    EXPECT_EQ(record(id)->desired, DesiredState::kStopped);
    EXPECT_THAT(events_of(id),
                ElementsAre("create", "network connect", "start", "kill", "network disconnect", "die", "stop"));
    EXPECT_EQ(last_event("kill").attributes.at("signal"), "15");
    auto again = engine->stop_container(id, std::nullopt, std::nullopt);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), ErrorCode::kNotModified);
}

TEST_F(Lifecycle, StopKillsWhatDoesNotListen) {
    const std::string id = create_started({"stubborn"});

    ASSERT_TRUE(engine->stop_container(id, std::nullopt, seconds(0)));

    EXPECT_EQ(record(id)->exit_code, 137);
    EXPECT_THAT(events_of(id),
                ElementsAre("create", "network connect", "start", "kill", "kill", "network disconnect", "die", "stop"));
}

TEST_F(Lifecycle, StopTakesTheSignalItIsGiven) {
    const std::string id = create_started({"sleep"});

    ASSERT_TRUE(engine->stop_container(id, "SIGINT", std::nullopt));

    EXPECT_EQ(record(id)->exit_code, 130);
    EXPECT_EQ(engine->stop_container(create_started({"sleep"}), "SIGNONSENSE", std::nullopt).error().code(),
              ErrorCode::kInvalidArgument);
}

TEST_F(Lifecycle, KillTakesNamesAndNumbers) {
    const std::string by_number = create_started({"sleep"});
    const std::string by_name = create_started({"sleep"});

    EXPECT_TRUE(engine->kill_container(by_number, "9"));
    EXPECT_TRUE(engine->kill_container(by_name, "SIGKILL"));

    EXPECT_EQ(record(by_number)->exit_code, 137);  // SIGKILL has been waited for
    EXPECT_EQ(record(by_name)->exit_code, 137);
}

TEST_F(Lifecycle, KillingWhatDoesNotRunIsAConflict) {
    const std::string id = create({"sleep"}, {}, "web");

    Status killed = engine->kill_container("web", "KILL");

    ASSERT_FALSE(killed);
    EXPECT_EQ(killed.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(killed.error().message(), "cannot kill container: web: Container " + id + " is not running");
}

TEST_F(Lifecycle, ASignalThatEndsNothingLeavesItRunning) {
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}}, {"StopSignal", "SIGTERM"}};
    const std::string id = engine->create_container(request)->id;
    ASSERT_TRUE(engine->start_container(id));

    ASSERT_TRUE(engine->kill_container(id, "HUP"));

    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_EQ(record(id)->desired, DesiredState::kRunning) << "another signal than the one to stop with";
    EXPECT_EQ(last_event("kill").attributes.at("signal"), "1");
}

TEST_F(Lifecycle, RestartStopsAndStarts) {
    const std::string id = create_started({"sleep"});
    const int64_t pid = record(id)->pid;

    ASSERT_TRUE(engine->restart_container(id, std::nullopt, std::nullopt));

    EXPECT_NE(record(id)->pid, pid);
    EXPECT_EQ(events_of(id).back(), "restart");
    const std::string never_ran = create({"sleep"});
    EXPECT_TRUE(engine->restart_container(never_ran, std::nullopt, std::nullopt));
    EXPECT_EQ(record(never_ran)->state, RunState::kRunning);
}

TEST_F(Lifecycle, AFailedRestartSaysSo) {
    const std::string id = create_started({"sleep"}, {}, "web");
    sim->fail_next("start", Error(ErrorCode::kExecNotFound, "executable file not found"));

    Status restarted = engine->restart_container("web", std::nullopt, std::nullopt);

    ASSERT_FALSE(restarted);
    EXPECT_EQ(restarted.error().message(), "Cannot restart container web: executable file not found");
    EXPECT_EQ(restarted.error().code(), ErrorCode::kSystem);
}

TEST_F(Lifecycle, RenameMovesTheName) {
    const std::string id = create({"sleep"}, {}, "old");
    const std::string other = create({"sleep"}, {}, "taken");

    ASSERT_TRUE(engine->rename_container("old", "new"));

    EXPECT_EQ(record("new")->id, id);
    EXPECT_FALSE(engine->find_container("old"));
    EXPECT_EQ(last_event("rename").attributes.at("oldName"), "/old");
    EXPECT_EQ(last_event("rename").attributes.at("name"), "new");
    Status taken = engine->rename_container("new", "taken");
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), ErrorCode::kConflict);
    EXPECT_THAT(taken.error().message(), StartsWith("Error when allocating new name: Conflict. The container name "
                                                    "\"/taken\" is already in use by container \"" +
                                                    other));
    EXPECT_EQ(engine->rename_container("new", "new").error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(engine->rename_container("new", "").error().message(), "Neither old nor new names may be empty");
    reopen();
    EXPECT_EQ(record("new")->id, id);
}

TEST_F(Lifecycle, RemovingARunningContainerNeedsForce) {
    const std::string id = create_started({"sleep"}, {}, "web");

    Status removed = engine->remove_container("web", {});

    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(removed.error().message(),
              "cannot remove container \"/web\": container is running: stop the container "
              "before removing or force remove");
    RemoveOptions force;
    force.force = true;
    ASSERT_TRUE(engine->remove_container("web", force));
    EXPECT_FALSE(engine->find_container(id));
    EXPECT_EQ(sim->writable_layers(), 0);
    expect_no_residue();
    EXPECT_FALSE(std::filesystem::exists(root / "data/containers" / id));
    EXPECT_THAT(events_of(id),
                ElementsAre("create", "network connect", "start", "kill", "network disconnect", "die", "destroy"));
}

TEST_F(Lifecycle, ARemovalThatFailsLeavesItDeadAndCanBeTriedAgain) {  // SF-08
    const std::string id = create({"sleep"});
    sim->fail_next("root_remove", Error(ErrorCode::kSystem, "busy"));

    Status removed = engine->remove_container(id, {});

    ASSERT_FALSE(removed);
    EXPECT_EQ(record(id)->state, RunState::kDead);
    auto started = engine->start_container(id);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message(), "container is marked for removal and cannot be started");
    EXPECT_EQ(started.error().code(), ErrorCode::kConflict);
    EXPECT_TRUE(engine->remove_container(id, {}));
    EXPECT_EQ(sim->writable_layers(), 0);
}

TEST_F(Lifecycle, WaitNotRunningAnswersAtOnceWhenItDoesNotRun) {
    const std::string never_ran = create({"exit", "4"});
    EXPECT_EQ(engine->wait_container(never_ran, WaitCondition::kNotRunning, {}, {})->exit_code, 0);
    ASSERT_TRUE(engine->start_container(never_ran));
    EXPECT_EQ(wait_exit(never_ran).exit_code, 4);
    EXPECT_EQ(wait_exit(never_ran).exit_code, 4);
}

TEST_F(Lifecycle, WaitNextExitWaitsForARunThatHasNotBegun) {
    const std::string id = create_started({"exit", "4"});
    wait_exit(id);
    std::thread starter;

    auto result =
        engine->wait_container(id, WaitCondition::kNextExit,
                               [&] { starter = std::thread([&] { EXPECT_TRUE(engine->start_container(id)); }); }, {});

    starter.join();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->exit_code, 4);
}

TEST_F(Lifecycle, AWaitIsCancelledByItsClientAndByTheEnd) {
    const std::string id = create_started({"sleep"});

    auto cancelled = engine->wait_container(id, WaitCondition::kNextExit, {}, [] { return true; });
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code(), ErrorCode::kCancelled);

    auto ended = engine->wait_container(id, WaitCondition::kNextExit, [&] { engine->shut_down(); }, {});
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code(), ErrorCode::kCancelled);
}

TEST_F(Lifecycle, PruneRemovesWhatDoesNotRun) {
    const std::string running = create_started({"sleep"});
    const std::string created = create({"sleep"});
    const std::string exited = create_started({"exit", "0"});
    wait_exit(exited);

    EXPECT_THAT(engine->prune_containers({{"label", {"other"}}})->deleted, IsEmpty());
    EXPECT_THAT(engine->prune_containers({{"until", {"1h"}}})->deleted, IsEmpty());
    EXPECT_EQ(engine->prune_containers({{"colour", {"red"}}}).error().message(), "invalid filter 'colour'");
    auto pruned = engine->prune_containers({{"label", {"made-by=test"}}});

    ASSERT_TRUE(pruned);
    EXPECT_THAT(pruned->deleted, ::testing::UnorderedElementsAre(created, exited));
    EXPECT_EQ(pruned->reclaimed_bytes, 8192U);
    EXPECT_TRUE(engine->find_container(running));
}

TEST_F(Lifecycle, ListsNewestFirstAndFiltered) {
    const std::string a = create({"sleep"}, {}, "alpha");
    const std::string b = create_started({"sleep"}, {}, "beta");
    const std::string c = create_started({"exit", "3"}, {}, "gamma");
    wait_exit(c);
    const auto names = [&](ListOptions list) {
        std::vector<std::string> result;
        auto records = engine->list_containers(list);
        EXPECT_TRUE(records) << records.error().message();
        if (records) {
            for (const RecordPtr& each : *records) result.push_back(each->name);
        }
        return result;
    };
    const auto filtered = [](Filters filters) {
        ListOptions list;
        list.all = true;
        list.filters = std::move(filters);
        return list;
    };

    EXPECT_THAT(names({}), ElementsAre("beta"));
    EXPECT_THAT(names(filtered({})), ElementsAre("gamma", "beta", "alpha"));
    ListOptions two;
    two.limit = 2;
    EXPECT_THAT(names(two), ElementsAre("gamma", "beta"));
    EXPECT_THAT(names(filtered({{"id", {a.substr(0, 6)}}})), ElementsAre("alpha"));
    EXPECT_THAT(names(filtered({{"name", {"et"}}})), ElementsAre("beta"));
    EXPECT_THAT(names(filtered({{"name", {"^/alpha$"}}})), ElementsAre("alpha"));
    EXPECT_THAT(names(filtered({{"status", {"exited", "created"}}})), ElementsAre("gamma", "alpha"));
    EXPECT_THAT(names(filtered({{"exited", {"3"}}})), ElementsAre("gamma"));
    EXPECT_THAT(names(filtered({{"label", {"made-by=test"}}})), ElementsAre("gamma", "beta", "alpha"));
    EXPECT_THAT(names(filtered({{"label", {"made-by=other"}}})), IsEmpty());
    EXPECT_THAT(names(filtered({{"before", {"beta"}}})), ElementsAre("alpha"));
    EXPECT_THAT(names(filtered({{"since", {"beta"}}})), ElementsAre("gamma"));
    EXPECT_THAT(names(filtered({{"network", {"bridge"}}})), ElementsAre("gamma", "beta", "alpha"));
    EXPECT_EQ(engine->list_containers(filtered({{"colour", {"red"}}})).error().message(), "invalid filter 'colour'");
    EXPECT_EQ(engine->list_containers(filtered({{"status", {"odd"}}})).error().message(),
              "invalid filter 'status=odd'");
}

TEST_F(Lifecycle, LogsOfTheDriverNoneCannotBeRead) {
    const std::string id = create({"sleep"}, {{"LogConfig", {{"Type", "none"}}}});

    Status read = engine->read_logs(id, {}, [](const LogLine&) { return true; }, {});

    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), ErrorCode::kUnimplemented);
    EXPECT_EQ(read.error().message(), "configured logging driver does not support reading");
}

TEST_F(Lifecycle, ResizeNeedsARunningContainer) {
    const std::string id = create({"sleep"});
    EXPECT_EQ(engine->resize_container(id, 40, 100).error().code(), ErrorCode::kConflict);
    ASSERT_TRUE(engine->start_container(id));

    ASSERT_TRUE(engine->resize_container(id, 40, 100));

    EXPECT_EQ(sim->container(id).rows, 40);
    EXPECT_EQ(sim->container(id).cols, 100);
}

TEST_F(Lifecycle, TheBuiltInNetworksKeepTheirIds) {
    const auto before = engine->list_networks();
    ASSERT_EQ(before.size(), 3U);

    reopen();

    const auto after = engine->list_networks();
    for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after.at(i).id, before[i].id);
    EXPECT_EQ(engine->find_network("host")->driver, "host");
    EXPECT_EQ(engine->find_network(before[0].id.substr(0, 12))->name, before[0].name);
    EXPECT_EQ(engine->find_network("mine").error().message(), "network mine not found");
}

// The smallest tar there is: two blocks of zeros.
ByteSource empty_tar() {
    auto left = std::make_shared<uint64_t>(1024);
    return [left](void* buffer, uint64_t capacity) {
        const uint64_t size = std::min(capacity, *left);
        std::memset(buffer, 0, static_cast<size_t>(size));
        *left -= size;
        return static_cast<int64_t>(size);
    };
}

TEST_F(SF, Sf53_ContainersOfAnImageRunItsCommandAndNameItInEvents) {
    auto image = engine->import_image(empty_tar(), "tiny", "1", "", {"CMD [\"exit\", \"6\"]", "LABEL from=image"});
    ASSERT_TRUE(image) << image.error().message();
    CreateContainer request;
    request.config = {{"Image", "tiny:1"}};
    auto created = engine->create_container(request);
    ASSERT_TRUE(created) << created.error().message();
    ASSERT_TRUE(engine->start_container(created->id));

    EXPECT_EQ(wait_exit(created->id).exit_code, 6);

    EXPECT_EQ(record(created->id)->image_id, *image);
    EXPECT_EQ(record(created->id)->layers.size(), 1U);
    EXPECT_EQ(last_event("die").attributes.at("image"), "tiny:1");
    EXPECT_EQ(last_event("die").attributes.at("from"), "image");
    EXPECT_EQ(engine->containers_using(*image), 1);
    EXPECT_EQ(engine->remove_image("tiny:1", false).error().code(), ErrorCode::kConflict);
    Filters ancestor = {{"ancestor", {"tiny:1"}}};
    ListOptions list;
    list.all = true;
    list.filters = ancestor;
    EXPECT_EQ(engine->list_containers(list)->size(), 1U);
}

TEST_F(Lifecycle, AnImageThatIsNotThereIsNotFoundByItsFullName) {
    CreateContainer request;
    request.config = {{"Image", "nope"}, {"Cmd", {"sleep"}}};

    auto created = engine->create_container(request);

    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(created.error().message(), "No such image: nope:latest");
}

TEST_F(Lifecycle, AMissingLayerFailsTheStartAndNamesIt) {
    auto image = engine->import_image(empty_tar(), "tiny", "1", "", {"CMD [\"sleep\"]"});
    ASSERT_TRUE(image) << image.error().message();
    CreateContainer request;
    request.config = {{"Image", "tiny:1"}};
    auto created = engine->create_container(request);
    ASSERT_TRUE(created) << created.error().message();
    const std::string layer = record(created->id)->layers.at(0);
    sim->drop_layer(layer);

    auto started = engine->start_container(created->id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kSystem);
    EXPECT_EQ(record(created->id)->last_start->error.at("resource"), layer);
    expect_no_residue();
}

class WithoutBridge : public EngineFixture {
protected:
    WithoutBridge() { options.bridge_disabled = true; }
};

TEST_F(WithoutBridge, TheDefaultNetworkIsNone) {
    const std::string id = create_started({"sleep"});

    EXPECT_EQ(record(id)->endpoints.at(0).network_name, "none");
    EXPECT_EQ(sim->count_calls("endpoint_attach"), 0);
    EXPECT_FALSE(engine->find_network("bridge"));
}

}  // namespace
}  // namespace slipway::test
