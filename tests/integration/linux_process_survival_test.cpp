// What happens when the daemon, the supervisor or the order of calls is not as planned.
#include "linux_process_support.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace slipway::linux_backend::testing {
namespace {

using ::testing::HasSubstr;

bool process_exists(int64_t pid) {
    return kill(static_cast<pid_t>(pid), 0) == 0;
}

class LinuxProcessSurvival : public ProcessFixture {
protected:
    // Runs `body` as an earlier daemon that is killed afterwards.
    void in_killed_daemon(const std::function<bool()>& body) {
        backend_.reset();
        const pid_t pid = fork();
        if (pid == 0) {
            const bool good = body();
            if (!good) _exit(1);
            kill(getpid(), SIGKILL);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the first daemon failed";
        reopen();
    }
    void reopen() { backend_ = std::make_unique<TestBackend>(directory_, same_parent()); }
    // The cgroup parent must not follow the pid of whoever asks.
    json same_parent() const { return {{"cgroup_parent", "/slipway-test-" + std::to_string(parent_)}}; }

    bool start_in(const ContainerWish& wish) {
        TestBackend backend(directory_, same_parent());
        TestContainer container(backend, layer_, id_);
        if (!container.create(wish) || !container.start()) return false;
        kill(getpid(), SIGKILL);
        return false;
    }

    pid_t supervisor_pid() const {
        std::ifstream file(directory_ + "/exec/supervisors/" + id_ + "/process");
        pid_t pid = 0;
        file >> pid;
        return pid;
    }

    // Until nothing is left of what was created, its supervisor included.
    void run_to_the_last_trace(TestContainer& container) {
        ASSERT_TRUE(container.start());
        ASSERT_TRUE(backend_->host().wait_for(SLW_EVENT_EXIT, container.id()));
        const pid_t supervisor = supervisor_pid();
        ASSERT_TRUE(container.destroy());
        ASSERT_FALSE(process_exists(supervisor));
    }

    const pid_t parent_ = getpid();
    const std::string id_ = std::string(64, 'a');
};

std::string numbers(int last) {
    std::string text;
    for (int i = 1; i <= last; ++i) text += std::to_string(i) + "\n";
    return text;
}

// Over the loopback, with buffers of about this size at either end.
std::pair<UniqueFd, UniqueFd> tcp_pair(int buffer_bytes) {
    const UniqueFd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    UniqueFd ours{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(setsockopt(ours.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof(buffer_bytes)), 0);
    EXPECT_EQ(setsockopt(listener.get(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes)), 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(name);
    auto* address = reinterpret_cast<sockaddr*>(&name);
    EXPECT_EQ(bind(listener.get(), address, sizeof(name)), 0);
    EXPECT_EQ(getsockname(listener.get(), address, &size), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    EXPECT_EQ(connect(ours.get(), address, sizeof(name)), 0);
    return {std::move(ours), UniqueFd{accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)}};
}

TEST_F(LinuxProcessSurvival, RunningContainerIsAdoptedAfterTheDaemonWasKilled) {
    in_killed_daemon([&] {
        return start_in(
            {.command = {"sh", "-c", "i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo $i; sleep 0.05; done; exit 7"}});
    });
    const json held = backend_->list();
    ASSERT_EQ(held.size(), 1u);
    EXPECT_EQ(held[0]["State"], "running");

    const auto container = make();
    const Outcome adopted = container->adopt();

    ASSERT_TRUE(adopted) << adopted.message;
    EXPECT_EQ(container->status().state, SLW_PROCESS_RUNNING);
    EXPECT_EQ(container->status().pid, held[0]["Pid"].get<int64_t>());
    const auto event = backend_->host().wait_for(SLW_EVENT_EXIT, id_);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->exit_code, 7);
    std::string expected;
    for (int i = 1; i <= 20; ++i) expected += std::to_string(i) + "\n";
    EXPECT_EQ(container->output(), expected);
}

TEST_F(LinuxProcessSurvival, ExitCodeIsThereWhenItEndedMeanwhile) {
    in_killed_daemon([&] { return start_in({.command = {"sh", "-c", "echo bye; exit 9"}}); });
    ASSERT_TRUE(eventually([&] { return !process_exists(supervisor_pid()); }));

    const auto container = make();
    const Outcome adopted = container->adopt();

    ASSERT_TRUE(adopted) << adopted.message;
    EXPECT_EQ(container->status().state, SLW_PROCESS_EXITED);
    EXPECT_EQ(container->status().exit_code, 9);
    EXPECT_EQ(container->output(), "bye\n");
    EXPECT_EQ(backend_->list()[0]["State"], "exited");
}

TEST_F(LinuxProcessSurvival, AttachWorksAfterAdoption) {
    in_killed_daemon(
        [&] { return start_in({.command = {"cat"}, .flags = SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE}); });
    const auto container = make();
    ASSERT_TRUE(container->adopt());

    const UniqueFd client = container->attach(SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT, "again\n");

    EXPECT_EQ(read_until(client.get(), "again\n"), "again\n");
}

TEST_F(LinuxProcessSurvival, RemoveNeedsNoHandle) {
    in_killed_daemon([&] { return start_in({.command = {"sleep", "1000"}}); });
    const int64_t pid = backend_->list()[0]["Pid"];

    ASSERT_TRUE(backend_->remove(id_));
    ASSERT_TRUE(backend_->remove(id_));

    EXPECT_FALSE(process_exists(pid));
    EXPECT_EQ(backend_->list(), json::array());
}

TEST_F(LinuxProcessSurvival, AdoptingNothingIsNotFound) {
    EXPECT_EQ(make()->adopt().status, SLW_ERR_NOT_FOUND);
}

TEST_F(LinuxProcessSurvival, KilledSupervisorIsReportedAndNoProcessStays) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sh", "-c", "sleep 1000 & sleep 1000"}}));
    ASSERT_TRUE(container->start());
    const int64_t pid = container->status().pid;

    ASSERT_EQ(kill(supervisor_pid(), SIGKILL), 0);

    ASSERT_TRUE(backend_->host().wait_for(SLW_EVENT_LOST, id_));
    EXPECT_TRUE(eventually([&] { return !process_exists(pid); }));
    EXPECT_EQ(container->status().state, SLW_PROCESS_EXITED);
    ASSERT_TRUE(container->destroy());
    EXPECT_EQ(backend_->list(), json::array());
}

TEST_F(LinuxProcessSurvival, ASilentSupervisorIsListedWithTheOthersAndCanBeRemoved) {
    in_killed_daemon([&] { return start_in({.command = {"sleep", "1000"}}); });
    const int64_t pid = backend_->list()[0]["Pid"];
    const pid_t supervisor = supervisor_pid();
    ASSERT_EQ(kill(supervisor, SIGSTOP), 0);

    const json held = backend_->list();
    const Outcome adopted = make()->adopt();

    ASSERT_EQ(held.size(), 1u);
    EXPECT_EQ(held[0]["Id"], id_);
    EXPECT_EQ(held[0]["State"], "running");
    EXPECT_EQ(adopted.status, SLW_ERR_DEADLINE_EXCEEDED);
    EXPECT_THAT(adopted.message, HasSubstr("does not answer"));
    EXPECT_TRUE(process_exists(pid));
    ASSERT_TRUE(backend_->remove(id_));
    EXPECT_TRUE(eventually([&] { return !process_exists(pid) && !process_exists(supervisor); }));
    EXPECT_EQ(backend_->list(), json::array());
}

TEST_F(LinuxProcessSurvival, ParkedProcessEndsWithItsSupervisor) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"true"}}));
    const int64_t pid = container->status().pid;

    ASSERT_EQ(kill(supervisor_pid(), SIGKILL), 0);

    EXPECT_TRUE(eventually([&] { return !process_exists(pid); }));
    EXPECT_TRUE(backend_->host().wait_for(SLW_EVENT_LOST, id_));
    EXPECT_FALSE(container->start());
}

