// Verification over HTTP: a sample of the rows on create, update and start, and what the kernel then really does.
#include "http_json.hpp"

#include <filesystem>

namespace slipway::testing {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class Verification : public HttpClient {
protected:
    // The control file of a running container; `v2` is its name there.
    std::string control(const std::string& name, const std::string& v1, const std::string& v2) const {
        const std::string id = document(name)["Id"];
        const size_t slash = v1.find('/');
        const std::string top = is_v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + v1.substr(0, slash);
        const std::string file = is_v2() ? v2 : v1.substr(slash + 1);
        for (const auto& root : fs::recursive_directory_iterator(top, fs::directory_options::skip_permission_denied)) {
            if (root.path().filename() == id) return trimmed(read_file((root.path() / file).string()));
        }
        return "no group";
    }
    static bool is_v2() { return fs::exists("/sys/fs/cgroup/cgroup.controllers"); }
    ApiReply create_with(const std::string& name, const json& host_config) const {
        const json body = {{"Image", "box"}, {"Cmd", {"sleep", "600"}}, {"HostConfig", host_config}};
        return request("POST", "/containers/create?name=" + name, body.dump());
    }
    ApiReply update(const std::string& name, const json& limits) const {
        return request("POST", "/containers/" + name + "/update", limits.dump());
    }
};

TEST_F(Verification, WarningsComeWithCreate) {
    const ApiReply made = create_with("c1", {{"CpuPercent", 20},
                                             {"NetworkMode", "host"},
                                             {"PortBindings", {{"80/tcp", {{{"HostPort", "80"}}}}}},
                                             {"OomKillDisable", true}});
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string warnings = made.json()["Warnings"].dump();
    EXPECT_THAT(warnings, HasSubstr("linux does not support CPU percent. Percent discarded."));
    EXPECT_THAT(warnings, HasSubstr("Published ports are discarded when using host network mode"));
    EXPECT_THAT(warnings, ::testing::AnyOf(HasSubstr("OOM killer is disabled for the container, but no memory limit"),
                                           HasSubstr("OomKillDisable discarded")));
    EXPECT_EQ(document("c1")["HostConfig"]["CpuPercent"], 0) << "discarded in the record";
}

TEST_F(Verification, AdaptsOnceAndForAll) {
    ASSERT_EQ(create_with("c1", {{"Memory", 67108864}, {"PidMode", "host"}}).status, 201);
    const json host = document("c1")["HostConfig"];
    EXPECT_EQ(host["MemorySwap"], 134217728);
    EXPECT_EQ(host["ShmSize"], 67108864);
    EXPECT_EQ(host["IpcMode"], "private");
    EXPECT_EQ(host["SecurityOpt"], json({"label=disable"}));
    docker_ok({"start", "c1"});
    EXPECT_EQ(document("c1")["HostConfig"], host);
}

TEST_F(Verification, LimitsReachTheKernel) {
    const ApiReply made = create_with(
        "c1", {{"Memory", 67108864}, {"MemorySwappiness", 10}, {"OomKillDisable", true}, {"CpuShares", 512}});
    ASSERT_EQ(made.status, 201) << made.body;
    docker_ok({"start", "c1"});
    if (!fs::exists("/sys/fs/cgroup/memory/memory.swappiness")) {  // version 2 has neither, and says so
        EXPECT_THAT(made.body, HasSubstr("Memory swappiness discarded."));
        EXPECT_THAT(made.body, HasSubstr("OomKillDisable discarded."));
        EXPECT_EQ(control("c1", "", "memory.max"), "67108864");
        EXPECT_EQ(control("c1", "", "memory.swap.max"), "67108864");
        EXPECT_EQ(control("c1", "", "cpu.weight"), "20");
        return;
    }
    EXPECT_EQ(control("c1", "memory/memory.swappiness", ""), "10");
    EXPECT_THAT(control("c1", "memory/memory.oom_control", ""), HasSubstr("oom_kill_disable 1"));
    EXPECT_EQ(control("c1", "cpu/cpu.shares", ""), "512");
}

TEST_F(Verification, BlockIoLimitsAreSetOrDiscardedWithAWarning) {
    // Any disk of this machine will do; nothing is written to it.
    std::string disk;
    for (const auto& entry : fs::directory_iterator("/sys/block")) {
        const std::string path = "/dev/" + entry.path().filename().string();
        // A real disk rather than a loop device, which may have nothing behind it.
        const bool is_better = disk.empty() || fs::exists(entry.path() / "device");
        if (fs::is_block_file(path) && is_better) disk = path;
    }
    ASSERT_FALSE(disk.empty()) << "this test needs a block device";
    const ApiReply made =
        create_with("c1", {{"BlkioWeight", 500}, {"BlkioDeviceReadBps", {{{"Path", disk}, {"Rate", 1048576}}}}});
    ASSERT_EQ(made.status, 201) << made.body;
    docker_ok({"start", "c1"});
    if (made.json()["Warnings"].empty()) {
        EXPECT_THAT(control("c1", "blkio/blkio.throttle.read_bps_device", "io.max"),
                    ::testing::AnyOf(HasSubstr(" 1048576"), HasSubstr("rbps=1048576")));
        EXPECT_THAT(control("c1", "blkio/blkio.bfq.weight", "io.weight"), ::testing::AnyOf("500", "", "default 4950"));
    } else {
        EXPECT_THAT(made.body, HasSubstr("discarded"));
    }
}

TEST_F(Verification, DevicesAreThereAndMayBeUsed) {
    EXPECT_EQ(docker_ok({"run", "--rm", "--device", "/dev/null:/dev/hole:rw", "box", "sh", "-c",
                         "echo x > /dev/hole && stat -c %t:%T /dev/hole"}),
              "1:3");
}

TEST_F(Verification, ASeccompProfileOfTheUsersIsApplied) {
    const std::string profile = daemon->root() + "/profile.json";
    write_file(profile, R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],)"
                        R"("action":"SCMP_ACT_ERRNO"}]})");
    const RunResult result = docker({"run", "--rm", "--security-opt", "seccomp=" + profile, "box", "mkdir", "/tmp/x"});
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, HasSubstr("Operation not permitted"));
}

