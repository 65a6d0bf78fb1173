// Restart policies with real processes: SF-04 and SF-57 to SF-64 over HTTP.
#include "client.hpp"

#include <algorithm>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class RestartPolicies : public DockerClient {
protected:
    // Actions of one container's events so far, oldest first, joined by spaces.
    std::string actions(const std::string& container) const {
        std::string text = events_so_far(
            {"--filter", "container=" + container, "--filter", "type=container", "--format", "{{.Action}}"});
        std::replace(text.begin(), text.end(), '\n', ' ');
        return text;
    }
    std::string state(const std::string& container) const { return inspect(container, "{{.State.Status}}"); }
    int restarts(const std::string& container) const { return std::stoi(inspect(container, "{{.RestartCount}}")); }
    bool reaches(const std::string& container, const std::string& wanted) const {
        return eventually([&] { return state(container) == wanted; });
    }
    void kill_from_outside(const std::string& container) const {
        daemon->platform().kill_process(inspect(container, "{{.State.Pid}}"));
    }
    void restart_daemon() const {
        daemon->kill_daemon();
        daemon->start_daemon();
        ASSERT_EQ(daemon->problem(), "");
    }
};

TEST_F(RestartPolicies, Sf57_AnAlwaysContainerComesBackWithGrowingDelays) {
    docker_ok({"run", "-d", "--restart", "always", "--name", "one", "box", "sh", "-c", "echo run; exit 3"});
    ASSERT_TRUE(eventually([&] { return restarts("one") >= 4; }));
    docker_ok({"stop", "one"});
    // Deaths are at least 0.1, 0.2 and 0.4 s apart, less the allowed fifth. More is the machine's business.
    std::istringstream times(
        events_so_far({"--filter", "container=one", "--filter", "event=die", "--format", "{{.TimeNano}}"}));
    std::vector<int64_t> deaths;
    for (int64_t when = 0; times >> when;) deaths.push_back(when);
    ASSERT_GE(deaths.size(), 4U);
    for (size_t i = 0; i < 3; ++i) EXPECT_GE(deaths[i + 1] - deaths[i], (80'000'000LL << i)) << "delay " << i;
    EXPECT_THAT(actions("one"), StartsWith("create start die start die start die start die"));
    EXPECT_THAT(docker_ok({"logs", "one"}), StartsWith("run\nrun\nrun\nrun"));
}

TEST_F(RestartPolicies, Sf04_Sf60_BetweenTwoRunsStartIsNotModifiedAndStopIsFinal) {
    docker_ok({"run", "-d", "--restart", "always", "--name", "one", "box", "sh", "-c", "exit 3"});
    // The later the restart, the longer the pause: soon it is long enough to be met.
    ASSERT_TRUE(eventually([&] { return restarts("one") >= 4 && state("one") == "restarting"; }));
    const std::string due = inspect("one", "{{.State.Slipway.RestartAt}}");
    EXPECT_THAT(daemon->http("POST", "/v1.51/containers/one/start").out, HasSubstr("\n304"));
    EXPECT_THAT(docker_ok({"ps", "--format", "{{.Status}}"}), StartsWith("Restarting (3)"));
    if (state("one") == "restarting") {
        EXPECT_EQ(inspect("one", "{{.State.Slipway.RestartAt}}"), due);
    }

    docker_ok({"stop", "one"});

    EXPECT_EQ(state("one"), "exited");
    const std::string after = actions("one");
    EXPECT_EQ(after.substr(after.rfind(' ') + 1), "stop");
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(actions("one"), after) << "nothing comes back after a stop";
}

