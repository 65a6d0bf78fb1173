// What a container's first process is, and how it ends.
#include "linux_process_support.hpp"

#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace slipway::linux_backend::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class LinuxProcess : public ProcessFixture {};

std::string namespace_of(const std::string& name) {
    return std::filesystem::read_symlink("/proc/self/ns/" + name).string();
}

TEST_F(LinuxProcess, EchoReachesTheLog) {
    EXPECT_EQ(shell_output("echo hi"), "hi\n");
}

TEST_F(LinuxProcess, ParkedProcessRunsNothingUntilStart) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"echo", "hi"}}));

    EXPECT_EQ(container->status().state, SLW_PROCESS_PARKED);
    EXPECT_GT(container->status().pid, 0);
    EXPECT_EQ(container->output(), "");
    EXPECT_EQ(container->run(), 0);
    EXPECT_EQ(container->output(), "hi\n");
    EXPECT_EQ(container->status().state, SLW_PROCESS_EXITED);
}

TEST_F(LinuxProcess, ExitCodeIsReported) {
    int code = 0;
    const auto container = run({.command = {"sh", "-c", "exit 42"}}, &code);

    EXPECT_EQ(code, 42);
    EXPECT_EQ(container->status().exit_code, 42);
    EXPECT_GT(container->status().finished_ns, container->status().started_ns);
}

TEST_F(LinuxProcess, SignalEndsItWith128PlusNumber) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sleep", "100"}}));
    ASSERT_TRUE(container->start());

    ASSERT_TRUE(container->signal(SIGKILL));

    const auto event = backend_->host().wait_for(SLW_EVENT_EXIT, container->id());
    ASSERT_TRUE(event);
    EXPECT_EQ(event->exit_code, 128 + SIGKILL);
    EXPECT_EQ(container->signal(SIGTERM).status, SLW_ERR_NOT_FOUND);
}

TEST_F(LinuxProcess, StdoutAndStderrAreApart) {
    int code = 0;
    const auto container = run({.command = {"sh", "-c", "echo out; echo err >&2"}}, &code);

    EXPECT_EQ(container->output("stdout"), "out\n");
    EXPECT_EQ(container->output("stderr"), "err\n");
}

Outcome attempt(TestContainer& container, const ContainerWish& wish) {
    const Outcome created = container.create(wish);
    return created ? container.start() : created;
}

TEST_F(LinuxProcess, MissingCommandIsNotFound) {
    const Outcome outcome = attempt(*make(), {.command = {"nosuch"}});

    EXPECT_EQ(outcome.status, SLW_ERR_EXEC_NOT_FOUND);
    EXPECT_EQ(outcome.message, "exec: \"nosuch\": executable file not found in $PATH");
}

TEST_F(LinuxProcess, MissingPathIsNotFound) {
    const Outcome outcome = attempt(*make(), {.command = {"/no/such"}});

    EXPECT_EQ(outcome.status, SLW_ERR_EXEC_NOT_FOUND);
    EXPECT_EQ(outcome.message, "exec: \"/no/such\": stat /no/such: no such file or directory");
}

TEST_F(LinuxProcess, FileWithoutExecutePermissionIsDenied) {
    const Outcome outcome = attempt(*make(), {.command = {"/bin/plain"}});

    EXPECT_EQ(outcome.status, SLW_ERR_EXEC_DENIED);
    EXPECT_EQ(outcome.message, "exec: \"/bin/plain\": permission denied");
}

TEST_F(LinuxProcess, DirectoryIsDenied) {
    const Outcome outcome = attempt(*make(), {.command = {"/bin"}});

    EXPECT_EQ(outcome.status, SLW_ERR_EXEC_DENIED);
    EXPECT_THAT(outcome.message, HasSubstr("is a directory"));
}

TEST_F(LinuxProcess, MissingInterpreterIsNamed) {
    const Outcome outcome = attempt(*make(), {.command = {"orphan"}});

    EXPECT_EQ(outcome.status, SLW_ERR_EXEC_NOT_FOUND);
    EXPECT_EQ(outcome.message, "exec: \"orphan\": interpreter \"/no/such/interpreter\": no such file or directory");
}

