// Health checks: what results make of a container's health, when it is probed, and what the engine does about it.

#include "health/health_monitor.hpp"
#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

namespace slipway::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;

using namespace std::chrono_literals;
using nlohmann::json;

// --- pure rules ---------------------------------------------------------------------------------------------------

HealthCheck check_with(int64_t retries, std::chrono::nanoseconds start_period = 0s) {
    HealthCheck check;
    check.command = {"true"};
    check.interval = 10s;
    check.timeout = 3s;
    check.start_period = start_period;
    check.start_interval = 1s;
    check.retries = retries;
    return check;
}

HealthResult result_at(UnixNanos start, int32_t exit_code) {
    return {start, start + 1, exit_code, std::to_string(exit_code)};
}

TEST(HealthRules, DefaultsAreDockers) {
    const auto check = health_check_of({{"Healthcheck", {{"Test", {"CMD", "probe", "-x"}}}}});

    ASSERT_TRUE(check);
    EXPECT_THAT(check->command, ElementsAre("probe", "-x"));
    EXPECT_EQ(check->interval, 30s);
    EXPECT_EQ(check->timeout, 30s);
    EXPECT_EQ(check->start_period, 0s);
    EXPECT_EQ(check->start_interval, 5s);
    EXPECT_EQ(check->retries, 3);
}

TEST(HealthRules, ShellTestsUseTheImagesShell) {
    const json health = {{"Test", {"CMD-SHELL", "a && b"}}};

    EXPECT_THAT(health_check_of({{"Healthcheck", health}})->command, ElementsAre("/bin/sh", "-c", "a && b"));
    EXPECT_THAT(health_check_of({{"Healthcheck", health}, {"Shell", {"/bin/ash", "-ec"}}})->command,
                ElementsAre("/bin/ash", "-ec", "a && b"));
}

TEST(HealthRules, NoTestIsNoCheck) {
    for (const json& health : {json(nullptr), json::object(), json{{"Test", json::array()}}, json{{"Test", {"NONE"}}},
                               json{{"Test", {"CMD"}}}, json{{"Test", {"HTTP", "x"}}}}) {
        EXPECT_FALSE(health_check_of({{"Healthcheck", health}})) << health;
    }
    EXPECT_FALSE(initial_health({{"Healthcheck", {{"Test", {"NONE"}}}}}));
}

