// Streams: attached clients, terminals, logs.
#include "linux_process_support.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace slipway::linux_backend::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kBoth = SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR;

class LinuxProcessStdio : public ProcessFixture {};

void write_all(int fd, const std::string& bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t wrote = send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (wrote <= 0) return;
        done += static_cast<size_t>(wrote);
    }
}

std::string pattern(size_t size) {
    std::string bytes(size, '\0');
    uint32_t state = 12345;
    for (char& c : bytes) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return bytes;
}

TEST_F(LinuxProcessStdio, ClientGetsPreambleThenFramedOutput) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sh", "-c", "echo out; echo err >&2"}}));
    const UniqueFd client = container->attach(kBoth | SLW_ATTACH_MULTIPLEXED | SLW_ATTACH_REPLY_FIRST);

    EXPECT_EQ(container->run(), 0);

    const std::string bytes = read_all(client.get());
    ASSERT_EQ(bytes.substr(0, 5), "HEAD\n");
    const auto [out, err] = split_frames(bytes.substr(5));
    EXPECT_EQ(out, "out\n");
    EXPECT_EQ(err, "err\n");
}

TEST_F(LinuxProcessStdio, TenMegabytesOfInputComeBackByteExact) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"cat"}, .flags = SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE}));
    const std::string sent = pattern(10 << 20);
    const UniqueFd client = container->attach(kBoth | SLW_ATTACH_STDIN | SLW_ATTACH_MULTIPLEXED, sent.substr(0, 1000));
    ASSERT_TRUE(container->start());

    std::thread writer([&] {
        write_all(client.get(), sent.substr(1000));
        shutdown(client.get(), SHUT_WR);
    });
    const std::string bytes = read_all(client.get(), std::chrono::seconds(60));
    writer.join();

    EXPECT_TRUE(split_frames(bytes).first == sent) << "the stream differs";
    const auto event = backend_->host().wait_for(SLW_EVENT_EXIT, container->id());
    ASSERT_TRUE(event);
    EXPECT_EQ(event->exit_code, 0);
}

