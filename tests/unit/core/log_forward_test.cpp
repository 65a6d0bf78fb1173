// Logs that are sent on: reading across rotations, messages, sockets, receivers that go away, daemons that are killed.
#include "support/engine_fixture.hpp"
#include "support/temp_dir.hpp"

#include <log/forward/forwarder.hpp>
#include <log/forward/messages.hpp>
#include <model/log_config.hpp>

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace slipway::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string record_text(const std::string& text, const std::string& stream = "stdout") {
    static int64_t next = 1'700'000'000'000'000'000;
    return R"({"log":")" + text + R"(\n","stream":")" + stream + R"(","time":")" + to_rfc3339(++next) + "\"}\n";
}

bool soon(const std::function<bool()>& condition) {
    for (int i = 0; i < 5'000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(milliseconds(2));
    }
    return false;
}

// A log that rotates as the supervisor does it.
class LogFiles {
public:
    std::filesystem::path path() const { return dir_ / "c-json.log"; }
    std::filesystem::path position() const { return dir_ / "forwarded"; }
    void add(const std::string& text) { write_file(path(), record_text(text), true); }
    void add_raw(const std::string& text) { write_file(path(), text, true); }
    void rotate(int max_files) {
        const auto name = [&](int number) {
            return path().string() + (number == 0 ? "" : "." + std::to_string(number));
        };
        for (int number = max_files - 1; number >= 1; --number) {
            std::error_code missing;
            std::filesystem::rename(name(number - 1), name(number), missing);
        }
        write_file(path(), "");
    }

private:
    TempDir dir_;
};

// ---- cursor ----------------------------------------------------------------------------------------------------

class Cursor : public ::testing::Test {
protected:
    static std::vector<std::string> rest(LogCursor& cursor) {
        std::vector<std::string> texts;
        LogLine line;
        for (auto got = cursor.next(line); got && *got; got = cursor.next(line)) {
            if (cursor.take_gap()) texts.emplace_back("gap");
            texts.push_back(line.text.substr(0, line.text.size() - 1));
        }
        return texts;
    }
    LogFiles log;
};

TEST_F(Cursor, FollowsAcrossRotations) {
    LogCursor cursor(log.path(), std::nullopt);
    EXPECT_THAT(rest(cursor), IsEmpty());
    log.add("1");
    EXPECT_THAT(rest(cursor), ElementsAre("1"));
    log.add("2");
    log.rotate(3);
    log.add("3");
    log.rotate(3);
    EXPECT_THAT(rest(cursor), ElementsAre("2", "3"));
    log.add("4");
    EXPECT_THAT(rest(cursor), ElementsAre("4"));
}

TEST_F(Cursor, ResumesWhereAnotherOneWas) {
    for (const char* text : {"1", "2", "3"}) log.add(text);
    LogCursor first(log.path(), std::nullopt);
    LogLine line;
    ASSERT_TRUE(*first.next(line));
    const auto after_one = first.position();
    log.rotate(3);
    log.add("4");
    LogCursor second(log.path(), after_one);
    EXPECT_THAT(rest(second), ElementsAre("2", "3", "4"));
    LogCursor third(log.path(), second.position());
    EXPECT_THAT(rest(third), IsEmpty());
}

TEST_F(Cursor, SaysWhereRotationWasFaster) {
    LogCursor cursor(log.path(), std::nullopt);
    log.add("1");
    EXPECT_THAT(rest(cursor), ElementsAre("1"));
    log.add("2");
    for (const char* text : {"3", "4", "5", "6"}) {
        log.rotate(3);
        log.add(text);
    }
    EXPECT_THAT(rest(cursor), ElementsAre("2", "gap", "4", "5", "6"));  // the first file was held open
    LogCursor late(log.path(), LogPosition{{1, 2}, 3});
    EXPECT_THAT(rest(late), ElementsAre("gap", "4", "5", "6"));
}

TEST_F(Cursor, KnowsNoGapWhereItLookedInTime) {
    LogCursor cursor(log.path(), std::nullopt);
    log.add("1");
    EXPECT_THAT(rest(cursor), ElementsAre("1"));
    log.rotate(3);
    log.add("2");
    EXPECT_TRUE(cursor.look());
    log.rotate(3);
    log.add("3");
    EXPECT_TRUE(cursor.look());
    EXPECT_GT(cursor.unread_bytes(), 100U);
    EXPECT_THAT(rest(cursor), ElementsAre("2", "3"));
    EXPECT_EQ(cursor.unread_bytes(), 0U);
}

