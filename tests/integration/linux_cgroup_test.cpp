// Control groups on the machine's own hierarchies, below a parent of our own.
#include <cgroup/cgroup_manager.hpp>
#include <cgroup/group_files.hpp>
#include <cgroup/layout.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <sstream>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

const json kDevices = {{{"allow", false}, {"access", "rwm"}},
                       {{"allow", true}, {"type", "c"}, {"access", "m"}},
                       {{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 3}, {"access", "rwm"}}};

// A process that can be made to do one thing, somewhere else.
class Child {
public:
    // Runs `body` after entering the groups; what it returns is the exit code. Only async-signal-safe calls in there.
    template <class Body>
    Child(const CgroupEntry& entry, Body body) {
        clone_args args{};
        args.exit_signal = SIGCHLD;
        if (entry.directory) {
            args.flags = CLONE_INTO_CGROUP;
            args.cgroup = static_cast<uint64_t>(entry.directory->get());
        }
        pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof(args)));
        if (pid != 0) return;
        for (const UniqueFd& tasks : entry.task_files) {
            if (::write(tasks.get(), "0", 1) != 1) ::_exit(99);
        }
        ::_exit(body());
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { wait(); }

    // Exit code, or minus the signal.
    int wait() {
        if (pid <= 0) return result;
        int status = 0;
        ::waitpid(pid, &status, 0);
        pid = -1;
        result = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        return result;
    }

    pid_t pid = -1;
    int result = -1000;
};

std::string test_parent() {
    return "/slipway-test-" + std::to_string(::getpid());
}

class LinuxCgroup : public testing::Test {
protected:
    void SetUp() override { ASSERT_EQ(::geteuid(), 0U) << "needs root"; }
    void TearDown() override {
        const auto groups = manager_.list();
        for (const std::string& id : *groups) EXPECT_TRUE(manager_.destroy(id));
        manager_.remove_parents();
        for (const std::string& root : roots()) EXPECT_NE(::access((root + test_parent()).c_str(), F_OK), 0) << root;
    }

    bool is_v2() const { return layout_.version == CgroupSupport::Version::kV2; }
    std::vector<std::string> roots() const {
        if (is_v2()) return {layout_.unified};
        std::vector<std::string> all;
        for (const CgroupHierarchy& hierarchy : layout_.hierarchies) all.push_back(hierarchy.mount_point);
        return all;
    }
    std::string group(const std::string& controller, const std::string& id) const {
        return (is_v2() ? layout_.unified : layout_.find(controller)->mount_point) + manager_.path_of(id);
    }
    std::string control(const std::string& controller, const std::string& file) const {
        return read_control(group(controller, "c1"), file);
    }

    const CgroupLayout layout_ = probe_cgroup_layout();
    CgroupManager manager_{test_parent(), "00c0ffee"};
};

TEST_F(LinuxCgroup, FindsWhatThisMachineHas) {
    const CgroupSupport& support = manager_.support();

    EXPECT_TRUE(support.memory);
    EXPECT_TRUE(support.pids);
    EXPECT_TRUE(support.cpu_cfs);
    EXPECT_TRUE(support.devices);
    EXPECT_GE(support.cpu_count, 1);
    EXPECT_FALSE(support.cpus.empty());
}

TEST_F(LinuxCgroup, FirstProcessEntersEveryHierarchyByItself) {
    auto entry = manager_.create("c1", {{"pids", {{"limit", 7}}}});
    ASSERT_TRUE(entry) << entry.error().message();
    int out[2];
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);

    Child child(*entry, [&] {
        char text[4096];
        const int file = ::open("/proc/self/cgroup", O_RDONLY);
        const ssize_t size = ::read(file, text, sizeof(text));
        return ::write(out[1], text, static_cast<size_t>(size)) == size ? 0 : 1;
    });
    EXPECT_EQ(child.wait(), 0);
    ::close(out[1]);
    char text[4096] = {};
    ASSERT_GT(::read(out[0], text, sizeof(text) - 1), 0);
    ::close(out[0]);

    for (const CgroupHierarchy& hierarchy : layout_.hierarchies) {
        EXPECT_THAT(text, HasSubstr(hierarchy.controllers.front()));
    }
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
        if (line.starts_with("0::") && !is_v2()) continue;  // the hybrid's v2 side carries no limits
        EXPECT_THAT(line, HasSubstr(manager_.path_of("c1")));
    }
}