TEST(HealthRules, ValuesOutOfRangeHaveDockersTexts) {
    const auto refusal = [](const json& health) {
        const Status checked = check_healthcheck(health);
        return checked ? std::string("accepted") : checked.error().message();
    };
    EXPECT_EQ(refusal({{"Interval", 999'999}}), "Interval in Healthcheck cannot be less than 1ms");
    EXPECT_EQ(refusal({{"Timeout", -1}}), "Timeout in Healthcheck cannot be less than 1ms");
    EXPECT_EQ(refusal({{"StartPeriod", 5}}), "StartPeriod in Healthcheck cannot be less than 1ms");
    EXPECT_EQ(refusal({{"StartInterval", 5}}), "StartInterval in Healthcheck cannot be less than 1ms");
    EXPECT_EQ(refusal({{"Retries", -1}}), "Retries in Healthcheck cannot be negative");
    EXPECT_EQ(refusal({{"Interval", 1'000'000}, {"Retries", 0}}), "accepted");
    EXPECT_EQ(refusal(nullptr), "accepted");
}

TEST(HealthRules, FailuresInARowMakeItUnhealthyAndOneSuccessHealthy) {
    const HealthCheck check = check_with(2);
    HealthState state;

    state = next_health(state, result_at(1, 1), check, 0);
    EXPECT_EQ(state.status, HealthStatus::kStarting);
    EXPECT_EQ(state.failing_streak, 1);
    state = next_health(state, result_at(2, -1), check, 0);
    EXPECT_EQ(state.status, HealthStatus::kUnhealthy);
    state = next_health(state, result_at(3, 0), check, 0);
    EXPECT_EQ(state.status, HealthStatus::kHealthy);
    EXPECT_EQ(state.failing_streak, 0);
    state = next_health(state, result_at(4, 1), check, 0);
    EXPECT_EQ(state.status, HealthStatus::kHealthy) << "one failure is not enough";
}

TEST(HealthRules, FailuresInTheStartPeriodDoNotCountUntilItWasHealthyOnce) {
    const HealthCheck check = check_with(1, 100s);
    const UnixNanos started = 1'000'000'000'000;
    const auto later = [&](int64_t seconds) { return started + seconds * 1'000'000'000; };
    HealthState state;

    state = next_health(state, result_at(later(50), 1), check, started);
    EXPECT_EQ(state.status, HealthStatus::kStarting);
    EXPECT_EQ(state.failing_streak, 0);
    HealthState after = next_health(state, result_at(later(100), 1), check, started);
    EXPECT_EQ(after.status, HealthStatus::kUnhealthy);
    state = next_health(state, result_at(later(60), 0), check, started);
    state = next_health(state, result_at(later(70), 1), check, started);
    EXPECT_EQ(state.status, HealthStatus::kUnhealthy);
}

TEST(HealthRules, TheLogHasTheLastFive) {
    HealthState state;
    for (int i = 1; i <= 8; ++i) state = next_health(state, result_at(i, i), check_with(100), 0);

    ASSERT_EQ(state.log.size(), 5U);
    EXPECT_EQ(state.log.front().exit_code, 4);
    EXPECT_EQ(state.log.back().exit_code, 8);
}

TEST(HealthRules, OutputIsCutAndRepaired) {
    EXPECT_EQ(bounded_output(std::string(4096, 'x')), std::string(4096, 'x'));
    EXPECT_EQ(bounded_output(std::string(4097, 'x')), std::string(4096, 'x') + "...");
    EXPECT_EQ(bounded_output("a\xff"
                             "b"),
              "a\xef\xbf\xbd"
              "b");
}

TEST(HealthRules, DurationsReadAsGoPrintsThem) {
    EXPECT_EQ(go_duration(30s), "30s");
    EXPECT_EQ(go_duration(90s), "1m30s");
    EXPECT_EQ(go_duration(3600s), "1h0m0s");
    EXPECT_EQ(go_duration(1500ms), "1.5s");
    EXPECT_EQ(go_duration(300ms), "300ms");
    EXPECT_EQ(go_duration(0s), "0s");
}

// --- the schedule, on a clock of the test's ------------------------------------------------------------------------

class HealthSchedule : public ::testing::Test {
protected:
    HealthSchedule()
        : monitor(
              {[this](const std::string&, const std::string& probe, const HealthCheck&) { started.push_back(probe); },
               [this](const std::string&, const std::string& probe) { killed.push_back(probe); },
               [this](const std::string&, const HealthCheck&, HealthResult result) { reported.push_back(result); }}) {}
    MonotonicNanos in(std::chrono::nanoseconds wait) const {
        return monotonic_now() + static_cast<MonotonicNanos>(wait.count());
    }
    std::chrono::nanoseconds until(std::optional<MonotonicNanos> due) const {
        return std::chrono::nanoseconds(static_cast<int64_t>(due.value() - monotonic_now()));
    }

    std::vector<std::string> started, killed;
    std::vector<HealthResult> reported;
    HealthMonitor monitor;
};

TEST_F(HealthSchedule, TheFirstProbeComesAfterOneInterval) {
    EXPECT_FALSE(monitor.run_due(in(1h))) << "nobody is watched";
    monitor.watch("c", check_with(3), HealthStatus::kStarting, 0s);

    EXPECT_THAT(until(monitor.run_due(in(9s))), AllOf(Ge(9s), Le(10s)));
    EXPECT_THAT(started, IsEmpty());
    monitor.run_due(in(11s));
    EXPECT_EQ(started.size(), 1U);
    monitor.run_due(in(12s));
    EXPECT_EQ(started.size(), 1U) << "one at a time";
}

TEST_F(HealthSchedule, InTheStartPeriodItIsProbedMoreOftenUntilItIsHealthy) {
    monitor.watch("c", check_with(3, 60s), HealthStatus::kStarting, 0s);
    EXPECT_THAT(until(monitor.run_due(monotonic_now())), Le(1s));

    monitor.note_status("c", HealthStatus::kHealthy);
    EXPECT_THAT(until(monitor.run_due(monotonic_now())), Ge(9s));
    monitor.watch("c", check_with(3, 60s), HealthStatus::kStarting, 61s);
    EXPECT_THAT(until(monitor.run_due(monotonic_now())), Ge(9s)) << "the period is over";
}

TEST_F(HealthSchedule, ResultsAreReportedAndTheNextProbeFollows) {
    monitor.watch("c", check_with(3), HealthStatus::kStarting, 0s);
    monitor.run_due(in(11s));
    ASSERT_EQ(started.size(), 1U);
    EXPECT_TRUE(monitor.is_ours(started[0]));

    EXPECT_TRUE(monitor.finished(started[0], 7, 99, "why"));

    ASSERT_EQ(reported.size(), 1U);
    EXPECT_EQ(reported[0].exit_code, 7);
    EXPECT_EQ(reported[0].end, 99);
    EXPECT_EQ(reported[0].output, "why");
    EXPECT_FALSE(monitor.is_ours(started[0]));
    EXPECT_FALSE(monitor.finished(started[0], 7, 99, "")) << "only once";
    monitor.run_due(in(11s));
    EXPECT_EQ(started.size(), 2U);
}

TEST_F(HealthSchedule, AProbeThatTakesTooLongIsKilledUntilItEnds) {
    monitor.watch("c", check_with(3), HealthStatus::kStarting, 0s);
    const MonotonicNanos begin = in(11s);
    monitor.run_due(begin);

    monitor.run_due(begin + 2'900'000'000);
    EXPECT_THAT(killed, IsEmpty());
    monitor.run_due(begin + 3'100'000'000);
    EXPECT_EQ(killed.size(), 1U);
    monitor.run_due(begin + 4'200'000'000);
    EXPECT_EQ(killed.size(), 2U);
    monitor.finished(started[0], 137, 0, "so far");

    ASSERT_EQ(reported.size(), 1U);
    EXPECT_EQ(reported[0].exit_code, -1);
    EXPECT_EQ(reported[0].output, "Health check exceeded timeout (3s): so far");
}

TEST_F(HealthSchedule, AForgottenProbeIsKilledAndNotReported) {
    monitor.watch("c", check_with(3), HealthStatus::kStarting, 0s);
    monitor.run_due(in(11s));
    monitor.forget("c");

    monitor.run_due(in(11s));
    EXPECT_EQ(killed.size(), 1U);
    EXPECT_TRUE(monitor.is_ours(started[0]));
    EXPECT_TRUE(monitor.finished(started[0], 0, 0, ""));
    EXPECT_THAT(reported, IsEmpty());
    EXPECT_FALSE(monitor.run_due(in(1h)));
}

// --- the engine ----------------------------------------------------------------------------------------------------

class Health : public EngineFixture {
protected:
    // A container whose health is what set_probe() of the simulated backend says, probed as often as is allowed.
    std::string run_checked(json more = json::object(), json labels = json::object()) {
        json healthcheck = {{"Test", {"CMD", "probe"}}, {"Interval", 1'000'000}, {"Retries", 2}};
        healthcheck.update(more);
        CreateContainer request;
        request.config = {{"Cmd", {"sleep"}}, {"Healthcheck", healthcheck}, {"Labels", labels}};
        auto created = engine->create_container(request);
        EXPECT_TRUE(created) << created.error().message();
        if (!created) return "";
        auto started = engine->start_container(created->id);
        EXPECT_TRUE(started) << started.error().message();
        return created->id;
    }
    // Returns once the event has come, counted from the beginning.
    void wait_for(const std::string& action, int times = 1) {
        auto subscription = engine->subscribe(0, 0, 1, {{"event", {action}}});
        for (int seen = 0; seen < times; ++seen) {
            const auto next = subscription->next(20s);
            ASSERT_TRUE(next && next->event) << "no " << action;
        }
    }
    HealthStatus health(const std::string& id) const { return record(id)->health.value().status; }
    std::vector<std::string> listed(const std::string& value) const {
        ListOptions list;
        list.all = true;
        list.filters = {{"health", {value}}};
        std::vector<std::string> ids;
        const auto records = engine->list_containers(list);
        EXPECT_TRUE(records);
        for (const RecordPtr& found : *records) ids.push_back(found->id);
        return ids;
    }
};

TEST_F(Health, GoesFromStartingToHealthyToUnhealthy) {
    sim->set_probe(std::nullopt);
    const std::string id = run_checked();
    EXPECT_EQ(health(id), HealthStatus::kStarting);
    EXPECT_THAT(listed("starting"), ElementsAre(id));
    const std::string probe = sim->wait_for_exec(id);
    const ExecParams params = sim->container(id).execs.at(probe).params;
    EXPECT_TRUE(params.ends_with_host);
    EXPECT_FALSE(params.client);
    EXPECT_EQ(params.capture_bytes, 4097U);

    sim->set_probe(0, "fine");
    sim->finish_exec(id, probe, 0, "fine");
    wait_for("health_status: healthy");
    EXPECT_EQ(health(id), HealthStatus::kHealthy);
    EXPECT_EQ(record(id)->health->log.at(0).output, "fine");
    EXPECT_THAT(listed("healthy"), ElementsAre(id));
    EXPECT_THAT(listed("none"), IsEmpty());

    sim->set_probe(1, "bad");
    wait_for("health_status: unhealthy");
    EXPECT_EQ(health(id), HealthStatus::kUnhealthy);
    EXPECT_THAT(record(id)->health->failing_streak, Ge(2));
    EXPECT_EQ(record(id)->health->log.back().output, "bad");
    EXPECT_THAT(engine->list_execs(id), IsEmpty()) << "nobody sees probes";

    ASSERT_TRUE(engine->kill_container(id, "KILL"));
    EXPECT_EQ(health(id), HealthStatus::kUnhealthy);
    EXPECT_THAT(sim->violations(), IsEmpty());
    EXPECT_EQ(sim->residue().execs, 0);
}

TEST_F(Health, AProbeThatCannotStartIsAFailure) {
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}},
                      {"Healthcheck", {{"Test", {"CMD", "missing"}}, {"Interval", 1'000'000}, {"Retries", 1}}}};
    const std::string id = engine->create_container(request)->id;
    ASSERT_TRUE(engine->start_container(id));

    wait_for("health_status: unhealthy");

    const HealthResult last = record(id)->health->log.back();
    EXPECT_EQ(last.exit_code, -1);
    EXPECT_THAT(last.output, HasSubstr("executable file not found"));
}

TEST_F(Health, AProbeThatHangsIsKilledAtItsTimeout) {
    sim->set_probe(std::nullopt);
    const std::string id = run_checked({{"Timeout", 1'000'000}, {"Retries", 1}});

    wait_for("health_status: unhealthy");

    const HealthResult first = record(id)->health->log.front();
    EXPECT_EQ(first.exit_code, -1);
    EXPECT_EQ(first.output, "Health check exceeded timeout (1ms)");
}

TEST_F(Health, IsNotCheckedWhilePaused) {
    sim->set_probe(0);
    const std::string id = run_checked();
    wait_for("health_status: healthy");

    ASSERT_TRUE(engine->pause_container(id));
    sim->set_probe(1);
    EXPECT_EQ(health(id), HealthStatus::kHealthy);
    EXPECT_EQ(sim->running_execs(id).size(), 0U);
    ASSERT_TRUE(engine->unpause_container(id));
    wait_for("health_status: unhealthy");
    EXPECT_THAT(sim->violations(), IsEmpty()) << "no probe starts in a paused container";
}

TEST_F(Health, GoesOnAfterARestartOfTheDaemon) {
    sim->set_probe(0);
    const std::string id = run_checked();
    wait_for("health_status: healthy");

    reopen();

    EXPECT_EQ(health(id), HealthStatus::kHealthy);
    sim->set_probe(1);
    wait_for("health_status: unhealthy");
}

TEST_F(Health, StartsOverWithEachStart) {
    sim->set_probe(1);
    const std::string id = run_checked();
    wait_for("health_status: unhealthy");
    ASSERT_TRUE(engine->kill_container(id, "KILL"));
    sim->set_probe(std::nullopt);

    ASSERT_TRUE(engine->start_container(id));

    EXPECT_EQ(health(id), HealthStatus::kStarting);
    EXPECT_EQ(record(id)->health->failing_streak, 0);
    EXPECT_THAT(record(id)->health->log, IsEmpty());
}

struct ActionCase {
    const char* action;
    const char* event;
};

class OnUnhealthy : public Health, public ::testing::WithParamInterface<ActionCase> {};

TEST_P(OnUnhealthy, DoesWhatTheLabelSays) {
    sim->set_probe(1);
    const std::string id = run_checked({{"Retries", 1}}, {{"io.slipway.on-unhealthy", GetParam().action}});

    wait_for(GetParam().event);

    const std::vector<std::string> events = events_of(id);
    EXPECT_NE(std::find(events.begin(), events.end(), "health_status: unhealthy"), events.end());
    sim->set_probe(0);
}

INSTANTIATE_TEST_SUITE_P(Actions, OnUnhealthy,
                         ::testing::Values(ActionCase{"restart", "restart"}, ActionCase{"stop", "stop"},
                                           ActionCase{"kill", "die"}),
                         [](const auto& tested) { return std::string(tested.param.action); });

// What somebody asks for while the engine restarts a container by itself is what counts.
TEST_F(Health, AContainerThatIsStoppedWhileItIsRestartedStaysStopped) {
    sim->set_probe(1);
    CreateContainer request;
    request.config = {{"Cmd", {"stubborn"}},
                      {"StopTimeout", 60},
                      {"Labels", {{"io.slipway.on-unhealthy", "restart"}}},
                      {"Healthcheck", {{"Test", {"CMD", "probe"}}, {"Interval", 1'000'000}, {"Retries", 1}}}};
    const std::string id = engine->create_container(request)->id;
    ASSERT_TRUE(engine->start_container(id));
    wait_for("kill");

    ASSERT_TRUE(engine->stop_container(id, std::nullopt, std::chrono::seconds(0)));

    wait_for("stop", 2);  // this one's, and the engine's own, which found it ended
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(record(id)->state, RunState::kExited);
    const std::vector<std::string> events = events_of(id);
    EXPECT_EQ(std::count(events.begin(), events.end(), "start"), 1);
}

TEST_F(Health, ALabelThatMeansNothingIsRefused) {
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}}, {"Labels", {{"io.slipway.on-unhealthy", "explode"}}}};

    const auto created = engine->create_container(request);

    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(created.error().message(), HasSubstr("it is restart, stop, kill or none"));
}

TEST_F(Health, ABackendWithoutExecRefusesIt) {
    close();
    sim.reset();
    sim_options.executes = false;
    open();
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}}, {"Healthcheck", {{"Test", {"CMD", "probe"}}}}};

    const auto created = engine->create_container(request);

    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(created.error().message(), HasSubstr("which health checks need"));
}

}  // namespace
}  // namespace slipway::test