TEST_F(Cursor, PassesOverDamageAndWaitsForTheEndOfALine) {
    log.add("1");
    log.add_raw("{\"log\":\"half\n");
    log.add_raw("{\"log\":\"2\\n\",\"stream\":\"stdout\",");
    LogCursor cursor(log.path(), std::nullopt);
    EXPECT_THAT(rest(cursor), ElementsAre("1"));
    log.add_raw("\"time\":\"2024-01-01T00:00:00Z\"}\n");
    EXPECT_THAT(rest(cursor), ElementsAre("2"));
}

TEST(PositionFile, KeepsTheLastOne) {
    TempDir dir;
    const LogPosition first{{7, 0xfedcba9876543210}, 42}, second{{8, 1}, 0};
    PositionFile file(dir / "p");
    EXPECT_EQ(file.load(), std::nullopt);
    ASSERT_TRUE(file.save(first));
    ASSERT_TRUE(file.save(second));
    EXPECT_EQ(PositionFile(dir / "p").load(), second);
    PositionFile other(dir / "p");
    ASSERT_TRUE(other.save(first));
    EXPECT_EQ(PositionFile(dir / "p").load(), first);
    write_file(dir / "p", "0000000000000007 00 00 00\n");
    EXPECT_EQ(PositionFile(dir / "p").load(), std::nullopt);
    EXPECT_FALSE(PositionFile(dir / "no" / "where").save(first));
}

// ---- options and messages --------------------------------------------------------------------------------------

std::string syslog_refusal(const json& options) {
    const auto target = syslog_target(options);
    return target ? "accepted" : target.error().message();
}

TEST(SyslogOptions, AreRefusedWithDockersTexts) {
    EXPECT_EQ(syslog_refusal({{"syslog-facility", "kernel"}}), "invalid syslog facility");
    EXPECT_EQ(syslog_refusal({{"syslog-facility", "24"}}), "invalid syslog facility");
    EXPECT_EQ(syslog_refusal({{"syslog-format", "rfc1"}}), "Invalid syslog format");
    EXPECT_EQ(syslog_refusal({{"syslog-address", "http://x"}}), "unsupported scheme: 'http'");
    EXPECT_EQ(syslog_refusal({{"syslog-address", "localhost"}}), "unsupported scheme: ''");
    EXPECT_THAT(syslog_refusal({{"syslog-address", "udp://"}}), HasSubstr("names no host"));
    EXPECT_THAT(syslog_refusal({{"syslog-address", "udp://::1:514"}}), HasSubstr("too many colons"));
    EXPECT_THAT(syslog_refusal({{"syslog-address", "unix://relative"}}), HasSubstr("no absolute path"));
    for (const json& tls : {json{{"syslog-address", "tcp+tls://host:6514"}}, json{{"syslog-tls-ca-cert", "/ca"}}}) {
        EXPECT_THAT(syslog_refusal(tls), StartsWith("syslog over TLS is not implemented yet"));
        EXPECT_EQ(syslog_target(tls).error().code(), ErrorCode::kUnimplemented);
    }
}

TEST(SyslogOptions, AreRead) {
    const auto target = [](const std::string& address) { return *syslog_target({{"syslog-address", address}}); };
    EXPECT_EQ(target("").address.kind, ReceiverAddress::Kind::kLocalSyslog);
    EXPECT_EQ(target("udp://logs").address.port, "514");
    EXPECT_EQ(target("tcp://10.0.0.1:1514").address.host, "10.0.0.1");
    EXPECT_EQ(target("tcp://10.0.0.1:1514").address.port, "1514");
    EXPECT_EQ(target("tcp://[::1]:1514").address.host, "::1");
    EXPECT_EQ(target("udp://[::1]").address.port, "514");
    EXPECT_EQ(target("unixgram:///dev/log").address.path, "/dev/log");
    EXPECT_EQ(target("unix:///x").address.kind, ReceiverAddress::Kind::kUnixStream);
    EXPECT_EQ(syslog_target(json::object())->facility, 3);
    EXPECT_EQ(syslog_target({{"syslog-facility", "local7"}})->facility, 23);
    EXPECT_EQ(syslog_target({{"syslog-facility", "authpriv"}})->facility, 10);
    EXPECT_EQ(syslog_target({{"syslog-facility", "0"}})->facility, 0);
}