TEST_F(LinuxCgroup, LimitsAreWhatWasAskedFor) {
    const json resources = {
        {"memory", {{"limit", 67108864}, {"swap", 134217728}, {"reservation", 33554432}}},
        {"cpu", {{"shares", 512}, {"quota", 50000}, {"period", 100000}, {"cpus", "0"}, {"mems", "0"}}},
        {"pids", {{"limit", 50}}}};

    const auto entry = manager_.create("c1", resources);

    ASSERT_TRUE(entry) << entry.error().message();
    if (is_v2()) {
        EXPECT_EQ(control("memory", "memory.max"), "67108864");
        EXPECT_EQ(control("memory", "memory.swap.max"), "67108864") << "v2 counts swap alone";
        EXPECT_EQ(control("memory", "memory.low"), "33554432");
        EXPECT_EQ(control("cpu", "cpu.weight"), "20") << "1 + (512 - 2) * 9999 / 262142";
        EXPECT_EQ(control("cpu", "cpu.max"), "50000 100000");
    } else {
        EXPECT_EQ(control("memory", "memory.limit_in_bytes"), "67108864");
        EXPECT_EQ(control("memory", "memory.memsw.limit_in_bytes"), "134217728");
        EXPECT_EQ(control("memory", "memory.soft_limit_in_bytes"), "33554432");
        EXPECT_EQ(control("cpu", "cpu.shares"), "512");
        EXPECT_EQ(control("cpu", "cpu.cfs_quota_us"), "50000");
    }
    EXPECT_EQ(control("cpuset", "cpuset.cpus"), "0");
    EXPECT_EQ(control("cpuset", "cpuset.mems"), "0");
    EXPECT_EQ(control("pids", "pids.max"), "50");
}

TEST_F(LinuxCgroup, PidsLimitStopsAForkBombAndDestroyKillsIt) {
    auto entry = manager_.create("c1", {{"pids", {{"limit", 5}}}});
    ASSERT_TRUE(entry);

    Child child(*entry, [] {
        for (int made = 0; made < 20; ++made) {
            const pid_t pid = ::fork();
            if (pid == 0) break;
            if (pid < 0 && errno != EAGAIN) return 1;
        }
        return ::pause();
    });
    pollfd none{};
    for (int i = 0; i < 200 && pids_in(group("pids", "c1")).size() < 5; ++i) ::poll(&none, 0, 5);
    EXPECT_EQ(pids_in(group("pids", "c1")).size(), 5U);

    EXPECT_TRUE(manager_.destroy("c1"));

    EXPECT_EQ(child.wait(), -SIGKILL);
    EXPECT_NE(::access(group("pids", "c1").c_str(), F_OK), 0);
}

TEST_F(LinuxCgroup, MemoryLimitKillsAndIsCounted) {
    auto entry = manager_.create("c1", {{"memory", {{"limit", 16777216}, {"swap", 16777216}}}});
    ASSERT_TRUE(entry) << entry.error().message();
    ASSERT_EQ(manager_.oom_kills("c1"), 0U);

    Child child(*entry, [] {
        for (int i = 0; i < 64; ++i) {
            char* block = new char[1 << 20];
            std::memset(block, i + 1, 1 << 20);
        }
        return 0;
    });

    EXPECT_EQ(child.wait(), -SIGKILL);
    EXPECT_GE(manager_.oom_kills("c1"), 1U);
    EXPECT_EQ(::access(manager_.oom_file("c1").c_str(), F_OK), 0);
}

TEST_F(LinuxCgroup, OnlyListedDevicesOpen) {
    auto entry = manager_.create("c1", {{"devices", kDevices}});
    ASSERT_TRUE(entry) << entry.error().message();

    Child child(*entry, [] {
        if (::open("/dev/null", O_RDWR) < 0) return 1;
        if (::open("/dev/zero", O_RDONLY) >= 0 || errno != EPERM) return 2;
        return 0;
    });

    EXPECT_EQ(child.wait(), 0);
}

TEST_F(LinuxCgroup, AFailureLeavesNothingBehind) {
    const auto entry = manager_.create("c1", {{"cpu", {{"cpus", "4096"}}}});

    ASSERT_FALSE(entry);
    EXPECT_EQ(entry.error().code(), ErrorCode::kSystem);
    EXPECT_THAT(entry.error().message(), HasSubstr("cpuset.cpus"));
    EXPECT_THAT(*manager_.list(), IsEmpty());
    for (const std::string& root : roots()) EXPECT_NE(::access((root + manager_.path_of("c1")).c_str(), F_OK), 0);
}

TEST_F(LinuxCgroup, AGroupInUseIsNotTakenOver) {
    auto entry = manager_.create("c1", json::object());
    ASSERT_TRUE(entry);
    Child child(*entry, [] { return ::pause(); });
    pollfd none{};
    for (int i = 0; i < 200 && pids_in(group("pids", "c1")).empty(); ++i) ::poll(&none, 0, 5);

    const auto second = manager_.create("c1", json::object());

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(::kill(child.pid, 0), 0) << "the process in there must live on";
    EXPECT_TRUE(manager_.destroy("c1"));
}

TEST_F(LinuxCgroup, DestroyEndsAPausedContainerWithNestedGroups) {
    auto entry = manager_.create("c1", json::object());
    ASSERT_TRUE(entry);
    Child child(*entry, [] { return ::pause(); });
    pollfd none{};
    for (int i = 0; i < 200 && pids_in(group("freezer", "c1")).empty(); ++i) ::poll(&none, 0, 5);
    const std::string nested = group("memory", "c1") + "/a/b";
    ASSERT_EQ(::mkdir((group("memory", "c1") + "/a").c_str(), 0755), 0);
    ASSERT_EQ(::mkdir(nested.c_str(), 0755), 0);
    ASSERT_TRUE(manager_.freeze("c1"));

    EXPECT_TRUE(manager_.destroy("c1"));

    EXPECT_EQ(child.wait(), -SIGKILL);
    EXPECT_THAT(*manager_.list(), IsEmpty());
}

