// Control groups v2 with its controllers: what a hybrid cannot show. tests/vm runs these on a machine with v2 alone.
#include <cgroup/cgroup_manager.hpp>
#include <cgroup/group_files.hpp>
#include <cgroup/layout.hpp>
#include <sys/pidfd.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

class LinuxCgroupV2 : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(::geteuid(), 0U) << "needs root";
        if (layout_.version == CgroupSupport::Version::kV2) manager_.emplace(parent_, "00c0ffee", layout_);
    }
    // A hybrid machine has nothing to try; the same program proves it in tests/vm.
    bool nothing_to_try() const { return !manager_; }
    void TearDown() override {
        if (!manager_) return;
        const auto groups = manager_->list();
        for (const std::string& id : *groups) EXPECT_TRUE(manager_->destroy(id));
        manager_->remove_parents();
        EXPECT_NE(::access((layout_.unified + parent_).c_str(), F_OK), 0);
    }

    std::string control(const std::string& file) const {
        return read_control(layout_.unified + manager_->path_of("c1"), file);
    }
    std::string enabled_in(const std::string& path) const {
        return " " + read_control(layout_.unified + path, "cgroup.subtree_control") + " ";
    }

    const std::string parent_ = "/slipway-v2test-" + std::to_string(::getpid());
    const CgroupLayout layout_ = probe_cgroup_layout();
    std::optional<CgroupManager> manager_;
};

std::set<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

TEST_F(LinuxCgroupV2, ParentsPassControllersOnAndTheRootKeepsItsOwn) {
    if (nothing_to_try()) return;
    const std::set<std::string> before = words(enabled_in(""));
    ASSERT_TRUE(manager_->create("c1", json::object()));
    const std::set<std::string> after = words(enabled_in(""));
    EXPECT_TRUE(std::includes(after.begin(), after.end(), before.begin(), before.end())) << enabled_in("");
    for (const std::string& group : {parent_, parent_ + "/00c0ffee"}) {
        for (const char* controller : {" cpu ", " cpuset ", " io ", " memory ", " pids "}) {
            EXPECT_THAT(enabled_in(group), HasSubstr(controller)) << group;
        }
        EXPECT_EQ(read_control(layout_.unified + group, "cgroup.procs"), "") << "a group that passes on holds nobody";
    }
    EXPECT_EQ(control("cgroup.subtree_control"), "") << "what is in the container is the container's";
}

TEST_F(LinuxCgroupV2, ControllersThatOthersTakeAwayComeBack) {
    if (nothing_to_try()) return;
    ASSERT_TRUE(manager_->create("c0", json::object()));
    ASSERT_TRUE(write_control(layout_.unified + parent_ + "/00c0ffee", "cgroup.subtree_control", "-memory", false));
    ASSERT_TRUE(write_control(layout_.unified + parent_, "cgroup.subtree_control", "-memory", false));

    const auto entry = manager_->create("c1", {{"memory", {{"limit", 67108864}}}});

    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_EQ(control("memory.max"), "67108864");
}

TEST_F(LinuxCgroupV2, AProcessInAParentIsNamedAsWhatStandsInTheWay) {
    if (nothing_to_try()) return;
    ASSERT_TRUE(manager_->create("c0", json::object()));
    const std::string instance = layout_.unified + parent_ + "/00c0ffee";
    for (const char* controller : {"-memory", "-pids", "-cpu", "-cpuset", "-io"}) {
        ASSERT_TRUE(write_control(instance, "cgroup.subtree_control", controller, false));
    }
    const pid_t intruder = ::fork();
    if (intruder == 0) {
        ::pause();
        ::_exit(0);
    }
    ASSERT_TRUE(write_control(instance, "cgroup.procs", std::to_string(intruder), false));

    const auto entry = manager_->create("c1", {{"memory", {{"limit", 67108864}}}});
    const auto without_limits = manager_->create("c2", json::object());

    EXPECT_EQ(read_control(instance, "cgroup.type"), "domain") << "else nobody could enter the groups below";
    EXPECT_EQ(read_control(instance + "/c2", "cgroup.type"), "domain");
    EXPECT_EQ(::kill(intruder, 0), 0) << "it is nobody's to kill";
    ::kill(intruder, SIGKILL);
    ::waitpid(intruder, nullptr, 0);
    ASSERT_FALSE(entry);
    EXPECT_THAT(entry.error().message(), HasSubstr("memory.max"));
    EXPECT_EQ(entry.error().hint(), "the 'memory' controller is not enabled in '" + instance +
                                        "': a group that has processes of its own cannot pass controllers on, move "
                                        "them away");
    EXPECT_TRUE(without_limits) << "who asks for no limit needs no controller";
}

// A process that sleeps in `group` until the end of the scope.
class ProcessIn {
public:
    explicit ProcessIn(const std::string& group) {
        first.pid = ::fork();
        if (first.pid == 0) {
            for (;;) ::pause();
        }
        pidfd_ = open_pidfd(first.pid, process_start_time(first.pid));
        first.pidfd = pidfd_.get();
        EXPECT_TRUE(write_control(group, "cgroup.procs", std::to_string(first.pid), false));
    }
    ~ProcessIn() { end(); }
    void end() {
        if (!pidfd_) return;
        ::kill(first.pid, SIGKILL);
        ::waitpid(first.pid, nullptr, 0);
        pidfd_.reset();
    }