TEST(LogConfig, OptionsOfEachDriverAreChecked) {
    const auto outcome = [](const char* driver, const json& options) {
        const auto policy = log_policy({{"LogConfig", {{"Type", driver}, {"Config", options}}}});
        return policy ? "accepted" : policy.error().message();
    };
    EXPECT_EQ(outcome("syslog", {{"colour", "red"}}), "unknown log opt 'colour' for syslog log driver");
    EXPECT_EQ(outcome("syslog", {{"max-size", "1m"}}), "unknown log opt 'max-size' for syslog log driver");
    EXPECT_EQ(outcome("journald", {{"syslog-address", "x"}}),
              "unknown log opt 'syslog-address' for journald log driver");
    EXPECT_EQ(outcome("syslog", {{"syslog-facility", "x"}}), "invalid syslog facility");
    EXPECT_EQ(outcome("journald", {{"labels", "a"}, {"env", "b"}, {"tag", "{{.Name}}"}, {"mode", "blocking"}}),
              "accepted");
    EXPECT_EQ(outcome("json-file", {{"mode", "sideways"}}), "logger: logging mode not supported: sideways");
    EXPECT_EQ(outcome("syslog", {{"max-buffer-size", "1m"}}),
              "logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    EXPECT_EQ(outcome("syslog", {{"mode", "non-blocking"}, {"max-buffer-size", "much"}}),
              "error parsing option max-buffer-size: invalid size: 'much'");
    EXPECT_EQ(outcome("journald", {{"cache-max-file", "0"}}), "cache-max-file cannot be less than 1");
    const auto policy = log_policy({{"LogConfig",
                                     {{"Type", "syslog"},
                                      {"Config",
                                       {{"mode", "non-blocking"},
                                        {"max-buffer-size", "2m"},
                                        {"cache-max-size", "1m"},
                                        {"cache-disabled", "true"}}}}}});
    EXPECT_EQ(policy->max_backlog_bytes, 2U << 20);
    EXPECT_EQ(policy->max_bytes, 1U << 20);
    EXPECT_EQ(policy->max_files, 5U);
    EXPECT_FALSE(policy->readable);
}

class InUtc : public ::testing::Test {
protected:
    InUtc() {
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
    }
    ~InUtc() override {
        ::unsetenv("TZ");
        ::tzset();
    }
    static std::string message(const char* format, const LogLine& line) {
        const SyslogSender sender{"host", "web 1", 7};
        return syslog_message(*syslog_target({{"syslog-format", format}, {"syslog-facility", "local0"}}), sender, line);
    }
};

TEST_F(InUtc, SyslogMessagesHaveDockersShapes) {
    LogLine out{"stdout", 1'709'640'245'123'456'789, "hello\n", {}};
    LogLine err{"stderr", 1'709'640'245'123'456'789, "part", {}};
    EXPECT_EQ(message("", out), "<134>Mar  5 12:04:05 web 1[7]: hello\n");
    EXPECT_EQ(message("rfc3164", err), "<131>Mar  5 12:04:05 host web 1[7]: part\n");
    EXPECT_EQ(message("rfc5424", out), "<134>1 2024-03-05T12:04:05Z host web_1 7 web_1 - hello\n");
    EXPECT_EQ(message("rfc5424micro", out), "<134>1 2024-03-05T12:04:05.123456Z host web_1 7 web_1 - hello\n");
}

TEST(JournalEntries, AreInTheNativeProtocol) {
    EXPECT_EQ(journal_entry({{"CONTAINER_NAME", "web"}}, {"stderr", 1, "hello\n", {}}),
              "CONTAINER_NAME=web\nPRIORITY=3\nSYSLOG_TIMESTAMP=1970-01-01T00:00:00.000000001Z\nMESSAGE=hello\n");
    EXPECT_EQ(journal_entry({{"A", "x\ny"}}, {"stdout", 1, "part", {}}),
              std::string("A\n\3\0\0\0\0\0\0\0x\ny\n", 14) +
                  "PRIORITY=6\nSYSLOG_TIMESTAMP=1970-01-01T00:00:00.000000001Z\nCONTAINER_PARTIAL_MESSAGE="
                  "true\nMESSAGE=part\n");
    EXPECT_EQ(journal_field_name("com.example-1.x"), "COM_EXAMPLE_1_X");
    EXPECT_EQ(journal_field_name("__a"), "A");
    EXPECT_EQ(journal_field_name("..."), "");
}

