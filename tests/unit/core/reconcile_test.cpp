// A daemon that comes back: records and what the backend holds are brought together.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace slipway::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class Reconcile : public EngineFixture {};

TEST_F(Reconcile, RunningContainersRunOnAndTheirExitIsHeard) {
    const std::string id = create_started({"sleep"});
    const int64_t pid = record(id)->pid;

    reopen();

    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_EQ(record(id)->pid, pid);
    sim->finish(id, 9);
    EXPECT_EQ(wait_exit(id).exit_code, 9);
    expect_no_residue();
}

TEST_F(Reconcile, AnExitWhileTheDaemonWasAwayHasItsRealCode) {
    const std::string id = create_started({"sleep"});

    reopen([&] { sim->finish_silently(id, 42); });

    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(id)->exit_code, 42);
    EXPECT_EQ(last_event("die").attributes.at("exitCode"), "42");
    EXPECT_EQ(wait_exit(id).exit_code, 42);
    expect_no_residue();
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(Reconcile, AContainerThatIsGoneEndedWith255) {
    const std::string id = create_started({"sleep"});

    reopen([&] { sim->forget(id); });

    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(id)->exit_code, 255);
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(Reconcile, OneFailureToOpenAContainerDoesNotEndIt) {
    const std::string id = create_started({"sleep"});

    reopen([&] { sim->fail_next("open_container", Error(ErrorCode::kSystem, "a passing failure")); });

    EXPECT_EQ(record(id)->state, RunState::kRunning);
    sim->finish(id, 4);
    EXPECT_EQ(wait_exit(id).exit_code, 4);
}

TEST_F(Reconcile, WhatCannotBeOpenedIsLostAndDoesNotRunOn) {
    const std::string id = create_started({"sleep"});

    reopen([&] { sim->fail_next("open_container", Error(ErrorCode::kSystem, "a lasting failure"), 3); });

    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(id)->exit_code, 255);
    EXPECT_EQ(sim->residue().processes, 0);
    // What stood in the way may be over: whoever asks next finds out.
    EXPECT_TRUE(engine->start_container(id));
    EXPECT_TRUE(engine->kill_container(id, "KILL"));
    EXPECT_TRUE(engine->remove_container(id, {}));
}

TEST_F(Reconcile, DebrisIsRemoved) {
    const std::string id = create({"sleep"});
    const std::string nobody(64, 'a');

    reopen([&] {
        sim->leave_debris(id);
        sim->leave_debris(nobody);
    });

    expect_no_residue();
    EXPECT_TRUE(engine->start_container(id));
    EXPECT_EQ(sim->count_calls("remove_holding"), 2);
}

TEST_F(Reconcile, AContainerWhoseStartWasCutShortIsAsBefore) {
    const std::string id = create_started({"exit", "3"});
    wait_exit(id);
    const std::string parked = create_started({"sleep"});
    // The platform holds a process that the record does not know of.
    ASSERT_TRUE(engine->start_container(id));
    wait_exit(id);

    reopen([&] { sim->leave_debris(id); });

    EXPECT_EQ(record(id)->exit_code, 3);
    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(parked)->state, RunState::kRunning);
}

TEST_F(Reconcile, AutoRemoveHappensForAnExitWhileTheDaemonWasAway) {
    const std::string id = create_started({"sleep"}, {{"AutoRemove", true}});

    reopen([&] { sim->finish_silently(id, 0); });

    EXPECT_FALSE(engine->find_container(id));
    EXPECT_EQ(sim->writable_layers(), 0);
}

TEST_F(Reconcile, ADeadContainerIsRemovedAtTheNextBoot) {
    const std::string id = create({"sleep"});
    sim->fail_next("root_remove", Error(ErrorCode::kSystem, "busy"));
    ASSERT_FALSE(engine->remove_container(id, {}));

    reopen();

    EXPECT_FALSE(engine->find_container(id));
    EXPECT_EQ(sim->writable_layers(), 0);
}

TEST_F(Reconcile, DirectoriesNobodyOwnsAreRemoved) {
    const std::string orphan(64, 'b');

    reopen([&] {
        std::filesystem::create_directories(root / "data/containers" / orphan);
        std::filesystem::create_directories(root / "data/backends/sim/containers" / orphan);
    });

    EXPECT_FALSE(std::filesystem::exists(root / "data/containers" / orphan));
    EXPECT_FALSE(std::filesystem::exists(root / "data/backends/sim/containers" / orphan));
}

TEST_F(Reconcile, ContainersOfABackendThatIsNotLoadedAreListedAndSaySo) {
    const std::string id = create({"sleep"}, {}, "web");
    close();
    sim.reset();
    sim_options.name = "other";

    open();

    EXPECT_EQ(record("web")->id, id);
    auto started = engine->start_container("web");
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kUnavailable);
    EXPECT_THAT(started.error().message(), HasSubstr("backend 'sim'"));
    Status removed = engine->remove_container("web", {});
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(record("web")->state, RunState::kCreated);
    EXPECT_THAT(log_lines(), Contains(HasSubstr("backend 'sim' is not loaded")));
}

}  // namespace
}  // namespace slipway::test