    FirstProcess first;

private:
    UniqueFd pidfd_;
};

// As systemd in a container does, and the entry script of docker:dind.
TEST_F(LinuxCgroupV2, FurtherProcessesFollowTheFirstIntoTheGroupsItMade) {
    if (nothing_to_try()) return;
    ASSERT_TRUE(manager_->create("c1", json::object()));
    const std::string group = layout_.unified + manager_->path_of("c1");
    ProcessIn process(group);
    const auto where = [&]() -> std::string {
        const auto entry = manager_->enter("c1", process.first);
        if (!entry) return entry.error().message();
        return fs::read_symlink("/proc/self/fd/" + std::to_string(entry->directory->get())).string();
    };
    EXPECT_EQ(where(), group);

    fs::create_directories(group + "/init/deeper");
    ASSERT_TRUE(write_control(group + "/init/deeper", "cgroup.procs", std::to_string(process.first.pid), false));
    EXPECT_EQ(where(), group) << "nothing is passed on, so it may hold processes";
    ASSERT_TRUE(write_control(group, "cgroup.subtree_control", "+memory", false));
    EXPECT_EQ(where(), group + "/init/deeper");

    // Elsewhere it does not lead anybody.
    ASSERT_TRUE(write_control(layout_.unified, "cgroup.procs", std::to_string(process.first.pid), false));
    EXPECT_EQ(where(), group);
    process.end();
    EXPECT_EQ(where(), group);
}

TEST_F(LinuxCgroupV2, UpdateChangesWhatWasAskedAndAFailureChangesNothing) {
    if (nothing_to_try()) return;
    ASSERT_TRUE(manager_->create("c1", {{"memory", {{"limit", 67108864}, {"swap", 67108864}}},
                                        {"cpu", {{"shares", 1024}, {"quota", 20000}, {"period", 50000}}},
                                        {"pids", {{"limit", 50}}}}));
    EXPECT_EQ(control("memory.swap.max"), "0") << "memory and swap are the same: no swap";

    ASSERT_TRUE(manager_->update("c1", {{"memory", {{"limit", 33554432}, {"swap", -1}}},
                                        {"cpu", {{"quota", 25000}, {"period", 50000}}},
                                        {"pids", {{"limit", -1}}}}));
    EXPECT_EQ(control("memory.max"), "33554432");
    EXPECT_EQ(control("memory.swap.max"), "max");
    EXPECT_EQ(control("cpu.max"), "25000 50000");
    EXPECT_EQ(control("cpu.weight"), "39") << "not asked for, so as it was";
    EXPECT_EQ(control("pids.max"), "max");

    const Status refused =
        manager_->update("c1", {{"memory", {{"limit", 134217728}}}, {"cpu", {{"shares", 2}, {"quota", 10}}}});
    ASSERT_FALSE(refused) << "the kernel's smallest quota is 1000";
    EXPECT_EQ(control("memory.max"), "33554432");
    EXPECT_EQ(control("cpu.weight"), "39");
}

// A disk, "major:minor", whose reads and writes can be limited.
std::string a_disk() {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/sys/block", ignored)) {
        if (!fs::exists(entry.path() / "device", ignored)) continue;
        struct stat info {};
        if (::stat(("/dev/" + entry.path().filename().string()).c_str(), &info) != 0) continue;
        return std::to_string(major(info.st_rdev)) + ":" + std::to_string(minor(info.st_rdev));
    }
    return {};
}

TEST_F(LinuxCgroupV2, BlockDeviceLimitsAndWeights) {
    if (nothing_to_try()) return;
    const std::string disk = a_disk();
    ASSERT_FALSE(disk.empty());
    const int disk_major = std::stoi(disk), disk_minor = std::stoi(disk.substr(disk.find(':') + 1));
    const json rate = [&](int value) {
        return json::array({{{"major", disk_major}, {"minor", disk_minor}, {"rate", value}}});
    }(1048576);
    const json operations = json::array({{{"major", disk_major}, {"minor", disk_minor}, {"rate", 100}}});

    const auto entry = manager_->create(
        "c1",
        {{"blockIO", {{"weight", 500}, {"throttleReadBpsDevice", rate}, {"throttleWriteIOPSDevice", operations}}}});

    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_EQ(control("io.max"), disk + " rbps=1048576 wbps=max riops=max wiops=100");
    const std::string weight = control("io.weight") + control("io.bfq.weight");
    EXPECT_THAT(weight, testing::AnyOf("default 4950", "default 500")) << "1 + (500 - 10) * 9999 / 990";
    ASSERT_TRUE(manager_->update("c1", {{"blockIO", {{"weight", 10}}}}));
    EXPECT_THAT(control("io.weight") + control("io.bfq.weight"), testing::AnyOf("default 1", "default 10"));
}

}  // namespace
}  // namespace slipway::linux_backend