// ---- forwarder -------------------------------------------------------------------------------------------------

// A receiver in memory that can be away, break, hang up and leave things unacknowledged.
struct Inbox {
    std::mutex mutex;
    std::vector<std::string> got;
    bool away = false, hung_up = false, breaks = false, silent = false;
    uint64_t held_back = 0;
    int opened = 0;

    std::vector<std::string> texts() {
        const std::lock_guard lock(mutex);
        return got;
    }
    template <class Change>
    void change(Change change) {
        const std::lock_guard lock(mutex);
        change(*this);
    }
};

class FakeReceiver final : public Receiver {
public:
    explicit FakeReceiver(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
    bool is_open() const override { return open_; }
    Status open(const GoOn&) override {
        const std::lock_guard lock(inbox_->mutex);
        if (inbox_->away) return Error(ErrorCode::kUnavailable, "nobody there");
        ++inbox_->opened;
        open_ = true;
        return ok();
    }
    void close() override { open_ = false; }
    Status send(const std::vector<std::string>& messages, size_t& accepted, const GoOn& go_on) override {
        accepted = 0;
        while (true) {
            {
                const std::lock_guard lock(inbox_->mutex);
                if (!inbox_->silent) break;
            }
            if (!go_on()) {
                close();
                return Error(ErrorCode::kCancelled, "given up");
            }
            std::this_thread::sleep_for(milliseconds(1));
        }
        const std::lock_guard lock(inbox_->mutex);
        if (std::exchange(inbox_->breaks, false)) {
            close();
            return Error(ErrorCode::kUnavailable, "broken");
        }
        for (const std::string& message : messages) inbox_->got.push_back(message);
        accepted = messages.size();
        return ok();
    }
    uint64_t unacknowledged() const override {
        const std::lock_guard lock(inbox_->mutex);
        return open_ ? inbox_->held_back : UINT64_MAX;
    }
    bool has_hung_up() const override {
        const std::lock_guard lock(inbox_->mutex);
        return open_ && std::exchange(inbox_->hung_up, false);
    }

private:
    std::shared_ptr<Inbox> inbox_;
    bool open_ = false;
};

class Forwarding : public ::testing::Test {
protected:
    std::unique_ptr<Forwarder> forwarder(uint64_t max_backlog = 0) {
        ForwardPlan plan;
        plan.log = log.path();
        plan.position = log.position();
        plan.receiver = std::make_unique<FakeReceiver>(inbox);
        plan.format = [](const LogLine& line) { return line.text.substr(0, line.text.size() - 1); };
        plan.max_backlog_bytes = max_backlog;
        plan.ended = [this] { return ended.load(); };
        plan.log_line = [this](const std::string& line) {
            const std::lock_guard lock(inbox->mutex);
            lines.push_back(line);
        };
        return std::make_unique<Forwarder>(std::move(plan));
    }
    bool arrives(const std::vector<std::string>& texts) {
        const bool there = soon([&] { return inbox->texts() == texts; });
        if (!there) ADD_FAILURE() << ::testing::PrintToString(inbox->texts());
        return there;
    }