TEST_F(LinuxProcessSurvival, DestroyIsIdempotentFromEveryState) {
    const auto container = make();
    ASSERT_TRUE(container->destroy());
    ASSERT_TRUE(container->create({.command = {"sleep", "1000"}}));
    const int64_t parked = container->status().pid;
    ASSERT_TRUE(container->destroy());
    ASSERT_TRUE(container->destroy());

    EXPECT_FALSE(process_exists(parked));
    EXPECT_EQ(container->status().state, SLW_PROCESS_NONE);
    EXPECT_EQ(backend_->list(), json::array());
    EXPECT_TRUE(backend_->host().events().empty()) << "a container that never started has no exit";
}

TEST_F(LinuxProcessSurvival, DestroyKillsARunningContainer) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sleep", "1000"}}));
    ASSERT_TRUE(container->start());
    const int64_t pid = container->status().pid;
    const auto begin = Clock::now();

    ASSERT_TRUE(container->destroy());

    EXPECT_LT(Clock::now() - begin, std::chrono::milliseconds(1500));
    EXPECT_FALSE(process_exists(pid));
    EXPECT_EQ(backend_->list(), json::array());
}

TEST_F(LinuxProcessSurvival, DestroyDoesNotWaitLongForAClientThatDoesNotRead) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sh", "-c", "while :; do echo 0123456789012345678901234567890; done"}}));
    const UniqueFd client = container->attach(SLW_ATTACH_STDOUT);
    ASSERT_TRUE(container->start());
    usleep(200 * 1000);
    const auto begin = Clock::now();

    ASSERT_TRUE(container->destroy());

    EXPECT_LT(Clock::now() - begin, std::chrono::milliseconds(4000));
    EXPECT_EQ(backend_->list(), json::array());
}

