// Restart policies at work in the engine: relaunches, stops between two runs, boot.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace slipway::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

nlohmann::json policy(const std::string& name, int retries = 0) {
    return {{"RestartPolicy", {{"Name", name}, {"MaximumRetryCount", retries}}}};
}

class RestartFixture : public EngineFixture {
protected:
    RestartFixture() { options.restart.first = 1ms; }

    int64_t count(const std::string& id, const std::string& action) const {
        const auto events = events_of(id);
        return std::count(events.begin(), events.end(), action);
    }
    bool reaches(const std::string& id, RunState state) {
        return eventually([&] { return record(id)->state == state; });
    }
};

class Restarts : public RestartFixture {};

// A delay that no test waits for: the container stays between two runs.
class LongDelay : public RestartFixture {
protected:
    LongDelay() { options.restart.first = 1h; }
    std::string between_two_runs(const nlohmann::json& host_config) {
        const std::string id = create_started({"exit", "1"}, host_config);
        EXPECT_TRUE(reaches(id, RunState::kRestarting));
        return id;
    }
};

TEST_F(Restarts, Sf57_EachRelaunchIsAWholeStartAndCounted) {
    const std::string id = create_started({"sleep"}, policy("always"));
    for (int run = 1; run <= 3; ++run) {
        sim->finish(id, 7);
        ASSERT_TRUE(
            eventually([&] { return record(id)->restart_count == run && record(id)->state == RunState::kRunning; }));
    }
    EXPECT_EQ(count(id, "start"), 4);
    EXPECT_EQ(count(id, "die"), 3);
    EXPECT_EQ(count(id, "network connect"), 4);
    EXPECT_EQ(count(id, "network disconnect"), 3);
    EXPECT_EQ(record(id)->exit_code, 0);
    EXPECT_EQ(record(id)->restart_at, 0);
}

TEST_F(LongDelay, Sf57_BetweenTwoRunsItIsRestartingAndHoldsNothing) {
    const std::string id = between_two_runs(policy("always"));
    const RecordPtr waiting = record(id);
    EXPECT_TRUE(waiting->is_running()) << "clients see Running with Restarting";
    EXPECT_EQ(waiting->pid, 0);
    EXPECT_EQ(waiting->exit_code, 1);
    EXPECT_EQ(waiting->restart_count, 1);
    EXPECT_GT(waiting->restart_at, unix_now());
    expect_no_residue();
}

TEST_F(LongDelay, Sf04_StartingARestartingContainerChangesNothing) {
    const std::string id = between_two_runs(policy("always"));
    const UnixNanos due = record(id)->restart_at;

    auto started = engine->start_container(id);

    ASSERT_TRUE(started) << started.error().message();
    EXPECT_TRUE(started->already_running);
    EXPECT_EQ(record(id)->state, RunState::kRestarting);
    EXPECT_EQ(record(id)->restart_at, due);
    EXPECT_EQ(count(id, "start"), 1);
}

TEST_F(Restarts, Sf59_OnFailureStopsAfterItsRetries) {
    const std::string id = create_started({"exit", "1"}, policy("on-failure", 3));
    ASSERT_TRUE(eventually([&] { return count(id, "die") == 4; }));
    ASSERT_TRUE(reaches(id, RunState::kExited));
    EXPECT_EQ(record(id)->restart_count, 3);
    EXPECT_EQ(record(id)->exit_code, 1);
    EXPECT_EQ(count(id, "start"), 4);
}

TEST_F(Restarts, Sf59_OnFailureLeavesASuccessAlone) {
    const std::string id = create_started({"exit", "0"}, policy("on-failure", 3));
    ASSERT_TRUE(reaches(id, RunState::kExited));
    EXPECT_EQ(record(id)->restart_count, 0);
}

TEST_F(LongDelay, Sf60_AStopBetweenTwoRunsIsFinalAtOnce) {
    const std::string id = between_two_runs(policy("always"));

    const Status stopped = engine->stop_container(id, {}, {});

    ASSERT_TRUE(stopped) << stopped.error().message();
    EXPECT_EQ(record(id)->state, RunState::kExited);
    EXPECT_EQ(record(id)->exit_code, 1);
    EXPECT_TRUE(record(id)->manually_stopped);
    EXPECT_EQ(count(id, "start"), 1);
    EXPECT_EQ(count(id, "die"), 1);
    EXPECT_EQ(events_of(id).back(), "stop");
    EXPECT_EQ(wait_exit(id).exit_code, 1);
}

