// Our own client, once through what a person does with it.
#include "client.hpp"

namespace slipway::testing {
namespace {

class SlipwayClient : public DockerClient {
protected:
    std::string slipway_ok(const std::vector<std::string>& arguments) const {
        const RunResult result = daemon->slipway(arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return trimmed(result.out);
    }
};

TEST_F(SlipwayClient, RunPassesOutputInputAndExitCode) {
    RunOptions options;
    options.input = "data\n";

    EXPECT_EQ(daemon->slipway({"run", "-i", "--rm", "box", "cat"}, options).out, "data\n");
    EXPECT_EQ(daemon->slipway({"run", "--rm", "box", "sh", "-c", "exit 42"}).exit_code, 42);
    EXPECT_EQ(daemon->slipway({"run", "--rm", "box", "nosuchcommand"}).exit_code, 127);
    EXPECT_EQ(daemon->slipway({"run", "--rm", "box", "/etc/passwd"}).exit_code, 126);
    EXPECT_EQ(daemon->slipway({"run", "--rm", "missing"}).exit_code, 125);
}

TEST_F(SlipwayClient, LivesOfAContainer) {
    slipway_ok({"run", "-d", "--name", "web", "-p", std::to_string(free_port()) + ":80", "box", "sh", "-c",
                "echo up; sleep 600"});

    EXPECT_THAT(slipway_ok({"ps"}), HasSubstr("web"));
    EXPECT_TRUE(eventually([&] { return slipway_ok({"logs", "web"}) == "up"; }));
    EXPECT_THAT(slipway_ok({"inspect", "web"}), HasSubstr("\"LastStart\""));
    slipway_ok({"stop", "-t", "0", "web"});
    EXPECT_EQ(slipway_ok({"wait", "web"}), "137");
    slipway_ok({"start", "web"});
    slipway_ok({"kill", "web"});
    slipway_ok({"rename", "web", "site"});
    slipway_ok({"rm", "-f", "site"});
    EXPECT_THAT(slipway_ok({"events", "--since", "seq:1", "--until", std::to_string(time(nullptr) + 1)}),
                HasSubstr("container destroy"));
    EXPECT_THAT(slipway_ok({"images"}), HasSubstr("box"));
    EXPECT_THAT(slipway_ok({"info"}), HasSubstr("Default backend: linux"));
    EXPECT_THAT(slipway_ok({"version"}), HasSubstr("API:     1.22 to 1.51"));
}

TEST_F(SlipwayClient, TraceDrawsThePhasesOfTheLastStart) {
    slipway_ok({"run", "--name", "traced", "box", "true"});

    const std::string text = slipway_ok({"trace", "traced"});

    for (const char* phase :
         {"verify", "mount_root", "create_sandbox", "attach_networks", "build_spec", "create", "start", "commit"}) {
        EXPECT_THAT(text, HasSubstr(phase));
    }
    EXPECT_THAT(text, HasSubstr("start succeeded"));
}

}  // namespace
}  // namespace slipway::testing
