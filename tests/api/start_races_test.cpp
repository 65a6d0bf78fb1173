// Starts that meet each other, clients that leave in the middle, and starts that fail while somebody watches.
#include "client.hpp"

#include <support/raw_http.hpp>

#include <atomic>
#include <thread>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class SF : public DockerClient {
protected:
    HttpReply http(const std::string& method, const std::string& path, const std::string& body = "") const {
        return raw_http(daemon->socket(), method, path, body);
    }
    void create(const std::string& name, const std::string& command) const {
        const HttpReply made = http("POST", "/containers/create?name=" + name,
                                    R"({"Image":"box","Cmd":["sh","-c",")" + command + R"("]})");
        ASSERT_EQ(made.status, 201) << made.body;
    }
    int count_events(const std::string& name, const std::string& action) const {
        const std::string id = inspect(name, "{{.Id}}");
        const std::string lines =
            events_so_far({"--filter", "container=" + id, "--filter", "event=" + action, "--format", "{{.Action}}"});
        return lines.empty() ? 0 : 1 + static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
    }
};

TEST_F(SF, Sf05_SimultaneousStartsMakeOneProcess) {
    for (int round = 0; round < 10; ++round) {
        const std::string name = "c" + std::to_string(round);
        create(name, "sleep 600");
        std::atomic<int> fresh{0}, running{0}, other{0};
        std::vector<std::thread> starters;
        for (int i = 0; i < 8; ++i) {
            starters.emplace_back([&] {
                const int status = http("POST", "/containers/" + name + "/start").status;
                ++(status == 204 ? fresh : status == 304 ? running : other);
            });
        }
        for (std::thread& starter : starters) starter.join();

        EXPECT_EQ(fresh, 1);
        EXPECT_EQ(other, 0);
        EXPECT_EQ(count_events(name, "start"), 1);
    }
}

TEST_F(SF, Sf41_AClientThatLeavesMidStartLeavesARunningContainerOrNone) {
    const MachineState before = after_a_first_run();
    for (int i = 0; i < 24; ++i) {
        SCOPED_TRACE(i);
        create("left", "sleep 600");
        {
            RawRequest start(daemon->socket(), "POST", "/containers/left/start");
            std::this_thread::sleep_for(std::chrono::milliseconds(i * 2));  // a start takes some 40 ms
        }

        // Once begun it goes on; a request that was never read never begins.
        std::this_thread::sleep_for(20ms);
        EXPECT_TRUE(eventually([&] { return inspect("left", "{{.State.Slipway.Phase}}").empty(); }));
        const std::string status = inspect("left", "{{.State.Status}}");
        EXPECT_TRUE(status == "running" || status == "created") << status;
        EXPECT_EQ(inspect("left", "{{.State.Error}}"), "");
        EXPECT_EQ(inspect("left", "{{.State.Pid}}") == "0", status == "created");

        docker_ok({"rm", "-f", "left"});
    }
    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(SF, Sf55_AttachedBeforeAFailingStartReturnsAtOnce) {
    ASSERT_EQ(http("POST", "/containers/create?name=fails", R"({"Image":"box","Cmd":["/no/such/command"]})").status,
              201);
    RawRequest attach(daemon->socket(), "POST", "/containers/fails/attach?stream=1&stdout=1&stderr=1");
    std::this_thread::sleep_for(100ms);

    EXPECT_EQ(http("POST", "/containers/fails/start").status, 400);

    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(attach.read(10s).status, 200);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(SF, Sf40_AnUnregisteredLogDriverIsRefused) {
    const RunResult result = docker({"run", "--name", "unlogged", "--log-driver", "carrier-pigeon", "box", "true"});

    EXPECT_EQ(result.exit_code, 125);
    EXPECT_THAT(result.err, HasSubstr("logger: no log driver named 'carrier-pigeon' is registered"));
    EXPECT_EQ(http("GET", "/containers/unlogged/json").status, 404);
}

}  // namespace
}  // namespace slipway::testing