// More than the pipe and our buffer hold, so that a part of it is still in the socket when the client is gone.
TEST_F(LinuxProcessStdio, InputOfAClientThatWritesAndGoesAwayArrives) {
    for (const char* script : {"sleep 0.5; wc -c", "echo unread; sleep 0.5; echo in vain; wc -c"}) {
        const auto container = make();
        ASSERT_TRUE(container->create(
            {.command = {"sh", "-c", script}, .flags = SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE}));
        UniqueFd client = container->attach(kBoth | SLW_ATTACH_STDIN);
        ASSERT_TRUE(container->start());
        usleep(100 * 1000);

        write_all(client.get(), pattern(250'000));
        client.reset();

        ASSERT_TRUE(backend_->host().wait_for(SLW_EVENT_EXIT, container->id()));
        EXPECT_THAT(container->output(), HasSubstr("250000\n")) << script;
        backend_->host().forget(container->id());
    }
}

TEST_F(LinuxProcessStdio, ClientsThatWentAwayWithInputGiveWayToNewOnes) {
    const auto container = make();
    ASSERT_TRUE(container->create(
        {.command = {"sh", "-c", "read first; echo $first; exec sleep 60"}, .flags = SLW_CREATE_OPEN_STDIN}));
    ASSERT_TRUE(container->start());
    for (int i = 0; i < 20; ++i) {
        const UniqueFd client = container->attach(SLW_ATTACH_STDOUT | SLW_ATTACH_STDIN);
        write_all(client.get(), pattern(100'000));
    }
    const UniqueFd last = container->attach(SLW_ATTACH_STDOUT);

    EXPECT_EQ(container->status().state, SLW_PROCESS_RUNNING);
}

TEST_F(LinuxProcessStdio, StdinIsEmptyWhenItWasNotAskedFor) {
    EXPECT_EQ(shell_output("cat | wc -c"), "0\n");
}

TEST_F(LinuxProcessStdio, SlowClientStopsTheWriterAndLosesNothing) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sh", "-c", "seq 1 200000; echo done >&2"}}));
    const UniqueFd client = container->attach(SLW_ATTACH_STDOUT);
    ASSERT_TRUE(container->start());

    EXPECT_FALSE(backend_->host().wait_for(SLW_EVENT_EXIT, container->id(), std::chrono::milliseconds(700)));

    const std::string text = read_all(client.get());
    std::string expected;
    for (int i = 1; i <= 200000; ++i) expected += std::to_string(i) + "\n";
    EXPECT_TRUE(text == expected);
    ASSERT_TRUE(backend_->host().wait_for(SLW_EVENT_EXIT, container->id()));
    EXPECT_TRUE(container->output() == expected) << "the log differs";
}

TEST_F(LinuxProcessStdio, ClientThatGoesAwayDoesNotHurt) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sh", "-c", "seq 1 100000; echo end"}}));
    UniqueFd client = container->attach(SLW_ATTACH_STDOUT);
    ASSERT_TRUE(container->start());
    read_until(client.get(), "1000\n");

    client.reset();

    ASSERT_TRUE(backend_->host().wait_for(SLW_EVENT_EXIT, container->id()));
    EXPECT_THAT(container->output(), HasSubstr("100000\nend\n"));
}

TEST_F(LinuxProcessStdio, TerminalHasSizeAndFollowsResize) {
    const auto container = make();
    ASSERT_TRUE(container->create(
        {.command = {"sh", "-c", "stty size; trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done"},
         .flags = SLW_CREATE_TTY}));
    const UniqueFd client = container->attach(SLW_ATTACH_STDOUT | SLW_ATTACH_STDIN);
    ASSERT_TRUE(container->start());
    const std::string before = read_until(client.get(), "ready");

    const Outcome resized = container->resize(50, 132);

    ASSERT_TRUE(resized) << resized.message;
    EXPECT_THAT(before, HasSubstr("24 80"));
    EXPECT_THAT(read_all(client.get()), HasSubstr("50 132"));
}

TEST_F(LinuxProcessStdio, TerminalIsControllingAndConsole) {
    const auto container = make();
    ASSERT_TRUE(
        container->create({.command = {"sh", "-c", "echo x > /dev/tty; echo y > /dev/console; readlink /proc/1/fd/0"},
                           .flags = SLW_CREATE_TTY}));

    EXPECT_EQ(container->run(), 0);

    EXPECT_EQ(container->output(), "x\r\ny\r\n/dev/pts/0\r\n");
}

// The terminal's master reads EIO as long as no process has the terminal open, which is not its end.
TEST_F(LinuxProcessStdio, TerminalThatNobodyHasOpenForAMomentGoesOn) {
    const auto container = make();
    ASSERT_TRUE(container->create(
        {.command = {"sh", "-c",
                     "exec </dev/null >/dev/null 2>&1; sleep 1; echo hello >/dev/console; sleep 0.5; "
                     "read line </dev/console; stty size </dev/console >/dev/console; echo got $line >/dev/console"},
         .flags = SLW_CREATE_TTY | SLW_CREATE_OPEN_STDIN}));
    const UniqueFd client = container->attach(SLW_ATTACH_STDOUT | SLW_ATTACH_STDIN);
    ASSERT_TRUE(container->start());
    usleep(500 * 1000);

    const Outcome resized = container->resize(50, 132);
    write_all(client.get(), "typed meanwhile\n");

    EXPECT_TRUE(resized) << resized.message;
    const std::string seen = read_all(client.get());
    EXPECT_THAT(seen, HasSubstr("hello\r\n"));
    EXPECT_THAT(seen, HasSubstr("50 132\r\n"));
    EXPECT_THAT(seen, HasSubstr("got typed meanwhile\r\n"));
    EXPECT_TRUE(backend_->host().wait_for(SLW_EVENT_EXIT, container->id()));
    EXPECT_THAT(container->output(), HasSubstr("got typed meanwhile\r\n"));
}

TEST_F(LinuxProcessStdio, DetachKeysEndTheClientAndNotTheContainer) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"cat"}, .flags = SLW_CREATE_TTY | SLW_CREATE_OPEN_STDIN}));
    const UniqueFd client = container->attach(SLW_ATTACH_STDOUT | SLW_ATTACH_STDIN, "", "\x10\x11");
    ASSERT_TRUE(container->start());
    write_all(client.get(), "hello\n");
    EXPECT_THAT(read_until(client.get(), "hello\r\nhello\r\n"), HasSubstr("hello"));

    write_all(client.get(), "\x10\x11");

    read_all(client.get());  // ends
    EXPECT_EQ(container->status().state, SLW_PROCESS_RUNNING);
}

TEST_F(LinuxProcessStdio, ResizeWithoutATerminalIsAConflict) {
    const auto container = make();
    ASSERT_TRUE(container->create({.command = {"sleep", "100"}}));

    EXPECT_EQ(container->resize(10, 10).status, SLW_ERR_CONFLICT);
}

TEST_F(LinuxProcessStdio, LogRotatesBySizeAndKeepsTheNewest) {
    int code = 0;
    const auto container =
        run({.command = {"sh", "-c", "seq 1 2000"}, .log_max_bytes = 16 * 1024, .log_max_files = 3}, &code);

    const auto records = container->log_records();
    ASSERT_FALSE(records.empty());
    EXPECT_EQ(records.back()["log"], "2000\n");
    const int first = std::stoi(records.front()["log"].get<std::string>());
    EXPECT_EQ(records.size(), static_cast<size_t>(2000 - first + 1)) << "records are missing in between";
    EXPECT_NE(access((container->log_path() + ".2").c_str(), F_OK), -1);
    EXPECT_EQ(access((container->log_path() + ".3").c_str(), F_OK), -1);
}

TEST_F(LinuxProcessStdio, LongLinesAreSplitAndStrangeBytesReplaced) {
    int code = 0;
    const auto container =
        run({.command = {"sh", "-c", "head -c 40000 /dev/zero | tr '\\0' x; echo; printf '\\377\\n'"}}, &code);

    const auto records = container->log_records();
    ASSERT_EQ(records.size(), 4u);
    EXPECT_EQ(records[0]["log"].get<std::string>().size(), 16384u);
    EXPECT_EQ(records[2]["log"].get<std::string>(), std::string(40000 - 2 * 16384, 'x') + "\n");
    EXPECT_EQ(records[3]["log"], "\xef\xbf\xbd\n");
}

}  // namespace
}  // namespace slipway::linux_backend::testing
