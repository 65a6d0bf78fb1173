// Statistics and process lists of real containers.
#include "client.hpp"

#include <support/raw_http.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Not;

class Observe : public DockerClient {
protected:
    nlohmann::json stats(const std::string& name, const std::string& query = "?stream=false") const {
        const HttpReply reply = raw_http(daemon->socket(), "GET", "/v1.43/containers/" + name + "/stats" + query);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return nlohmann::json::parse(reply.body, nullptr, false);
    }
    nlohmann::json top(const std::string& name, const std::string& arguments) const {
        const HttpReply reply =
            raw_http(daemon->socket(), "GET", "/v1.43/containers/" + name + "/top?ps_args=" + arguments);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return nlohmann::json::parse(reply.body, nullptr, false);
    }
    // A number from a file of the container's group, wherever this machine has it.
    uint64_t group_number(const std::string& id, const std::string& v1, const std::string& v2) const {
        const std::string inner = "/" + daemon->cgroup_parent();
        for (const std::string& place :
             {"/sys/fs/cgroup/" + v1.substr(0, v1.find('.')) + inner, "/sys/fs/cgroup" + inner}) {
            std::error_code none;
            for (const auto& instance : std::filesystem::directory_iterator(place, none)) {
                std::ifstream old_file(instance.path() / id / v1), new_file(instance.path() / id / v2);
                uint64_t number = 0;
                if (old_file >> number || new_file >> number) return number;
            }
        }
        ADD_FAILURE() << "no file " << v1 << " of " << id;
        return 0;
    }
};

TEST_F(Observe, StatisticsAreWhatTheControlGroupsSay) {
    docker_ok({"run", "-d", "--name", "busy", "-m", "64m", "--pids-limit", "50", "box", "sh", "-c",
               "sleep 1000 & while :; do :; done"});
    const std::string id = inspect("busy", "{{.Id}}");

    const auto sample = stats("busy");

    EXPECT_EQ(sample["id"], id);
    EXPECT_EQ(sample["name"], "/busy");
    EXPECT_EQ(sample["memory_stats"]["limit"], 64 << 20);
    const auto usage = sample["memory_stats"]["usage"].get<uint64_t>();
    const uint64_t now = group_number(id, "memory.usage_in_bytes", "memory.current");
    EXPECT_LT(usage > now ? usage - now : now - usage, 1U << 20);
    EXPECT_FALSE(sample["memory_stats"]["stats"].empty());
    EXPECT_EQ(sample["pids_stats"]["current"], 2);
    EXPECT_EQ(sample["pids_stats"]["limit"], 50);
    EXPECT_GT(sample["cpu_stats"]["online_cpus"], 0);
    const auto spent = [&](const char* which) { return sample[which]["cpu_usage"]["total_usage"].get<uint64_t>(); };
    const auto system = [&](const char* which) { return sample[which]["system_cpu_usage"].get<uint64_t>(); };
    EXPECT_GT(spent("cpu_stats"), spent("precpu_stats"));
    EXPECT_LT(spent("cpu_stats") - spent("precpu_stats"), 1'500'000'000U) << "one process, a second apart";
    EXPECT_GT(system("cpu_stats"), system("precpu_stats"));
    EXPECT_TRUE(sample["blkio_stats"].contains("io_service_bytes_recursive"));
}

TEST_F(Observe, NetworksAreThoseOfTheContainer) {
    docker_ok({"run", "-d", "--name", "bridged", "box", "sleep", "1000"});
    docker_ok({"run", "-d", "--name", "guest", "--network", "container:bridged", "box", "sleep", "1000"});
    docker_ok({"run", "-d", "--name", "alone", "--network", "none", "box", "sleep", "1000"});
    docker_ok({"run", "-d", "--name", "hosted", "--network", "host", "box", "sleep", "1000"});

    const auto bridged = stats("bridged", "?stream=false&one-shot=true");

    ASSERT_TRUE(bridged.contains("networks")) << bridged;
    EXPECT_EQ(bridged["networks"].size(), 1U);
    EXPECT_TRUE(bridged["networks"].contains("eth0"));
    EXPECT_EQ(bridged["preread"], "0001-01-01T00:00:00Z");
    const std::string seen_inside = docker_ok({"exec", "bridged", "cat", "/sys/class/net/eth0/statistics/rx_bytes"});
    EXPECT_LE(bridged["networks"]["eth0"]["rx_bytes"].get<uint64_t>(), std::stoull(seen_inside));
    EXPECT_TRUE(stats("guest", "?stream=false&one-shot=true")["networks"].contains("eth0"));
    EXPECT_FALSE(stats("alone", "?stream=false&one-shot=true").contains("networks"));
    EXPECT_FALSE(stats("hosted", "?stream=false&one-shot=true").contains("networks"));
}

TEST_F(Observe, TheDockerClientShowsStatistics) {
    docker_ok({"run", "-d", "--name", "busy", "-m", "64m", "box", "sh", "-c", "while :; do :; done"});
    docker_ok({"create", "--name", "idle", "box", "true"});

    const std::string shown =
        docker_ok({"stats", "--no-stream", "--format", "{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}", "busy"});

    EXPECT_THAT(shown, ::testing::MatchesRegex("busy [0-9]+\\.[0-9]+% .*/ 64MiB 1"));
    EXPECT_THAT(shown, Not(HasSubstr(" 0.00%")));
    EXPECT_THAT(docker_ok({"stats", "--no-stream", "idle"}), HasSubstr("0B / 0B"));
    const RunResult own = daemon->slipway({"stats", "busy"});
    EXPECT_EQ(own.exit_code, 0) << own.err;
    EXPECT_THAT(own.out, HasSubstr("busy"));
}

TEST_F(Observe, AStreamEndsWithTheContainer) {
    docker_ok({"run", "-d", "--name", "short", "box", "sleep", "1000"});
    RawRequest stream(daemon->socket(), "GET", "/v1.43/containers/short/stats");
    std::this_thread::sleep_for(1500ms);

    docker_ok({"rm", "-f", "short"});
    const HttpReply reply = stream.read(5s);

    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, HasSubstr("\"name\":\"/short\""));
}

