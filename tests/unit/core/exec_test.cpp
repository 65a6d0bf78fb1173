// Further processes in running containers: who may have one, its events, its end.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace slipway::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Exec : public EngineFixture {
protected:
    static ExecConfig command(std::vector<std::string> words) {
        ExecConfig config;
        config.command = std::move(words);
        config.attach_stdout = true;
        return config;
    }
    std::string create_exec(const std::string& container, std::vector<std::string> words) {
        auto id = engine->create_exec(container, command(std::move(words)));
        EXPECT_TRUE(id) << id.error().message();
        return id ? *id : "";
    }
    Status start_detached(const std::string& id) {
        StartExec request;
        request.detach = true;
        return engine->start_exec(id, request);
    }
    // Waits for the exec_die of any exec so far, by the event stream.
    Event wait_for_die() {
        auto subscription = engine->subscribe(0, 0, 1, {{"event", {"exec_die"}}});
        for (;;) {
            auto next = subscription->next(std::chrono::seconds(20));
            if (!next || !next->event) break;
            return *next->event;
        }
        ADD_FAILURE() << "no exec_die";
        return {};
    }
    std::vector<std::string> exec_events(const std::string& id) const {
        std::vector<std::string> events = events_of(id);
        std::erase_if(events, [](const std::string& action) { return !action.starts_with("exec_"); });
        return events;
    }
    static void expect_error(const Status& status, ErrorCode code, const std::string& text) {
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code(), code);
        EXPECT_EQ(status.error().message(), text);
    }
};

TEST_F(Exec, RunsAndTellsOfItsEnd) {
    const std::string id = create_started({"sleep"}, {}, "web");
    const std::string exec = create_exec("web", {"exit", "42"});

    ASSERT_TRUE(start_detached(exec));

    const Event die = wait_for_die();
    EXPECT_EQ(die.actor_id, id);
    EXPECT_EQ(die.attributes.at("execID"), exec);
    EXPECT_EQ(die.attributes.at("exitCode"), "42");
    EXPECT_EQ(die.attributes.at("name"), "web");
    const auto info = engine->find_exec(exec);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->state, ExecState::kExited);
    EXPECT_EQ(info->exit_code, 42);
    EXPECT_EQ(info->container_id, id);
    EXPECT_THAT(exec_events(id), ElementsAre("exec_create: exit 42", "exec_start: exit 42", "exec_die"));
    EXPECT_EQ(record(id)->state, RunState::kRunning);
    EXPECT_THAT(sim->violations(), IsEmpty());
}

TEST_F(Exec, GetsTheContainersConfigurationUnlessItHasItsOwn) {
    CreateContainer request;
    request.config = {
        {"Cmd", {"sleep"}}, {"Env", {"A=1", "B=2"}}, {"User", "daemon"}, {"WorkingDir", "/srv"}, {"Tty", true}};
    auto created = engine->create_container(request);
    ASSERT_TRUE(created) << created.error().message();
    ASSERT_TRUE(engine->start_container(created->id));
    ExecConfig plain = command({"sleep", "1"});
    ExecConfig own = command({"sleep", "2"});
    own.env = {"B=3"};
    own.user = "0:0";
    own.working_dir = "/tmp";
    own.tty = true;
    own.rows = 40;
    own.cols = 100;
    const std::string first = *engine->create_exec(created->id, plain);
    const std::string second = *engine->create_exec(created->id, own);

    ASSERT_TRUE(start_detached(first));
    ASSERT_TRUE(start_detached(second));

    const auto execs = sim->container(created->id).execs;
    const ExecParams& one = execs.at(first).params;
    EXPECT_EQ(one.process.at("Path"), "sleep");
    EXPECT_EQ(one.process.at("Args"), nlohmann::json({"1"}));
    EXPECT_EQ(one.process.at("Env"), nlohmann::json({"A=1", "B=2"}));
    EXPECT_EQ(one.process.at("Config").at("User"), "daemon");
    EXPECT_EQ(one.process.at("Config").at("WorkingDir"), "/srv");
    EXPECT_EQ(one.process.at("Config").at("Tty"), false) << "the terminal is the container's, not the exec's";
    EXPECT_FALSE(one.tty);
    EXPECT_FALSE(one.client);
    EXPECT_FALSE(one.ends_with_host);
    const ExecParams& two = execs.at(second).params;
    EXPECT_EQ(two.process.at("Env"), nlohmann::json({"A=1", "B=2", "B=3"})) << "the later wins";
    EXPECT_EQ(two.process.at("Config").at("User"), "0:0");
    EXPECT_EQ(two.process.at("Config").at("WorkingDir"), "/tmp");
    EXPECT_TRUE(two.tty);
    EXPECT_EQ(two.tty_rows, 40);
    EXPECT_EQ(two.tty_cols, 100);
    ASSERT_TRUE(engine->resize_exec(second, 50, 120));
    EXPECT_EQ(sim->container(created->id).execs.at(second).rows, 50);
    EXPECT_THAT(engine->list_execs(created->id), ::testing::UnorderedElementsAre(first, second));
}

TEST_F(Exec, APrivilegedOneSaysSoToTheBackendAlone) {
    const std::string container = create_started({"sleep"});
    ExecConfig config = command({"sleep"});
    config.privileged = true;
    auto exec = engine->create_exec(container, config);
    ASSERT_TRUE(exec) << exec.error().message();
    ASSERT_TRUE(start_detached(*exec));

    EXPECT_EQ(sim->container(container).execs.at(*exec).params.process.at("HostConfig").at("Privileged"), true);
    EXPECT_EQ(record(container)->host_config.at("Privileged"), false);
}

