// Pause and unpause: states, events, texts, and what the other operations make of a paused container.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace slipway::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Pause : public EngineFixture {
protected:
    std::string create_paused(const nlohmann::json& host_config = {}) {
        const std::string id = create_started({"sleep"}, host_config);
        const Status paused = engine->pause_container(id);
        EXPECT_TRUE(paused) << paused.error().message();
        return id;
    }
    // The events of one container after its start.
    std::vector<std::string> events_since_start(const std::string& id) const {
        std::vector<std::string> events = events_of(id);
        const auto start = std::find(events.begin(), events.end(), "start");
        return {start == events.end() ? start : start + 1, events.end()};
    }
    static void expect_conflict(const Status& status, const std::string& text) {
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code(), ErrorCode::kConflict);
        EXPECT_EQ(status.error().message(), text);
    }
};

TEST_F(SF, Sf01_StartOfAPausedContainerIsRefused) {
    const std::string id = create_started({"sleep"});
    ASSERT_TRUE(engine->pause_container(id));
    const auto events_before = events_of(id);

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(started.error().message(), "cannot start a paused container, try unpause instead");
    EXPECT_EQ(record(id)->state, RunState::kPaused);
    EXPECT_TRUE(sim->container(id).paused);
    EXPECT_EQ(events_of(id), events_before);
}

TEST_F(Pause, GoesThereAndBackWithEvents) {
    const std::string id = create_paused();

    EXPECT_EQ(record(id)->state, RunState::kPaused);
    EXPECT_TRUE(record(id)->is_running());
    EXPECT_TRUE(sim->container(id).paused);
    ASSERT_TRUE(engine->unpause_container(id));
    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_FALSE(sim->container(id).paused);
    EXPECT_THAT(events_since_start(id), ElementsAre("pause", "unpause"));
}

TEST_F(Pause, SaysWhyNot) {
    const std::string created = create({"sleep"});
    const std::string running = create_started({"sleep"});
    const std::string paused = create_paused();

    expect_conflict(engine->pause_container(created), "Container " + created + " is not running");
    expect_conflict(engine->unpause_container(created), "Container " + created + " is not running");
    expect_conflict(engine->pause_container(paused), "Container " + paused + " is already paused");
    expect_conflict(engine->unpause_container(running), "Container " + running + " is not paused");
    const Status missing = engine->pause_container("nope");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message(), "No such container: nope");
}

TEST_F(Pause, ThatFailsChangesNothing) {
    const std::string id = create_started({"sleep"});
    sim->fail_next("pause", Error(ErrorCode::kDeadlineExceeded, "a process does not stop"));

    const Status paused = engine->pause_container(id);

    ASSERT_FALSE(paused);
    EXPECT_EQ(paused.error().code(), ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(paused.error().message(), "Cannot pause container " + id + ": a process does not stop");
    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_THAT(events_since_start(id), ElementsAre());
}

TEST_F(Pause, StopThaws) {
    const std::string id = create_paused();

    ASSERT_TRUE(engine->stop_container(id, std::nullopt, std::chrono::seconds(60)));

    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(id)->exit_code, 128 + 15);
    EXPECT_THAT(events_since_start(id), ElementsAre("pause", "kill", "unpause", "network disconnect", "die", "stop"));
    expect_no_residue();
}

TEST_F(Pause, KillThaws) {
    const std::string id = create_paused();

    ASSERT_TRUE(engine->kill_container(id, "KILL"));

    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(id)->exit_code, 137);
    EXPECT_THAT(events_since_start(id), ElementsAre("pause", "kill", "unpause", "network disconnect", "die"));
    expect_no_residue();
}

TEST_F(Pause, OnlyAForcedRemovalTakesAPausedContainer) {
    const std::string id = create_paused();

    const Status refused = engine->remove_container(id, {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("container is paused and must be unpaused first"));
    RemoveOptions force;
    force.force = true;
    ASSERT_TRUE(engine->remove_container(id, force));
    EXPECT_FALSE(engine->find_container(id));
    expect_no_residue();
}

TEST_F(Pause, SurvivesTheDaemon) {
    const std::string paused = create_paused();
    const std::string running = create_started({"sleep"});

    reopen();

    EXPECT_EQ(record(paused)->state, RunState::kPaused);
    EXPECT_TRUE(sim->container(paused).paused);
    EXPECT_EQ(record(running)->state, RunState::kRunning);
    EXPECT_FALSE(sim->container(running).paused);
    ASSERT_TRUE(engine->unpause_container(paused));
    EXPECT_FALSE(sim->container(paused).paused);
}

TEST_F(Pause, ABackendWithoutTheExtensionIsNamed) {
    const std::string id = create_started({"sleep"});
    sim->fail_next("pause", Error(ErrorCode::kUnimplemented, "backend 'sim' does not support pausing containers"));

    const Status paused = engine->pause_container(id);

    ASSERT_FALSE(paused);
    EXPECT_EQ(paused.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(paused.error().message(), HasSubstr("backend 'sim'"));
}

}  // namespace
}  // namespace slipway::test