TEST_F(LinuxProcess, UnknownFormatIsASystemError) {
    const Outcome outcome = attempt(*make(), {.command = {"garbage"}});

    EXPECT_EQ(outcome.status, SLW_ERR_SYSTEM);
    EXPECT_EQ(outcome.message, "exec: \"garbage\": exec format error");
}

TEST_F(LinuxProcess, FailedCreateLeavesNothing) {
    const auto container = make();

    ASSERT_FALSE(container->create({.command = {"nosuch"}}));

    EXPECT_EQ(backend_->list(), json::array());
    EXPECT_EQ(container->status().state, SLW_PROCESS_NONE);
    EXPECT_TRUE(backend_->host().events().empty());
}

TEST_F(LinuxProcess, DirectoryOntoFileIsAMountTypeError) {
    const Outcome outcome = attempt(*make(), {.command = {"true"}, .binds = {{"/tmp", "/etc/passwd"}}});

    EXPECT_EQ(outcome.status, SLW_ERR_MOUNT_TYPE);
    EXPECT_THAT(outcome.message, HasSubstr("not a directory: Are you trying to mount a directory onto a file"));
}

TEST_F(LinuxProcess, MountsOverProcAreRefused) {
    const Outcome outcome = attempt(*make(), {.command = {"true"}, .binds = {{directory_, "/proc/sys"}}});

    EXPECT_FALSE(outcome);
    EXPECT_THAT(outcome.message, HasSubstr("/proc"));
}

TEST_F(LinuxProcess, BindsAppearAtTheirTargets) {
    std::ofstream(directory_ + "/note") << "content";

    EXPECT_EQ(shell_output("cat /a/b/c/note; echo x > /a/b/c/new", {.binds = {{directory_, "/a/b/c"}}}), "content");
    EXPECT_TRUE(std::filesystem::exists(directory_ + "/new"));
}

TEST_F(LinuxProcess, OnlyStandardDescriptorsAreOpen) {
    int code = 0;
    const auto container = run({.command = {"ls", "-1", "/proc/self/fd"}}, &code);

    EXPECT_EQ(container->output(), "0\n1\n2\n3\n");  // 3 is the directory that ls reads
}

TEST_F(LinuxProcess, CapabilitiesAreDockersDefault) {
    const std::string text = shell_output("grep Cap /proc/1/status");

    EXPECT_THAT(text, HasSubstr("CapInh:\t0000000000000000"));
    EXPECT_THAT(text, HasSubstr("CapPrm:\t00000000a80425fb"));
    EXPECT_THAT(text, HasSubstr("CapEff:\t00000000a80425fb"));
    EXPECT_THAT(text, HasSubstr("CapBnd:\t00000000a80425fb"));
    EXPECT_THAT(text, HasSubstr("CapAmb:\t0000000000000000"));
}

TEST_F(LinuxProcess, OtherUserHasGroupsAndNoCapabilities) {
    const std::string text = shell_output("id; grep CapEff /proc/1/status", {.config = {{"User", "user"}}});

    EXPECT_THAT(text, HasSubstr("uid=1000(user) gid=1000(user)"));
    EXPECT_THAT(text, HasSubstr("2000(extra)"));
    EXPECT_THAT(text, HasSubstr("CapEff:\t0000000000000000"));
}

TEST_F(LinuxProcess, SystemCallsAreFiltered) {
    const std::string text =
        shell_output("grep -E 'Seccomp:|NoNewPrivs' /proc/1/status; mount -t tmpfs x /tmp 2>&1 || :");

    EXPECT_THAT(text, HasSubstr("Seccomp:\t2"));
    EXPECT_THAT(text, HasSubstr("NoNewPrivs:\t0"));
    EXPECT_THAT(text, Not(HasSubstr("mounted")));
}

std::string profile_with_flags(const json& flags) {
    return "seccomp=" + json{{"defaultAction", "SCMP_ACT_ALLOW"}, {"flags", flags}}.dump();
}

