// Every signal reaches the container, by number and by each of its names.
#include "client.hpp"

#include <support/raw_http.hpp>

#include <csignal>
#include <set>
#include <utility>

namespace slipway::testing {
namespace {

const std::vector<std::pair<std::string, int>> kNames = {
    {"HUP", 1},     {"INT", 2},    {"QUIT", 3},     {"ILL", 4},       {"TRAP", 5},      {"ABRT", 6},    {"BUS", 7},
    {"FPE", 8},     {"USR1", 10},  {"SEGV", 11},    {"USR2", 12},     {"PIPE", 13},     {"ALRM", 14},   {"TERM", 15},
    {"STKFLT", 16}, {"CONT", 18},  {"TSTP", 20},    {"TTIN", 21},     {"TTOU", 22},     {"URG", 23},    {"XCPU", 24},
    {"XFSZ", 25},   {"PROF", 27},  {"WINCH", 28},   {"IO", 29},       {"PWR", 30},      {"SYS", 31},    {"VTALRM", 26},
    {"RTMIN", 34},  {"RTMAX", 64}, {"RTMIN+1", 35}, {"RTMIN+15", 49}, {"RTMAX-14", 50}, {"RTMAX-1", 63}};

class Signals : public DockerClient {
protected:
    // A container that tells of each signal it gets.
    void run_listener(const std::string& name) const {
        docker_ok({"run", "-d", "--name", name, "box", "sh", "-c",
                   "for i in 1 2 3 4 5 6 7 8 10 11 12 13 14 15 16 18 20 21 22 23 24 25 26 27 28 29 30 31 $(seq 34 64); "
                   "do trap \"echo got $i.\" $i; done; echo ready; while :; do sleep 1000 & wait $!; done"});
        EXPECT_TRUE(eventually([&] { return docker_ok({"logs", name}).find("ready") != std::string::npos; }));
    }
    int kill(const std::string& name, std::string signal) const {
        if (const size_t plus = signal.find('+'); plus != std::string::npos) signal.replace(plus, 1, "%2B");
        return raw_http(daemon->socket(), "POST", "/v1.43/containers/" + name + "/kill?signal=" + signal).status;
    }
    std::set<int> missing(const std::string& name, std::set<int> wanted) const {
        const auto has_all = [&] {
            const std::string log = docker_ok({"logs", name});
            std::erase_if(wanted, [&](int number) {
                return log.find("got " + std::to_string(number) + ".") != std::string::npos;
            });
            return wanted.empty();
        };
        eventually(has_all);
        return wanted;
    }
};

TEST_F(Signals, ArriveByNumber) {
    run_listener("listener");
    std::set<int> sent;
    for (int number = 1; number <= 64; ++number) {
        if (number == 9 || number == 17 || number == 19 || number == 32 || number == 33) continue;
        EXPECT_EQ(kill("listener", std::to_string(number)), 204) << number;
        sent.insert(number);
        // A stop signal takes a SIGCONT away that is not handled yet: the kernel's rule.
        if (number == SIGCONT) {
            EXPECT_EQ(missing("listener", {number}), std::set<int>());
        }
    }

    EXPECT_EQ(missing("listener", sent), std::set<int>());
    EXPECT_EQ(inspect("listener", "{{.State.Running}}"), "true");
}

TEST_F(Signals, ArriveByName) {
    run_listener("listener");
    std::set<int> sent;
    bool with_prefix = false;
    for (const auto& [name, number] : kNames) {
        with_prefix = !with_prefix;
        EXPECT_EQ(kill("listener", (with_prefix ? "SIG" : "") + name), 204) << name;
        sent.insert(number);
        // A stop signal takes a SIGCONT away that is not handled yet: the kernel's rule.
        if (number == SIGCONT) {
            EXPECT_EQ(missing("listener", {number}), std::set<int>());
        }
    }

    EXPECT_EQ(missing("listener", sent), std::set<int>());
    docker_ok({"kill", "-s", "KILL", "listener"});
    EXPECT_EQ(docker_ok({"wait", "listener"}), "137");
}

TEST_F(Signals, ThatDoNotExistAreRefused) {
    run_listener("listener");

    for (const char* unknown : {"0", "65", "-1", "SIGNOPE", "RTMIN+31", "RTMAX-31", "9x"}) {
        EXPECT_EQ(kill("listener", unknown), 400) << unknown;
    }
}

}  // namespace
}  // namespace slipway::testing