    LogFiles log;
    std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
    std::atomic<bool> ended{false};
    std::vector<std::string> lines;  // guarded by inbox->mutex
};

TEST_F(Forwarding, SendsWhatIsThereAndWhatComes) {
    log.add("1");
    const auto mine = forwarder();
    EXPECT_TRUE(arrives({"1"}));
    log.add("2");
    log.rotate(2);
    log.add("3");
    EXPECT_TRUE(arrives({"1", "2", "3"}));
    EXPECT_FALSE(mine->drain(milliseconds(20)));
    ended = true;
    EXPECT_TRUE(mine->drain(milliseconds(5'000)));
    EXPECT_FALSE(mine->go_on());
}

TEST_F(Forwarding, AnotherOneGoesOnWhereItStopped) {
    log.add("1");
    auto mine = forwarder();
    EXPECT_TRUE(arrives({"1"}));
    mine.reset();
    log.add("2");
    mine = forwarder();
    EXPECT_TRUE(arrives({"1", "2"}));
    mine.reset();
    mine = forwarder();
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_TRUE(arrives({"1", "2"}));
}

TEST_F(Forwarding, AReceiverThatIsAwayGetsEverythingLater) {
    inbox->away = true;
    const auto mine = forwarder();
    for (int i = 0; i < 5; ++i) log.add(std::to_string(i));
    EXPECT_FALSE(mine->drain(milliseconds(5'000)));  // answers at once that nobody is there
    inbox->change([](Inbox& box) { box.away = false; });
    EXPECT_TRUE(arrives({"0", "1", "2", "3", "4"}));
    EXPECT_TRUE(soon([&] {
        const std::lock_guard lock(inbox->mutex);
        return lines == std::vector<std::string>{"cannot be forwarded now: nobody there", "is forwarded again"};
    }));
}

TEST_F(Forwarding, RepeatsExactlyWhatWasNotAcknowledged) {
    log.add("one");
    auto mine = forwarder();
    EXPECT_TRUE(arrives({"one"}));
    EXPECT_TRUE(soon([&] { return PositionFile(log.position()).load().has_value(); }));
    inbox->change([](Inbox& box) { box.held_back = 8; });  // "two" and "three"
    log.add("two");
    log.add("three");
    EXPECT_TRUE(arrives({"one", "two", "three"}));
    inbox->change([](Inbox& box) { box.hung_up = true; });
    EXPECT_TRUE(soon([&] { return inbox->texts().size() >= 5; }));
    EXPECT_THAT(inbox->texts(), ElementsAre("one", "two", "three", "two", "three"));
    // The same for a daemon that ends meanwhile.
    mine.reset();
    inbox->change([](Inbox& box) { box.held_back = 0; });
    mine = forwarder();
    EXPECT_TRUE(arrives({"one", "two", "three", "two", "three", "two", "three"}));
}

TEST_F(Forwarding, ABrokenConnectionLosesNothing) {
    inbox->breaks = true;
    log.add("1");
    log.add("2");
    const auto mine = forwarder();
    EXPECT_TRUE(arrives({"1", "2"}));
    EXPECT_EQ(inbox->opened, 2);
}

TEST_F(Forwarding, WhatRotationTookIsSaidInItsPlace) {
    log.add("1");
    auto mine = forwarder();
    EXPECT_TRUE(arrives({"1"}));
    mine.reset();
    for (int i = 2; i < 7; ++i) {
        log.rotate(3);
        log.add(std::to_string(i));
    }
    mine = forwarder();
    EXPECT_TRUE(soon([&] { return inbox->texts().size() == 5; }));
    const auto texts = inbox->texts();
    ASSERT_EQ(texts.size(), 5U);
    EXPECT_THAT(texts[1], StartsWith("slipway: log records are missing here"));
    EXPECT_EQ(texts[2], "4");
}

TEST_F(Forwarding, TheBacklogIsBoundedAndSaysWhatItLost) {
    inbox->away = true;
    const auto mine = forwarder(1'000);
    for (int i = 0; i < 500; ++i) log.add(std::to_string(i));
    EXPECT_TRUE(soon([&] { return !mine->drain(milliseconds(1)); }));
    std::this_thread::sleep_for(milliseconds(400));  // several attempts
    inbox->change([](Inbox& box) { box.away = false; });
    EXPECT_TRUE(soon([&] {
        const auto texts = inbox->texts();
        return !texts.empty() && texts.back() == "499";
    }));
    const auto texts = inbox->texts();
    ASSERT_THAT(texts.front(), StartsWith("slipway: "));
    const size_t missing = std::stoul(texts.front().substr(9));
    EXPECT_EQ(missing + texts.size() - 1, 500U);
    EXPECT_LT(texts.size(), 20U);
    EXPECT_EQ(texts[1], std::to_string(missing));
}

TEST_F(Forwarding, OneThatDoesNotReadDoesNotKeepTheEndFromComing) {
    inbox->silent = true;
    log.add("1");
    auto mine = forwarder();
    std::this_thread::sleep_for(milliseconds(20));
    const auto began = std::chrono::steady_clock::now();
    mine.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
    inbox->silent = false;
    mine = forwarder();
    EXPECT_TRUE(arrives({"1"}));
}

// ---- sockets ---------------------------------------------------------------------------------------------------

class Socket {
public:
    Socket(int family, int type) : fd_(::socket(family, type | SOCK_CLOEXEC, 0)) {
        const timeval limit{5, 0};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    }
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~Socket() { shut(); }
    void shut() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    std::string bind_loopback() const {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        return std::to_string(ntohs(address.sin_port));
    }
    void bind_path(const std::filesystem::path& path) const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    }
    void listen() const { EXPECT_EQ(::listen(fd_, 4), 0); }
    Socket accept() const { return Socket(::accept(fd_, nullptr, nullptr)); }
    std::string receive() const {
        std::string bytes(65536, '\0');
        const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
        bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
        return bytes;
    }

private:
    int fd_;
};

class Sockets : public ::testing::Test {
protected:
    std::unique_ptr<Receiver> receiver(ReceiverAddress::Kind kind, const std::string& host, const std::string& port,
                                       const std::string& path = "") {
        return make_receiver({kind, host, port, path}, [this](const std::string& why) { dropped.push_back(why); });
    }
    Status send(Receiver& to, const std::vector<std::string>& messages) {
        return to.send(messages, accepted, [] { return true; });
    }
    Status open(Receiver& to) {
        return to.open([] { return true; });
    }
    using Kind = ReceiverAddress::Kind;
    TempDir dir;
    size_t accepted = 0;
    std::vector<std::string> dropped;
};

TEST_F(Sockets, DatagramsCarryOneMessageEach) {
    const Socket udp(AF_INET, SOCK_DGRAM), local(AF_UNIX, SOCK_DGRAM);
    const auto to_udp = receiver(Kind::kUdp, "127.0.0.1", udp.bind_loopback());
    local.bind_path(dir / "s");
    const auto to_local = receiver(Kind::kUnixDatagram, "", "", dir / "s");
    for (const auto& [to, at] : {std::pair{to_udp.get(), &udp}, std::pair{to_local.get(), &local}}) {
        ASSERT_TRUE(open(*to));
        ASSERT_TRUE(send(*to, {"one\n", "two\n"}));
        EXPECT_EQ(accepted, 2U);
        EXPECT_EQ(to->unacknowledged(), 0U);
        EXPECT_EQ(at->receive(), "one\n");
        EXPECT_EQ(at->receive(), "two\n");
    }
    ASSERT_TRUE(send(*to_udp, {std::string(70'000, 'x'), "three\n"}));
    EXPECT_EQ(accepted, 2U);
    EXPECT_EQ(udp.receive(), "three\n");
    EXPECT_THAT(dropped, ElementsAre(HasSubstr("70000 bytes is too long")));
}

TEST_F(Sockets, StreamsTellWhatWasTakenOver) {
    const Socket tcp(AF_INET, SOCK_STREAM), local(AF_UNIX, SOCK_STREAM);
    const auto to_tcp = receiver(Kind::kTcp, "localhost", tcp.bind_loopback());
    local.bind_path(dir / "s");
    const auto to_local = receiver(Kind::kUnixStream, "", "", dir / "s");
    for (const auto& [to, at] : {std::pair{to_tcp.get(), &tcp}, std::pair{to_local.get(), &local}}) {
        at->listen();
        ASSERT_TRUE(open(*to));
        Socket peer = at->accept();
        ASSERT_TRUE(send(*to, {"one\n", "two\n"}));
        EXPECT_EQ(peer.receive(), "one\ntwo\n");
        EXPECT_TRUE(soon([&] { return to->unacknowledged() == 0; }));
        EXPECT_FALSE(to->has_hung_up());
        peer.shut();
        EXPECT_TRUE(soon([&] { return to->has_hung_up(); }));
        to->close();
        EXPECT_EQ(to->unacknowledged(), UINT64_MAX);
    }
}

TEST_F(Sockets, NobodyThereIsSaid) {
    std::string port;
    {
        const Socket tcp(AF_INET, SOCK_STREAM);
        port = tcp.bind_loopback();
    }
    const auto tcp = receiver(Kind::kTcp, "127.0.0.1", port), local = receiver(Kind::kUnixDatagram, "", "", dir / "no");
    EXPECT_THAT(open(*tcp).error().message(), HasSubstr("connect to 127.0.0.1:" + port + ": Connection refused"));
    EXPECT_THAT(open(*local).error().message(), HasSubstr("No such file"));
    EXPECT_FALSE(open(*receiver(Kind::kUnixDatagram, "", "", "/" + std::string(200, 'x'))));
    EXPECT_FALSE(tcp->is_open());
}

TEST_F(Sockets, AStreamThatNobodyReadsCanBeGivenUp) {
    const Socket local(AF_UNIX, SOCK_STREAM);
    local.bind_path(dir / "s");
    local.listen();
    const auto to = receiver(Kind::kUnixStream, "", "", dir / "s");
    ASSERT_TRUE(open(*to));
    const Socket peer = local.accept();
    int asked = 0;
    const Status sent = to->send({std::string(8 << 20, 'x')}, accepted, [&] { return ++asked < 3; });
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code(), ErrorCode::kCancelled);
    EXPECT_EQ(accepted, 0U);
    EXPECT_FALSE(to->is_open());
}

// ---- engine ----------------------------------------------------------------------------------------------------

class ForwardedContainers : public EngineFixture {
protected:
    ForwardedContainers() : socket(AF_UNIX, SOCK_DGRAM) {
        socket.bind_path(dir / "journal");
        options.journal_socket = dir / "journal";
    }
    static json journald(const json& config = json::object()) {
        return {{"LogConfig", {{"Type", "journald"}, {"Config", config}}}};
    }
    void say(const std::string& id, const std::string& text) {
        write_file(record(id)->log_path, record_text(text), true);
    }
    TempDir dir;
    Socket socket;
};

TEST_F(ForwardedContainers, SendTheirRecordsWithTheirNames) {
    const std::string id = create_started({"sleep"}, journald({{"labels", "made-by"}, {"tag", "{{.Name}}!"}}), "web");
    say(id, "hello");
    const std::string entry = socket.receive();
    for (const std::string& field :
         {"CONTAINER_ID=" + id.substr(0, 12), "CONTAINER_ID_FULL=" + id, std::string("CONTAINER_NAME=web"),
          std::string("CONTAINER_TAG=web!"), std::string("SYSLOG_IDENTIFIER=web!"), std::string("MADE_BY=test"),
          std::string("PRIORITY=6"), std::string("MESSAGE=hello")}) {
        EXPECT_THAT("\n" + entry, HasSubstr("\n" + field + "\n"));
    }
    EXPECT_EQ(sim->container(id).log->max_bytes, 20U << 20);
}

TEST_F(ForwardedContainers, GoOnWithTheNextDaemon) {
    const std::string id = create_started({"sleep"}, journald(), "web");
    say(id, "one");
    EXPECT_THAT(socket.receive(), HasSubstr("MESSAGE=one\n"));
    reopen([&] { write_file((root / "data" / "containers" / id / (id + "-json.log")), record_text("two"), true); });
    EXPECT_THAT(socket.receive(), HasSubstr("MESSAGE=two\n"));
    say(id, "three");
    EXPECT_THAT(socket.receive(), HasSubstr("MESSAGE=three\n"));
}

TEST_F(ForwardedContainers, SendTheirLastWordsBeforeTheyAreRemoved) {
    const std::string id = create_started({"sleep"}, journald(), "web");
    for (int i = 0; i < 8; ++i) say(id, std::to_string(i));  // what a local socket holds unread
    ASSERT_TRUE(engine->remove_container(id, {.force = true}));
    for (int i = 0; i < 8; ++i) EXPECT_THAT(socket.receive(), HasSubstr("MESSAGE=" + std::to_string(i) + "\n"));
}

TEST_F(ForwardedContainers, AMachineWithoutAJournalRefusesTheStart) {
    std::filesystem::remove(dir / "journal");
    const std::string id = create({"sleep"}, journald());
    const auto started = engine->start_container(id);
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message(),
                HasSubstr("failed to initialize logging driver: journald is not enabled on this host"));
    expect_no_residue();
}

TEST_F(ForwardedContainers, ADisabledCacheIsNotRead) {
    const std::string id = create_started({"sleep"}, journald({{"cache-disabled", "true"}}));
    const Status read = engine->read_logs(id, {}, [](const LogLine&) { return true; }, {});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message(), "configured logging driver does not support reading");
}

}  // namespace
}  // namespace slipway::test