// The flags the kernel knows the first filter of a process by, -1 with errno when it cannot say.
int64_t filter_flags(pid_t pid) {
    __ptrace_seccomp_metadata data{};
    if (ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) return -1;
    int status = 0;
    const bool stopped = ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0 && waitpid(pid, &status, __WALL) == pid;
    const long size = stopped ? ptrace(PTRACE_SECCOMP_GET_METADATA, pid, sizeof(data), &data) : -1;
    const int err = errno;
    ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    errno = err;
    return size < 0 ? -1 : static_cast<int64_t>(data.flags);
}

TEST_F(LinuxProcess, FlagsOfASeccompProfileCount) {
    for (const auto& [flags, expected] :
         {std::pair<json, int64_t>{json::array(), 0}, {json{"SECCOMP_FILTER_FLAG_LOG"}, SECCOMP_FILTER_FLAG_LOG}}) {
        const auto container = make();
        ASSERT_TRUE(container->create(
            {.command = {"sleep", "60"}, .host_config = {{"SecurityOpt", {profile_with_flags(flags)}}}}));
        ASSERT_TRUE(container->start());
        const int64_t found = filter_flags(static_cast<pid_t>(container->status().pid));
        if (found < 0 && (errno == EIO || errno == EINVAL)) {
            if (std::getenv("CI") != nullptr) FAIL() << "the kernel does not show filters, and in CI this may not skip";
            GTEST_SKIP() << "the kernel does not show filters";
        }
        EXPECT_EQ(found, expected) << flags << errno;
    }
}

