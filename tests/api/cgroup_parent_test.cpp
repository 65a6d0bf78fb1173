// `--cgroup-parent`: where a container's groups are, what is made for it and what goes again.
#include "client.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;

class CgroupParent : public DockerClient {
protected:
    std::string parent() const { return daemon->cgroup_parent() + "-own"; }
    // Its directory where processes are counted: v1 or v2.
    static fs::path group(const std::string& name) {
        const fs::path v1 = "/sys/fs/cgroup/pids";
        return (fs::exists(v1) ? v1 : fs::path("/sys/fs/cgroup")) / name;
    }
    static bool anywhere(const std::string& name) {
        std::error_code ignored;
        if (fs::exists("/sys/fs/cgroup/" + name)) return true;
        for (const auto& hierarchy : fs::directory_iterator("/sys/fs/cgroup", ignored)) {
            if (fs::exists(hierarchy.path() / name)) return true;
        }
        return false;
    }
};

TEST_F(CgroupParent, HoldsTheGroupsAndGoesWithTheLastContainer) {
    docker_ok({"run", "-d", "--name", "one", "--cgroup-parent", "/" + parent() + "/deep", "box", "sleep", "600"});
    docker_ok({"run", "-d", "--name", "two", "--cgroup-parent", parent() + "//deep/", "box", "sleep", "600"});
    const std::string one = inspect("one", "{{.Id}}"), two = inspect("two", "{{.Id}}");

    EXPECT_TRUE(fs::exists(group(parent()) / "deep" / one / "cgroup.procs"));
    EXPECT_TRUE(fs::exists(group(parent()) / "deep" / two / "cgroup.procs")) << "a relative name means the same";
    EXPECT_THAT(read_file("/proc/" + inspect("one", "{{.State.Pid}}") + "/cgroup"),
                HasSubstr("/" + parent() + "/deep/" + one));
    EXPECT_EQ(inspect("one", "{{.HostConfig.CgroupParent}}"), "/" + parent() + "/deep");
    EXPECT_EQ(docker_ok({"exec", "one", "echo", "in"}), "in");
    docker_ok({"pause", "one"});
    docker_ok({"unpause", "one"});

    docker_ok({"rm", "-f", "one"});
    EXPECT_FALSE(anywhere(parent() + "/deep/" + one));
    EXPECT_TRUE(anywhere(parent() + "/deep/" + two));
    docker_ok({"rm", "-f", "two"});
    EXPECT_FALSE(anywhere(parent()));
}

TEST_F(CgroupParent, OutlivesTheDaemonThatMadeIt) {
    docker_ok({"run", "-d", "--name", "one", "--cgroup-parent", parent(), "box", "sleep", "600"});
    docker_ok({"run", "-d", "--name", "two", "--cgroup-parent", parent(), "box", "sleep", "600"});
    docker_ok({"rm", "-f", "one"});
    daemon->kill_daemon();
    daemon->start_daemon();

    EXPECT_EQ(docker_ok({"exec", "two", "echo", "in"}), "in");
    EXPECT_THAT(docker_ok({"exec", "two", "cat", "/proc/self/cgroup"}), ::testing::Not(HasSubstr("slwtest-")));
    docker_ok({"rm", "-f", "two"});
    EXPECT_FALSE(anywhere(parent()));
}

TEST_F(CgroupParent, GroupsOfAnEndedContainerAreFoundByTheNextDaemon) {
    docker_ok({"run", "-d", "--name", "one", "--cgroup-parent", parent(), "box", "sleep", "600"});
    const std::string pid = inspect("one", "{{.State.Pid}}");
    daemon->kill_daemon();
    ASSERT_EQ(::kill(std::stoi(pid), SIGKILL), 0);
    daemon->start_daemon();

    EXPECT_TRUE(eventually([&] { return inspect("one", "{{.State.Status}}") == "exited"; }));
    EXPECT_TRUE(eventually([&] { return !anywhere(parent()); }));
}

TEST_F(CgroupParent, OfSomebodyElseStaysAndItsLimitHolds) {
    const fs::path mine = group(parent());
    fs::create_directory(mine);
    std::ofstream(mine / "pids.max") << "5";
    const std::string text = docker({"run", "--rm", "--cgroup-parent", parent(), "box", "sh", "-c",
                                     "i=0; while [ $i -lt 20 ]; do sleep 2 & i=$((i+1)); done; wait"})
                                 .err;

    EXPECT_THAT(text, HasSubstr("can't fork"));
    EXPECT_TRUE(eventually([&] { return fs::exists(mine) && !fs::exists("/sys/fs/cgroup/memory/" + parent()); }));
    fs::remove(mine);
}

TEST_F(CgroupParent, NamesThatLeadElsewhereAreRefused) {
    for (const std::string name : {"../up", "/a/../../b", "a/./b", "..", "system.slice", "/user.slice/x", "x.scope"}) {
        const RunResult result = docker({"create", "--cgroup-parent", name, "box", "true"});
        EXPECT_EQ(result.exit_code, 1) << name;
        EXPECT_THAT(result.err, HasSubstr("invalid cgroup parent")) << name;
    }
    docker_ok({"run", "-d", "--name", "one", "box", "sleep", "600"});
    const std::string group_of_one = read_file("/proc/" + inspect("one", "{{.State.Pid}}") + "/cgroup");
    const size_t at = group_of_one.find("/slwtest-");
    const std::string inside = group_of_one.substr(at, group_of_one.find('\n', at) - at);
    const RunResult nested = docker({"run", "--rm", "--cgroup-parent", inside, "box", "true"});
    EXPECT_NE(nested.exit_code, 0);
    EXPECT_THAT(nested.err, HasSubstr("is the control group of a container"));
}

}  // namespace
}  // namespace slipway::testing