// As `docker run --rm ... | slow`: by the time it reads, container and supervisor are gone.
TEST_F(LinuxProcessSurvival, ClientThatReadsLateGetsTheEndOfTheOutputAllTheSame) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"seq", "1", "45000"}}));
    const UniqueFd client = container->attach(SLW_ATTACH_STDOUT);
    run_to_the_last_trace(*container);

    const std::string text = read_all(client.get());

    EXPECT_EQ(text.size(), numbers(45000).size());
    EXPECT_TRUE(text == numbers(45000));
}

TEST_F(LinuxProcessSurvival, ClientThatReadsLateGetsTheEndOfTheOutputOverTcpToo) {
    auto [ours, theirs] = tcp_pair(8 * 1024);
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"seq", "1", "20000"}}));
    container->attach_stream(theirs.get(), SLW_ATTACH_STDOUT);
    theirs.reset();
    run_to_the_last_trace(*container);

    const std::string text = read_all(ours.get());

    EXPECT_EQ(text.size(), numbers(20000).size());
    EXPECT_TRUE(text == numbers(20000));
}

TEST_F(LinuxProcessSurvival, SecondHandleForAnIdIsAConflict) {
    const auto container = make();

    EXPECT_THROW(TestContainer(*backend_, layer_, container->id()), std::runtime_error);
}

TEST_F(LinuxProcessSurvival, SupervisorsFileCannotBeWrittenThroughItsProcess) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sleep", "1000"}}));
    ASSERT_TRUE(container->start());
    // As in CVE-2019-5736: a descriptor from while it ran, reopened for writing after it ended.
    const std::string exe = "/proc/" + std::to_string(supervisor_pid()) + "/exe";
    const UniqueFd kept{open(exe.c_str(), O_PATH | O_CLOEXEC)};
    ASSERT_TRUE(kept);
    ASSERT_TRUE(container->destroy());

    const std::string again = "/proc/self/fd/" + std::to_string(kept.get());

    EXPECT_EQ(open(again.c_str(), O_WRONLY | O_CLOEXEC), -1);
    EXPECT_EQ(errno, EROFS);
}

TEST_F(LinuxProcessSurvival, SupervisorHoldsNothingOfTheDaemon) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sleep", "1000"}}));
    ASSERT_TRUE(container->start());
    const std::string proc = "/proc/" + std::to_string(supervisor_pid());

    EXPECT_EQ(std::filesystem::read_symlink(proc + "/cwd").string(), "/");
    std::ifstream file(proc + "/cmdline");
    std::string name, argument;
    std::getline(file, name, '\0');
    std::getline(file, argument, '\0');
    EXPECT_EQ(name, "slipway-supervisor");
    EXPECT_EQ(argument, id_);
    EXPECT_EQ(getsid(supervisor_pid()), supervisor_pid());
}

}  // namespace
}  // namespace slipway::linux_backend::testing
