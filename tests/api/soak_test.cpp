// Many short-lived containers at once. A few hundred here; scripts/soak runs ten thousand.
#include "client.hpp"

#include <support/raw_http.hpp>

#include <nlohmann/json.hpp>

#include <atomic>
#include <iostream>
#include <map>
#include <thread>

namespace slipway::testing {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

// Below 125, where docker's own codes begin.
int code_of(int run) {
    return run % 120;
}

class Soak : public DockerClient {};

// Every container: created, started, ended with its own code, removed; in this order and once each.
void check_events(const DaemonUnderTest& daemon, int runs) {
    const std::string until = std::to_string(time(nullptr) + 1);
    const std::string text =
        raw_http(daemon.socket(), "GET", "/events?since=1&until=" + until + "&filters={%22type%22:[%22container%22]}")
            .body;
    std::map<std::string, std::vector<std::string>> by_name;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const json event = json::parse(line, nullptr, false);
        if (!event.is_object()) continue;
        const json& attributes = event["Actor"]["Attributes"];
        std::string action = event["Action"];
        if (action == "attach" || action == "resize") continue;
        if (action == "die") action += " " + attributes.value("exitCode", "");
        by_name[attributes.value("name", "")].push_back(action);
    }
    for (int i = 0; i < runs; ++i) {
        const std::vector<std::string> expected = {"create", "start", "die " + std::to_string(code_of(i)), "destroy"};
        EXPECT_EQ(by_name["soak-" + std::to_string(i)], expected) << i;
        if (::testing::Test::HasFailure()) return;
    }
}

TEST_F(Soak, ShortLivedContainersKeepTheirCodesAndTheOrderOfEvents) {
    const int runs = static_cast<int>(number_from("SLIPWAY_SOAK_RUNS", 200));
    const int parallel = static_cast<int>(number_from("SLIPWAY_SOAK_PARALLEL", 32));
    const MachineState before = after_a_first_run();
    const auto begun = Clock::now();

    std::atomic<int> next{0}, wrong{0};
    std::vector<std::thread> users;
    for (int user = 0; user < parallel; ++user) {
        users.emplace_back([&] {
            for (int i = next++; i < runs; i = next++) {
                const std::string code = std::to_string(code_of(i));
                const RunResult result = docker({"run", "--rm", "--name", "soak-" + std::to_string(i), "box", "sh",
                                                 "-c", "echo " + code + "; exit " + code});
                const bool right = result.exit_code == code_of(i) && result.out == code + "\n";
                if (right) continue;
                if (++wrong < 5) ADD_FAILURE() << i << ": " << result.exit_code << " " << result.out << result.err;
            }
        });
    }
    for (std::thread& user : users) user.join();

    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    std::cout << "[ SOAK     ] " << runs << " runs, " << parallel << " at once: " << seconds << " s, " << runs / seconds
              << " a second, " << wrong << " wrong\n";
    EXPECT_EQ(wrong, 0);
    check_events(*daemon, runs);
    EXPECT_EQ(docker_ok({"ps", "-aq"}), "");
    EXPECT_EQ(daemon->leaks_since(before), "");
}

}  // namespace
}  // namespace slipway::testing