// Freezes and thaws "c1", whose process counts in the shared memory behind `count`.
void expect_freezer_works(CgroupManager& manager, const std::atomic<int>& count) {
    pollfd none{};
    for (int i = 0; i < 400 && count == 0; ++i) ::poll(&none, 0, 5);
    ASSERT_GT(count, 0);
    bool frozen = false;
    for (int i = 0; i < 400 && !frozen; ++i) {
        const Result<bool> answer = manager.freeze("c1");
        ASSERT_TRUE(answer) << answer.error().message();
        frozen = *answer;
        if (!frozen) ::poll(&none, 0, 5);
    }
    ASSERT_TRUE(frozen);
    const int stopped_at = count;
    ::poll(&none, 0, 50);
    EXPECT_EQ(count, stopped_at);
    ASSERT_TRUE(manager.thaw("c1"));
    for (int i = 0; i < 400 && count == stopped_at; ++i) ::poll(&none, 0, 5);
    EXPECT_GT(count, stopped_at);
    EXPECT_TRUE(manager.thaw("c1")) << "not frozen is success";
    EXPECT_TRUE(manager.thaw("never-was")) << "gone is success";
}

std::atomic<int>& shared_counter() {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    return *new (memory) std::atomic<int>(0);
}

TEST_F(LinuxCgroup, FreezesAndThaws) {
    auto entry = manager_.create("c1", json::object());
    ASSERT_TRUE(entry);
    std::atomic<int>& count = shared_counter();
    Child child(*entry, [&] {
        for (;;) {
            ++count;
            ::usleep(1000);
        }
        return 0;
    });

    expect_freezer_works(manager_, count);

    EXPECT_TRUE(manager_.destroy("c1"));
    EXPECT_EQ(child.wait(), -SIGKILL);
    ::munmap(&count, 4096);
}

// The v2 half on whatever cgroup2 mount the machine has. On a hybrid it carries no controllers, but devices, birth
// inside the group and killing work the same.
class LinuxCgroup2 : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(::geteuid(), 0U) << "needs root";
        CgroupLayout layout = probe_cgroup_layout();
        if (layout.unified.empty()) GTEST_SKIP() << "no cgroup2 is mounted";
        layout.version = CgroupSupport::Version::kV2;
        layout.hierarchies.clear();
        unified_ = layout.unified;
        manager_.emplace(test_parent(), "00c0ffee", layout);
    }
    void TearDown() override {
        if (!manager_) return;
        const auto groups = manager_->list();
        for (const std::string& id : *groups) EXPECT_TRUE(manager_->destroy(id));
        manager_->remove_parents();
        EXPECT_NE(::access((unified_ + test_parent()).c_str(), F_OK), 0);
    }

    std::string unified_;
    std::optional<CgroupManager> manager_;
};

TEST_F(LinuxCgroup2, FirstProcessIsBornInsideAndOnlyListedDevicesOpen) {
    auto entry = manager_->create("c1", {{"devices", kDevices}});
    ASSERT_TRUE(entry) << entry.error().message() << entry.error().hint();

    Child child(*entry, [] {
        if (::open("/dev/null", O_RDWR) < 0) return 1;
        if (::open("/dev/zero", O_RDONLY) >= 0 || errno != EPERM) return 2;
        return 0;
    });

    EXPECT_EQ(child.wait(), 0);
}

TEST_F(LinuxCgroup2, DestroyKillsTheWholeTree) {
    auto entry = manager_->create("c1", json::object());
    ASSERT_TRUE(entry);
    Child child(*entry, [] {
        for (int i = 0; i < 3; ++i) {
            if (::fork() == 0) break;
        }
        return ::pause();
    });
    ASSERT_FALSE(pids_in(unified_ + manager_->path_of("c1")).empty()) << "clone3 put it there before it ran";

    EXPECT_TRUE(manager_->destroy("c1"));

    EXPECT_EQ(child.wait(), -SIGKILL);
    EXPECT_THAT(*manager_->list(), IsEmpty());
}

TEST_F(LinuxCgroup2, FreezesAndThaws) {
    auto entry = manager_->create("c1", json::object());
    ASSERT_TRUE(entry) << entry.error().message();
    std::atomic<int>& count = shared_counter();
    Child child(*entry, [&] {
        for (;;) {
            ++count;
            ::usleep(1000);
        }
        return 0;
    });

    expect_freezer_works(*manager_, count);

    EXPECT_TRUE(manager_->destroy("c1"));
    EXPECT_EQ(child.wait(), -SIGKILL);
    ::munmap(&count, 4096);
}

}  // namespace
}  // namespace slipway::linux_backend