TEST_F(LinuxProcess, UnknownFlagOfASeccompProfileIsRefused) {
    const Outcome refused = make()->create(
        {.command = {"true"}, .host_config = {{"SecurityOpt", {profile_with_flags({"SECCOMP_FILTER_FLAG_SING"})}}}});
    EXPECT_EQ(refused.status, SLW_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(refused.message, HasSubstr("unknown flag \"SECCOMP_FILTER_FLAG_SING\""));
}

TEST_F(LinuxProcess, NoNewPrivilegesIsSetWhenAsked) {
    const ContainerWish wish{.host_config = {{"SecurityOpt", {"no-new-privileges"}}}};

    EXPECT_THAT(shell_output("grep -E 'Seccomp:|NoNewPrivs' /proc/1/status", wish), HasSubstr("NoNewPrivs:\t1"));
}

TEST_F(LinuxProcess, EveryNameSpaceIsItsOwn) {
    for (const char* name : {"mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
        const std::string inside = shell_output(std::string("readlink /proc/self/ns/") + name);
        EXPECT_NE(inside, namespace_of(name) + "\n") << name;
        EXPECT_THAT(inside, HasSubstr(name));
    }
    EXPECT_EQ(shell_output("echo $$; hostname"), "1\ntesthost\n");
}

TEST_F(LinuxProcess, HostModesShareTheHosts) {
    const ContainerWish wish{.host_config = {{"PidMode", "host"}, {"UTSMode", "host"}, {"IpcMode", "host"}}};
    const std::string text = shell_output("for n in pid uts ipc; do readlink /proc/self/ns/$n; done", wish);

    EXPECT_EQ(text, namespace_of("pid") + "\n" + namespace_of("uts") + "\n" + namespace_of("ipc") + "\n");
}

TEST_F(LinuxProcess, WithoutASandboxItGetsANewEmptyNetwork) {
    const std::string text = shell_output("readlink /proc/self/ns/net; ls /sys/class/net", {.sandbox = false});

    EXPECT_THAT(text, Not(HasSubstr(namespace_of("net"))));
    EXPECT_THAT(text, HasSubstr("\nlo\n"));
}

TEST_F(LinuxProcess, HostMountsAreNotVisible) {
    const std::string mounts = shell_output("cat /proc/self/mountinfo");

    EXPECT_THAT(mounts, Not(HasSubstr("ext4")));
    EXPECT_THAT(mounts, HasSubstr(" / / "));
    EXPECT_THAT(shell_output("ls /"), Not(HasSubstr("slipway")));
}

TEST_F(LinuxProcess, DevicesAndLinksAreTheStandardOnes) {
    EXPECT_EQ(shell_output("ls /dev | tr '\\n' ' '"),
              "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ");
    EXPECT_EQ(shell_output("echo x > /dev/null; head -c 3 /dev/zero | wc -c; echo via > /dev/stdout"), "3\nvia\n");
}

TEST_F(LinuxProcess, MaskedPathsAreEmpty) {
    EXPECT_EQ(shell_output("cat /proc/keys /proc/timer_list | wc -c; ls /proc/acpi /sys/firmware 2>/dev/null | "
                           "grep -v : | wc -w; stat -c '%t:%T %F' /proc/keys"),
              "0\n0\n1:3 character special file\n");
}

TEST_F(LinuxProcess, ReadOnlyPathsCannotBeWritten) {
    EXPECT_EQ(
        shell_output("touch /proc/sys/kernel/hostname 2>/dev/null && echo writable; "
                     "echo h > /proc/sysrq-trigger 2>/dev/null && echo writable; touch /sys/x 2>/dev/null && echo "
                     "writable; true"),
        "");
}

TEST_F(LinuxProcess, CgroupViewIsItsOwnGroupReadOnly) {
    EXPECT_THAT(shell_output("cat /proc/self/cgroup"), Not(HasSubstr("slipway-test")));
    // v1, else v2.
    EXPECT_EQ(shell_output("cd /sys/fs/cgroup/pids 2>/dev/null || cd /sys/fs/cgroup; head -n 1 tasks 2>/dev/null || "
                           "head -n 1 cgroup.procs; mkdir x 2>/dev/null && echo writable; true"),
              "1\n");
}

TEST_F(LinuxProcess, ReadOnlyRootHoldsButTmpfsDoes) {
    EXPECT_EQ(shell_output("touch /x 2>/dev/null && echo writable; touch /dev/shm/x && echo shm",
                           {.host_config = {{"ReadonlyRootfs", true}}, .read_only = true}),
              "shm\n");
}

TEST_F(LinuxProcess, WorkingDirectoryIsMade) {
    EXPECT_EQ(shell_output("pwd", {.config = {{"WorkingDir", "/not/there"}}}), "/not/there\n");
}

TEST_F(LinuxProcess, WorkingDirectoryNeverLeadsOut) {
    for (int fd = 3; fd < 40; ++fd) {
        const std::string cwd = "/proc/self/fd/" + std::to_string(fd);
        const auto container = make();
        const Outcome outcome = attempt(*container, {.command = {"pwd"}, .config = {{"WorkingDir", cwd}}});
        if (outcome) {
            backend_->host().wait_for(SLW_EVENT_EXIT, container->id());
            EXPECT_THAT(container->output(), Not(HasSubstr("unreachable"))) << cwd;
        }
    }
}

TEST_F(LinuxProcess, AttributesAreNotInherited) {
    signal(SIGPIPE, SIG_IGN);
    int code = 0;
    auto process = run({.command = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}}, &code);

    EXPECT_EQ(process->output(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    process.reset();
    EXPECT_EQ(shell_output("umask; cat /proc/1/oom_score_adj"), "0022\n0\n");
}

TEST_F(LinuxProcess, SchedulingIsNotInherited) {
    const sched_param urgent{.sched_priority = 1};
    ASSERT_EQ(sched_setscheduler(0, SCHED_FIFO, &urgent), 0);
    const std::string text = shell_output("sed 's/.*) //' /proc/1/stat");
    const sched_param standard{};
    ASSERT_EQ(sched_setscheduler(0, SCHED_OTHER, &standard), 0);

    // Fields 18 and 19 of stat, 41 the policy: counted here from field 3.
    std::istringstream fields(text);
    const std::vector<std::string> all{std::istream_iterator<std::string>(fields), {}};
    ASSERT_GT(all.size(), 38u);
    EXPECT_EQ(all[15], "20");
    EXPECT_EQ(all[16], "0");
    EXPECT_EQ(all[38], "0");
}

// With a daemon that is pinned to one processor (CPUAffinity= of its unit).
TEST_F(LinuxProcess, ProcessorsAreThoseOfTheGroupAndNotTheDaemons) {
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
    ASSERT_GT(CPU_COUNT(&all), 1) << "needs two processors";
    const std::string script = "grep Cpus_allowed_list /proc/1/status";
    const std::string free = shell_output(script);
    CPU_ZERO(&one);
    int first = 0;
    while (!CPU_ISSET(first, &all)) ++first;
    CPU_SET(first, &one);

    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    const std::string pinned = shell_output(script);
    const std::string wished = shell_output(script, {.host_config = {{"CpusetCpus", std::to_string(first)}}});
    ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);

    EXPECT_EQ(pinned, free);
    EXPECT_EQ(wished, "Cpus_allowed_list:\t" + std::to_string(first) + "\n") << "the cpuset still counts";
}

TEST_F(LinuxProcess, SysctlsAreSetInside) {
    EXPECT_EQ(shell_output("cat /proc/sys/net/ipv4/ip_unprivileged_port_start"), "0\n");
}

TEST_F(LinuxProcess, FinishedMemoryHogIsOomKilled) {
    int code = 0;
    const auto container = run({.command = {"sh", "-c",
                                            "exec head -c 100m /dev/zero | tail -c 90m > /dev/null; "
                                            "x=$(head -c 100m /dev/zero | tr '\\0' 'x'); echo survived"},
                                .host_config = {{"Memory", 16 << 20}, {"MemorySwap", 16 << 20}}},
                               &code);

    EXPECT_EQ(code, 137);
    EXPECT_TRUE(container->exit_event().oom_killed);
    EXPECT_TRUE(backend_->host().wait_for(SLW_EVENT_OOM, container->id()));
}

size_t oom_events(const TestHost& host) {
    const std::vector<PostedEvent> all = host.events();
    return static_cast<size_t>(
        std::count_if(all.begin(), all.end(), [](const PostedEvent& event) { return event.kind == SLW_EVENT_OOM; }));
}

// Files beyond the limit push others out of the cache, which changes memory.events of v2 as often.
TEST_F(LinuxProcess, OneKillIsReportedOnceWhateverElseTheLimitDoes) {
    if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0) return;  // v1 has an event of its own; see tests/vm
    const std::string script =
        "(x=$(head -c 64m /dev/zero | tr '\\0' x)); sleep 0.3; "
        "for i in 1 2 3 4; do dd if=/dev/zero of=/data bs=1M count=24 2>/dev/null; sleep 0.1; done; "
        "cat /sys/fs/cgroup/memory.events";
    int code = 0;
    const auto container =
        run({.command = {"sh", "-c", script}, .host_config = {{"Memory", 16 << 20}, {"MemorySwap", 16 << 20}}}, &code);

    EXPECT_THAT(container->output(), HasSubstr("oom_kill 1\n"));
    EXPECT_EQ(oom_events(backend_->host()), 1U) << container->output();
}

TEST_F(LinuxProcess, FirstProcessThatIsTheVictimIsReportedBeforeItsExit) {
    for (int round = 0; round < 2; ++round) {
        backend_->host().forget(std::string(64, 'a'));
        int code = 0;
        const auto container = run({.command = {"sh", "-c", "x=$(head -c 64m /dev/zero | tr '\\0' x)"},
                                    .host_config = {{"Memory", 16 << 20}, {"MemorySwap", 16 << 20}}},
                                   &code);
        ASSERT_EQ(code, 137);
        const std::vector<PostedEvent> events = backend_->host().events();
        ASSERT_GE(events.size(), 2U) << round;
        EXPECT_EQ(events.front().kind, SLW_EVENT_OOM) << round;
        EXPECT_EQ(events.back().kind, SLW_EVENT_EXIT) << round;
    }
}

class LinuxProcessPivot : public ProcessFixture {
protected:
    LinuxProcessPivot() { extra_ = {{"pivot_root", true}}; }
};

TEST_F(LinuxProcessPivot, OldKernelsWayGivesTheSameView) {
    EXPECT_EQ(shell_output("ls / | tr '\\n' ' '; stat -c '%t:%T' /proc/keys"),
              "bin data dev etc proc root sys tmp 1:3\n");
    EXPECT_THAT(shell_output("cat /proc/self/mountinfo"), Not(ContainsRegex(" / / [^\n]*slipway-base")));
}

}  // namespace
}  // namespace slipway::linux_backend::testing