TEST_F(LongDelay, AWaiterIsWokenByAStopBetweenTwoRuns) {
    const std::string id = between_two_runs(policy("always"));
    std::optional<WaitResult> result;
    std::atomic<bool> registered{false};
    std::thread waiter([&] {
        auto waited = engine->wait_container(id, WaitCondition::kNotRunning, [&] { registered = true; }, {});
        if (waited) result = *waited;
    });
    EXPECT_TRUE(eventually([&] { return registered.load(); }));
    ASSERT_TRUE(engine->kill_container(id, "KILL"));
    waiter.join();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->exit_code, 1);
    EXPECT_EQ(record(id)->state, RunState::kExited);
}

TEST_F(LongDelay, ForcedRemovalBetweenTwoRuns) {
    const std::string id = between_two_runs(policy("always"));
    EXPECT_THAT(engine->remove_container(id, {}).error().message(), HasSubstr("container is restarting"));
    const Status removed = engine->remove_container(id, {true, false});
    ASSERT_TRUE(removed) << removed.error().message();
    EXPECT_FALSE(engine->find_container(id));
}

TEST_F(LongDelay, AStartByHandAfterAStopBeginsAnew) {
    const std::string id = between_two_runs(policy("always"));
    ASSERT_TRUE(engine->restart_container(id, {}, {}));
    ASSERT_TRUE(reaches(id, RunState::kRestarting));
    EXPECT_EQ(record(id)->restart_count, 1) << "counted since the last start by hand";
}

TEST_F(Restarts, Sf61_StoppedAndStartedByHandItRestartsAgain) {
    const std::string id = create_started({"sleep"}, policy("always"));
    ASSERT_TRUE(engine->stop_container(id, {}, {}));
    EXPECT_EQ(record(id)->state, RunState::kExited);
    ASSERT_TRUE(engine->start_container(id));

    sim->finish(id, 137);  // from outside

    ASSERT_TRUE(eventually([&] { return record(id)->restart_count == 1 && record(id)->state == RunState::kRunning; }));
}

TEST_F(Restarts, ACustomSignalEndsUnlessStoppedButNotAlways) {
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}}, {"StopSignal", "SIGQUIT"}};
    request.host_config = policy("always");
    const std::string always = engine->create_container(request)->id;
    request.host_config = policy("unless-stopped");
    const std::string unless = engine->create_container(request)->id;
    for (const std::string& id : {always, unless}) {
        ASSERT_TRUE(engine->start_container(id));
        ASSERT_TRUE(engine->kill_container(id, "HUP"));
        sim->finish(id, 129);
    }
    EXPECT_TRUE(eventually([&] { return record(always)->restart_count == 1; }));
    EXPECT_TRUE(reaches(unless, RunState::kExited));
}

TEST_F(Restarts, Sf62_UnlessStoppedStaysStoppedAndAlwaysStartsWithTheDaemon) {
    const std::string unless = create_started({"sleep"}, policy("unless-stopped"));
    const std::string always = create_started({"sleep"}, policy("always"));
    const std::string failed = create_started({"sleep"}, policy("on-failure"));
    for (const std::string& id : {unless, always, failed}) ASSERT_TRUE(engine->stop_container(id, {}, {}));

    reopen();

    EXPECT_TRUE(reaches(always, RunState::kRunning));
    EXPECT_EQ(record(unless)->state, RunState::kExited);
    EXPECT_EQ(record(failed)->state, RunState::kExited);
}

TEST_F(Restarts, Sf62_WhatDiedWithTheMachineStartsAgain) {
    const std::string unless = create_started({"sleep"}, policy("unless-stopped"));
    const std::string failed = create_started({"sleep"}, policy("on-failure", 2));
    const std::string plain = create_started({"sleep"});

    reopen([&] {
        for (const std::string& id : {unless, failed, plain}) sim->forget(id);
    });

    EXPECT_TRUE(reaches(unless, RunState::kRunning));
    EXPECT_TRUE(reaches(failed, RunState::kRunning));
    EXPECT_EQ(record(plain)->state, RunState::kExited);
    EXPECT_EQ(record(unless)->restart_count, 0);
    EXPECT_THAT(events_of(unless), Contains("die")) << "the run that was lost is told of";
}