TEST_F(Verification, UpdateChangesARunningContainer) {
    ASSERT_EQ(create_with("c1", {{"Memory", 67108864}}).status, 201);
    docker_ok({"start", "c1"});
    // Both ways past the present limits.
    for (const int64_t memory : {int64_t{256} << 20, int64_t{32} << 20}) {
        const ApiReply reply = update("c1", {{"Memory", memory}, {"MemorySwap", 2 * memory}, {"PidsLimit", 77}});
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_THAT(reply.json()["Warnings"], IsEmpty());
        EXPECT_EQ(control("c1", "memory/memory.limit_in_bytes", "memory.max"), std::to_string(memory));
        EXPECT_EQ(control("c1", "pids/pids.max", "pids.max"), "77");
        EXPECT_EQ(document("c1")["HostConfig"]["Memory"], memory);
    }
    EXPECT_EQ(update("c1", {{"PidsLimit", -1}, {"CpuShares", 300}}).status, 200);
    EXPECT_EQ(control("c1", "pids/pids.max", "pids.max"), "max");
    docker_ok({"update", "--cpus", "0.5", "--restart", "on-failure:2", "c1"});
    EXPECT_EQ(document("c1")["HostConfig"]["NanoCpus"], 500000000);
    EXPECT_EQ(document("c1")["HostConfig"]["RestartPolicy"]["Name"], "on-failure");
    EXPECT_THAT(actions_of("c1"), ::testing::Contains("update"));
}

TEST_F(Verification, UpdateOfTheQuotaKeepsThePeriod) {
    ASSERT_EQ(create_with("c1", {{"CpuPeriod", 50000}, {"CpuQuota", 20000}}).status, 201);
    docker_ok({"start", "c1"});
    EXPECT_EQ(update("c1", {{"CpuQuota", 25000}}).status, 200);
    if (is_v2()) {
        EXPECT_EQ(control("c1", "", "cpu.max"), "25000 50000");
    } else {
        EXPECT_EQ(control("c1", "cpu/cpu.cfs_quota_us", ""), "25000");
        EXPECT_EQ(control("c1", "cpu/cpu.cfs_period_us", ""), "50000");
    }
}

TEST_F(Verification, UpdateRefusesWithDockersTexts) {
    ASSERT_EQ(create_with("c1", {{"Memory", 67108864}}).status, 201);
    docker_ok({"start", "c1"});
    const json before = document("c1")["HostConfig"];
    ApiReply reply = update("c1", {{"Memory", 1024}});
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("Minimum memory limit allowed is 6MB"));
    reply = update("c1", {{"Memory", int64_t{512} << 20}});
    EXPECT_EQ(reply.status, 409);
    EXPECT_THAT(reply.body, HasSubstr("Memory limit should be smaller than already set memoryswap limit, update the "
                                      "memoryswap at the same time"));
    reply = update("c1", {{"CpusetCpus", "4000"}});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(update("nobody", {{"CpuShares", 5}}).status, 404);
    EXPECT_EQ(document("c1")["HostConfig"], before);
}

}  // namespace
}  // namespace slipway::testing
