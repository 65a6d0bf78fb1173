// Limits hold: seen from inside and by exceeding them.
#include "client.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class Limits : public DockerClient {
protected:
    // The first of the files that exists in the container: control groups v1 or v2.
    std::string group_file(const std::string& container, const std::string& v1, const std::string& v2) const {
        return docker_ok({"run", "--rm", "--memory", "64m", "--pids-limit", "50", "--cpus", "0.5", container, "sh",
                          "-c", "cat /sys/fs/cgroup/" + v1 + " 2>/dev/null || cat /sys/fs/cgroup/" + v2});
    }
};

TEST_F(Limits, AreSeenFromInside) {
    EXPECT_EQ(group_file("box", "memory/memory.limit_in_bytes", "memory.max"), "67108864");
    EXPECT_EQ(group_file("box", "pids/pids.max", "pids.max"), "50");
    EXPECT_THAT(group_file("box", "cpu/cpu.cfs_quota_us", "cpu.max"), StartsWith("50000"));
}

TEST_F(Limits, InfoNamesTheVersionOfControlGroups) {
    const bool v2 = run({"test", "-e", "/sys/fs/cgroup/cgroup.controllers"}).exit_code == 0;
    EXPECT_EQ(docker_ok({"info", "--format", "{{.CgroupVersion}} {{.MemoryLimit}} {{.PidsLimit}} {{.CPUShares}}"}),
              v2 ? "2 true true true" : "1 true true true");
}

TEST_F(Limits, MemoryBeyondTheLimitIsKilledAndReported) {
    const RunResult result = docker({"run", "--name", "hungry", "--memory", "16m", "box", "sh", "-c",
                                     "dd if=/dev/zero of=/dev/null bs=64M count=1"});

    EXPECT_EQ(result.exit_code, 137) << result.err;
    EXPECT_EQ(inspect("hungry", "{{.State.OOMKilled}}"), "true");
}

TEST_F(Limits, ProcessesBeyondTheLimitAreRefused) {
    const RunResult result = docker({"run", "--rm", "--pids-limit", "10", "box", "sh", "-c",
                                     "i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i+1)); done; wait"});

    EXPECT_THAT(result.err, HasSubstr("can't fork"));
}

TEST_F(Limits, ProcessorTimeIsHeldToTheShare) {
    // Half a processor for two seconds of wall time: about one second of processor time, never near two.
    const std::string text =
        docker_ok({"run", "--rm", "--cpus", "0.5", "box", "sh", "-c",
                   "timeout 2 sh -c 'while :; do :; done'; cat /sys/fs/cgroup/cpuacct/cpuacct.usage "
                   "2>/dev/null || grep usage_usec /sys/fs/cgroup/cpu.stat"});
    const std::string digits = text.substr(text.find_first_of("0123456789"));
    const double seconds = std::stod(digits) / (text.find("usec") == std::string::npos ? 1e9 : 1e6);

    EXPECT_LT(seconds, 1.5);
}

TEST_F(Limits, TooLittleMemoryIsRefusedWithDockersText) {
    const RunResult result = docker({"run", "--rm", "--memory", "1m", "box", "true"});

    EXPECT_EQ(result.exit_code, 125);
    EXPECT_THAT(result.err, HasSubstr("Minimum memory limit allowed is 6MB"));
    EXPECT_EQ(docker_ok({"ps", "-aq"}), "");
}

TEST_F(Limits, DefaultIsolationIsDockers) {
    const std::string text = docker_ok(
        {"run", "--rm", "box", "sh", "-c",
         "grep CapEff /proc/self/status; grep CapInh /proc/self/status; grep Seccomp: /proc/self/status; "
         "ls /proc/self/fd | wc -l; cat /proc/timer_list /proc/keys 2>/dev/null | wc -c; ls /sys/firmware | wc -l; "
         "touch /proc/sys/kernel/x 2>&1; echo $$; ulimit -n; umask"});

    EXPECT_THAT(text, HasSubstr("CapEff:\t00000000a80425fb"));
    EXPECT_THAT(text, HasSubstr("CapInh:\t0000000000000000"));
    EXPECT_THAT(text, HasSubstr("Seccomp:\t2"));
    EXPECT_THAT(text, HasSubstr("\n4\n"));  // 0, 1, 2 and the directory ls itself holds open
    EXPECT_THAT(text, HasSubstr("\n0\n0\n"));
    EXPECT_THAT(text, HasSubstr("\n1\n1024\n0022"));
}

}  // namespace
}  // namespace slipway::testing