TEST_F(RestartPolicies, Sf58_ALongRunPutsTheDelayBack) {
    // Runs of the real 10 s; meanwhile nothing else is to be waited for.
    docker_ok({"run", "-d", "--restart", "always", "--name", "one", "box", "sh", "-c",
               "if [ -e /tmp/again ]; then exec sleep 600; fi; touch /tmp/again; sleep 10.2; exit 1"});
    ASSERT_TRUE(eventually([&] { return restarts("one") == 1 && state("one") == "running"; }, 20'000ms));
    std::istringstream times(events_so_far({"--filter", "container=one", "--format", "{{.Action}} {{.TimeNano}}"}));
    int64_t die = 0, start = 0, when = 0;
    for (std::string action; times >> action >> when;) (action == "die" ? die : start) = when;
    EXPECT_GE(start - die, 80'000'000);
    docker_ok({"rm", "-f", "one"});
}

TEST_F(RestartPolicies, Sf59_OnFailureGivesUpAfterItsRetries) {
    docker_ok({"run", "-d", "--restart", "on-failure:3", "--name", "bad", "box", "sh", "-c", "exit 1"});
    docker_ok({"run", "-d", "--restart", "on-failure:3", "--name", "good", "box", "true"});
    ASSERT_TRUE(eventually([&] { return restarts("bad") == 3 && state("bad") == "exited"; }));
    EXPECT_EQ(inspect("bad", "{{.State.ExitCode}}"), "1");
    EXPECT_TRUE(reaches("good", "exited"));
    EXPECT_EQ(restarts("good"), 0);
}

TEST_F(RestartPolicies, Sf61_StoppedStartedAndKilledFromOutsideItComesBack) {
    docker_ok({"run", "-d", "--restart", "always", "--name", "one", "box", "sleep", "600"});
    docker_ok({"stop", "-t", "0", "one"});
    EXPECT_EQ(state("one"), "exited");
    docker_ok({"start", "one"});

    kill_from_outside("one");

    EXPECT_TRUE(eventually([&] { return restarts("one") == 1 && state("one") == "running"; }));
}

TEST_F(RestartPolicies, Sf62_Sf63_WhatTheDaemonStartsWhenItIsBack) {
    docker_ok({"run", "-d", "--restart", "unless-stopped", "--name", "unless", "box", "sleep", "600"});
    docker_ok({"run", "-d", "--restart", "always", "--name", "always", "box", "sleep", "600"});
    docker_ok({"create", "--restart", "always", "--name", "never-ran", "box", "sleep", "600"});
    docker_ok({"run", "-d", "--restart", "always", "--name", "runs-on", "box", "sleep", "600"});
    docker_ok({"stop", "-t", "0", "unless", "always"});
    const std::string pid = inspect("runs-on", "{{.State.Pid}}");

    restart_daemon();

    EXPECT_TRUE(reaches("always", "running"));
    EXPECT_EQ(state("unless"), "exited");
    EXPECT_EQ(state("never-ran"), "created");
    EXPECT_EQ(inspect("runs-on", "{{.State.Pid}} {{.RestartCount}}"), pid + " 0");
}

TEST_F(RestartPolicies, WhatEndedWhileTheDaemonWasAwayComesBack) {
    docker_ok({"run", "-d", "--restart", "on-failure", "--name", "one", "box", "sh", "-c",
               "[ -e /tmp/again ] && exec sleep 600; touch /tmp/again; sleep 0.5; exit 9"});
    daemon->kill_daemon();
    std::this_thread::sleep_for(1s);
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");

    EXPECT_TRUE(reaches("one", "running"));
    EXPECT_THAT(actions("one"), HasSubstr("start die start"));
}

TEST_F(RestartPolicies, Sf64_ARelaunchThatFailsEndsExitedWithItsError) {
    const std::string source = daemon->root() + "/source";
    write_file(source, "here\n");
    docker_ok({"run", "-d", "--restart", "always", "--name", "one", "--mount", "type=bind,src=" + source + ",dst=/x",
               "box", "sleep", "600"});
    ASSERT_EQ(unlink(source.c_str()), 0);

    kill_from_outside("one");

    ASSERT_TRUE(reaches("one", "exited"));
    EXPECT_THAT(inspect("one", "{{.State.Error}}"), HasSubstr("source"));
    EXPECT_EQ(inspect("one", "{{.State.ExitCode}} {{.State.Restarting}}"), "137 false");
    write_file(source, "here again\n");
    docker_ok({"start", "one"});
    EXPECT_EQ(inspect("one", "{{.State.Status}} {{.State.Error}}"), "running");
}

TEST_F(RestartPolicies, MetricsAndTheStartEventTellOfPhases) {
    docker_ok({"run", "--rm", "box", "true"});
    EXPECT_NE(docker({"run", "--rm", "box", "not-there"}).exit_code, 0);
    const std::string metrics = daemon->http("GET", "/metrics").out;
    for (const char* line : {"# TYPE slipway_start_phase_seconds histogram", "slipway_starts_total 1\n",
                             "slipway_start_phase_seconds_bucket{phase=\"create\",le=\"+Inf\"} 2\n",
                             "slipway_start_failures_total{phase=\"", "slipway_start_seconds_count 2\n"}) {
        EXPECT_THAT(metrics, HasSubstr(line));
    }
    EXPECT_THAT(
        events_so_far({"--filter", "event=start", "--format", "{{index .Actor.Attributes \"slipway.phases\"}}"}),
        ::testing::MatchesRegex("verify=[0-9]+,.*create=[0-9]+,.*start=[0-9]+"));
}

}  // namespace
}  // namespace slipway::testing