TEST_F(Restarts, Sf63_WhatNeverRanIsNotStartedWithTheDaemon) {
    const std::string id = create({"sleep"}, policy("always"));
    const std::string witness = create_started({"sleep"}, policy("always"));
    ASSERT_TRUE(engine->stop_container(witness, {}, {}));
    reopen();
    ASSERT_TRUE(reaches(witness, RunState::kRunning));
    EXPECT_EQ(record(id)->state, RunState::kCreated);
}

TEST_F(LongDelay, ADaemonThatEndsBetweenTwoRunsStartsItWhenItIsBack) {
    const std::string id = between_two_runs(policy("always"));
    reopen();
    ASSERT_TRUE(eventually([&] { return count(id, "start") == 2; }));
    EXPECT_TRUE(eventually([&] { return count(id, "die") == 2; }));
}

TEST_F(Restarts, Sf64_ARelaunchThatFailsEndsExited) {
    const std::string id = create_started({"sleep"}, policy("always"));
    sim->fail_next("root_mount", Error(ErrorCode::kSystem, "no luck"));

    sim->finish(id, 7);

    ASSERT_TRUE(eventually([&] { return record(id)->state == RunState::kExited && !record(id)->error.empty(); }));
    EXPECT_THAT(record(id)->error, HasSubstr("no luck"));
    EXPECT_EQ(record(id)->exit_code, 7) << "of the run before";
    EXPECT_EQ(record(id)->restart_at, 0);
    expect_no_residue();
    EXPECT_EQ(wait_exit(id).exit_code, 7);
    ASSERT_TRUE(engine->start_container(id));
    EXPECT_EQ(record(id)->error, "");
}

TEST_F(Restarts, ContainersStartAtBootAfterWhatTheyDependOn) {
    std::vector<std::string> chain;
    for (int i = 0; i < 5; ++i) chain.push_back(create_started({"sleep"}, policy("always")));
    reopen([&] {
        for (const std::string& id : chain) sim->forget(id);
    });
    for (const std::string& id : chain) EXPECT_TRUE(reaches(id, RunState::kRunning));
}

class Watchdog : public RestartFixture {
protected:
    Watchdog() { options.lock_warning = 20ms; }
};

TEST_F(Watchdog, TellsWhoHoldsAContainerForLong) {
    const std::string id = create({"sleep"}, {}, "slowly");
    sim->block("create");
    std::thread starter([&] { (void)engine->start_container(id).has_value(); });
    EXPECT_TRUE(eventually([&] {
        const auto lines = log_lines();
        return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
            return line.find("container slowly: 'start' has held its lock for") != std::string::npos &&
                   line.find("in phase create") != std::string::npos;
        });
    }));
    sim->release("create");
    starter.join();
    EXPECT_GE(engine->metrics().slow_operations, 1U);
}

TEST_F(Restarts, MetricsCountStartsAndTheirPhases) {
    const std::string good = create_started({"sleep"});
    const std::string bad = create({"sleep"});
    sim->fail_next("build_spec", Error(ErrorCode::kSystem, "no luck"));
    EXPECT_FALSE(engine->start_container(bad));

    const EngineMetrics metrics = engine->metrics();

    EXPECT_EQ(metrics.starts_succeeded, 1U);
    EXPECT_EQ(metrics.starts_failed.at("build_spec"), 1U);
    EXPECT_EQ(metrics.start.count, 2U);
    EXPECT_EQ(metrics.phases.at("verify").count, 2U);
    EXPECT_EQ(metrics.phases.at("commit").count, 1U);
    EXPECT_EQ(metrics.containers.at("running"), 1);
    EXPECT_EQ(metrics.containers.at("created"), 1);
    EXPECT_EQ(metrics.last_event, all_events().back().sequence);
}

}  // namespace
}  // namespace slipway::test