TEST_F(Observe, TopListsTheProcessesOfAContainerAsTheHostSeesThem) {
    docker_ok({"run", "-d", "--name", "pair", "box", "sh", "-c", "sleep 1001 & exec sleep 1002"});
    const std::string pid = inspect("pair", "{{.State.Pid}}");
    EXPECT_TRUE(eventually([&] { return top("pair", "")["Processes"].size() == 2; }));

    EXPECT_THAT(docker_ok({"top", "pair"}),
                ::testing::MatchesRegex("UID +PID +PPID +C +STIME +TTY +TIME +CMD\n(.|\n)*"));
    EXPECT_THAT(docker_ok({"top", "pair", "-o", "pid,comm"}),
                ::testing::MatchesRegex("PID +COMMAND\n" + pid + " +sleep\n[0-9]+ +sleep"));
    EXPECT_THAT(docker_ok({"top", "pair", "aux"}), HasSubstr("%CPU"));
    docker_ok({"pause", "pair"});
    const auto paused = top("pair", "-eo%20pid,args");
    docker_ok({"unpause", "pair"});
    EXPECT_EQ(paused["Processes"][0], nlohmann::json::array({pid, "sleep 1002"}));
    EXPECT_EQ(paused["Processes"][1][1], "sleep 1001");
    const RunResult own = daemon->slipway({"top", "pair", "-o", "pid,comm"});
    EXPECT_THAT(own.out, HasSubstr(pid + "   sleep")) << own.err;
    docker_ok({"kill", "pair"});
    EXPECT_THAT(docker({"top", "pair"}).err, HasSubstr("is not running"));
}

TEST_F(Observe, TopCountsAThousandProcesses) {
    docker_ok({"run", "-d", "--name", "crowd", "box", "sh", "-c",
               "i=0; while [ $i -lt 1000 ]; do sleep 1000 & i=$((i+1)); done; wait"});

    EXPECT_TRUE(eventually([&] { return top("crowd", "aux")["Processes"].size() == 1001; }, 60s));
}

// A program of the image named like the ones engines have run for this (CVE-2022-1227) leaves a mark.
TEST_F(Observe, S57_TopRunsNothingOfTheImage) {
    docker_ok({"run", "-d", "--name", "trap", "box", "sh", "-c",
               "mkdir -p /usr/bin /sbin /usr/sbin; for d in /bin /usr/bin /sbin /usr/sbin; do for p in ps nsenter; do "
               "rm -f $d/$p; printf '#!/bin/sh\\ntouch /marked\\n' > $d/$p; chmod 755 $d/$p; done; done; "
               "touch /ready; exec sleep 1000"});
    EXPECT_TRUE(eventually([&] { return docker({"exec", "trap", "test", "-e", "/ready"}).exit_code == 0; }));

    for (const char* arguments : {"-ef", "aux", "-o pid,args,wchan,cgroup"}) {
        EXPECT_THAT(docker_ok({"top", "trap", arguments}), HasSubstr("PID"));
    }
    for (const char* odd : {"-ef;touch /marked", "$(touch /marked)", "-o pid,x=`touch`|nosuch -Z", "--pid=1", "-q 1",
                            "--info", "-C sh", "/bin/ps"}) {
        const RunResult refused = docker({"top", "trap", odd});
        EXPECT_NE(refused.exit_code, 0) << odd;
        EXPECT_THAT(refused.err, HasSubstr("is not supported")) << odd;
    }

    EXPECT_NE(docker({"exec", "trap", "test", "-e", "/marked"}).exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists("/marked"));
    EXPECT_EQ(inspect("trap", "{{.State.Status}}"), "running");
}

}  // namespace
}  // namespace slipway::testing