TEST_F(Exec, NeedsACommandAndAContainerThatRuns) {
    const std::string created = create({"sleep"});
    const std::string paused = create_started({"sleep"}, {}, "held");
    ASSERT_TRUE(engine->pause_container(paused));
    const auto refusal = [&](const std::string& container, std::vector<std::string> words) -> Status {
        auto id = engine->create_exec(container, command(std::move(words)));
        return id ? Status(ok()) : Status(std::move(id).error());
    };

    expect_error(refusal(paused, {}), ErrorCode::kInvalidArgument, "No exec command specified");
    expect_error(refusal("nope", {"true"}), ErrorCode::kNotFound, "No such container: nope");
    expect_error(refusal(created, {"true"}), ErrorCode::kConflict, "container " + created + " is not running");
    expect_error(refusal("held", {"true"}), ErrorCode::kConflict,
                 "container held is paused, unpause the container before exec");
}

TEST_F(Exec, OfAPausedContainerDoesNotStart) {
    const std::string id = create_started({"sleep"}, {}, "web");
    const std::string exec = create_exec(id, {"exit", "0"});
    ASSERT_TRUE(engine->pause_container(id));

    expect_error(start_detached(exec), ErrorCode::kConflict,
                 "container " + id + " is paused, unpause the container before exec");

    ASSERT_TRUE(engine->unpause_container(id));
    EXPECT_TRUE(start_detached(exec)) << "it was not used up";
}

TEST_F(Exec, StartsOnce) {
    const std::string id = create_started({"sleep"});
    const std::string exec = create_exec(id, {"sleep"});
    ASSERT_TRUE(start_detached(exec));

    expect_error(start_detached(exec), ErrorCode::kConflict, "exec command " + exec + " is already running");
    sim->finish_exec(id, exec, 0);
    (void)wait_for_die();
    expect_error(start_detached(exec), ErrorCode::kConflict, "exec command " + exec + " has already run");
}

struct FailingCommand {
    const char* command;
    int32_t exit_code;
    ErrorCode code;
};

TEST_F(Exec, ThatCannotRunSaysWhyAndLeavesItsExitCode) {
    const std::string id = create_started({"sleep"});
    for (const FailingCommand& failing : {FailingCommand{"missing", 127, ErrorCode::kExecNotFound},
                                          FailingCommand{"denied", 126, ErrorCode::kExecDenied}}) {
        const std::string exec = create_exec(id, {failing.command});

        const Status started = start_detached(exec);

        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code(), failing.code);
        EXPECT_THAT(started.error().message(),
                    HasSubstr("OCI runtime exec failed: exec failed: unable to start container process: exec: \"" +
                              std::string(failing.command) + "\""));
        const auto info = engine->find_exec(exec);
        ASSERT_TRUE(info);
        EXPECT_EQ(info->state, ExecState::kExited);
        EXPECT_EQ(info->exit_code, failing.exit_code);
    }
    EXPECT_EQ(sim->residue().execs, 0);
}

TEST_F(SF, Sf56_ExecsOfAnEndedContainerAreForgotten) {
    const std::string id = create_started({"sleep"});
    ExecConfig config;
    config.command = {"sleep"};
    const std::string running = *engine->create_exec(id, config);
    const std::string created = *engine->create_exec(id, config);
    StartExec detached;
    detached.detach = true;
    ASSERT_TRUE(engine->start_exec(running, detached));
    EXPECT_EQ(engine->list_execs(id).size(), 2U);

    ASSERT_TRUE(engine->kill_container(id, "KILL"));

    for (const std::string& exec : {running, created}) {
        const auto found = engine->find_exec(exec);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code(), ErrorCode::kNotFound);
        EXPECT_EQ(found.error().message(), "No such exec instance: " + exec);
        const Status started = engine->start_exec(exec, detached);
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code(), ErrorCode::kNotFound);
    }
    EXPECT_THAT(engine->list_execs(id), IsEmpty());
    expect_no_residue();
}

TEST_F(Exec, ABackendWithoutTheExtensionIsNamed) {
    close();
    sim.reset();
    sim_options.executes = false;
    open();
    const std::string id = create_started({"sleep"});

    const auto exec = engine->create_exec(id, command({"true"}));

    ASSERT_FALSE(exec);
    EXPECT_EQ(exec.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(exec.error().message(), HasSubstr("backend 'sim' does not support"));
}

TEST_F(Exec, EveryFailingCallLeavesTheContainerWell) {
    with_faults = true;
    reopen();
    const std::string id = create_started({"sleep"});
    faulty->plan().fail_always("exec_start");
    const std::string exec = create_exec(id, {"exit", "0"});

    const Status started = start_detached(exec);

    ASSERT_FALSE(started);
    EXPECT_EQ(engine->find_exec(exec)->exit_code, 126);
    faulty->plan().clear();
    EXPECT_TRUE(start_detached(create_exec(id, {"exit", "0"})));
    ASSERT_TRUE(engine->stop_container(id, std::nullopt, std::chrono::seconds(60)));
    expect_no_residue();
}

}  // namespace
}  // namespace slipway::test
