// Logs that are sent on to syslog and to the journal, with real sockets at the other end.
#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Not;

// The other end: collects what comes for as long as it is open.
class Collector {
public:
    Collector(int family, int type) : type_(type), fd_(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;
    ~Collector() { shut(); }

    // `port` 0: any.
    int bind_port(int port = 0) {
        const int yes = 1;
        setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<uint16_t>(port));
        socklen_t size = sizeof(address);
        EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        if (type_ == SOCK_STREAM) listen(fd_, 4);
        return ntohs(address.sin_port);
    }
    void bind_path(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        if (type_ == SOCK_STREAM) listen(fd_, 4);
    }
    void shut() {
        if (peer_ >= 0) close(std::exchange(peer_, -1));
        if (fd_ >= 0) close(std::exchange(fd_, -1));
    }

    const std::string& so_far() {
        if (type_ == SOCK_STREAM && peer_ < 0) peer_ = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        char bytes[65536];
        const int from = type_ == SOCK_STREAM ? peer_ : fd_;
        for (ssize_t got = 1; from >= 0 && got > 0;) {
            got = recv(from, bytes, sizeof(bytes), 0);
            if (got > 0) got_.append(bytes, static_cast<size_t>(got));
        }
        return got_;
    }
    bool gets(const std::string& text) {
        return eventually([&] { return so_far().find(text) != std::string::npos; });
    }

private:
    const int type_;
    int fd_ = -1, peer_ = -1;
    std::string got_;
};

size_t count_of(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

class LogForwarding : public DockerClient {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options options;
        options.arguments = {"--journald-socket", journal()};
        return options;
    }
    static std::string journal() { return "/tmp/slwt-journal-" + std::to_string(getpid()); }
    void TearDown() override {
        daemon.reset();
        std::filesystem::remove(journal());
        std::filesystem::remove(journal() + ".syslog");
    }
    void run_syslog(const std::string& name, const std::string& address, const std::string& script,
                    std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments = {"run",          "-d",     "--name",    name,
                                              "--log-driver", "syslog", "--log-opt", "syslog-address=" + address};
        for (std::string& argument : more) arguments.push_back(std::move(argument));
        for (const std::string& argument : {std::string("box"), std::string("sh"), std::string("-c"), script}) {
            arguments.push_back(argument);
        }
        docker_ok(std::move(arguments));
    }
};

TEST_F(LogForwarding, SyslogGetsEachLineAndTheLogIsReadAsWell) {
    Collector udp(AF_INET, SOCK_DGRAM), local(AF_UNIX, SOCK_DGRAM), stream(AF_UNIX, SOCK_STREAM);
    const std::string port = std::to_string(udp.bind_port());
    run_syslog(
        "web", "udp://127.0.0.1:" + port, "echo out; echo err >&2",
        {"--log-opt", "tag={{.Name}}", "--log-opt", "syslog-facility=local3", "--log-opt", "syslog-format=rfc5424"});
    EXPECT_TRUE(udp.gets(" web - out\n"));
    EXPECT_TRUE(udp.gets(" web - err\n"));
    EXPECT_THAT(udp.so_far(), HasSubstr("<158>1 20"));  // 19 * 8 + 6
    EXPECT_THAT(udp.so_far(), HasSubstr("<155>1 20"));
    EXPECT_EQ(docker_ok({"wait", "web"}), "0");
    EXPECT_EQ(docker({"logs", "web"}).out, "out\n");
    EXPECT_EQ(docker({"logs", "web"}).err, "err\n");
    EXPECT_EQ(inspect("web", "{{.HostConfig.LogConfig.Type}}"), "syslog");

    local.bind_path(journal() + ".syslog");
    run_syslog("local", "unixgram://" + journal() + ".syslog", "echo hello");
    EXPECT_TRUE(local.gets(" " + inspect("local", "{{.Id}}").substr(0, 12) + "["));
    EXPECT_TRUE(local.gets("]: hello\n"));
    EXPECT_THAT(local.so_far(), StartsWith("<30>"));
    local.shut();
    std::filesystem::remove(journal() + ".syslog");
    stream.bind_path(journal() + ".syslog");
    run_syslog("stream", "unix://" + journal() + ".syslog", "seq 3");
    EXPECT_TRUE(stream.gets("]: 3\n"));
    EXPECT_EQ(count_of(stream.so_far(), "<30>"), 3U);
}

TEST_F(LogForwarding, AReceiverThatIsAwayNeverHoldsTheContainerAndGetsItLater) {
    const int port = free_port();
    const auto began = std::chrono::steady_clock::now();
    run_syslog("web", "tcp://127.0.0.1:" + std::to_string(port), "seq 1 20000; echo done; sleep 600");
    EXPECT_TRUE(eventually([&] { return docker({"logs", "--tail", "1", "web"}).out == "done\n"; }));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
    EXPECT_THAT(daemon->log(), HasSubstr("cannot be forwarded now: connect to 127.0.0.1:"));

    Collector tcp(AF_INET, SOCK_STREAM);
    tcp.bind_port(port);
    EXPECT_TRUE(tcp.gets("]: done\n"));
    EXPECT_EQ(count_of(tcp.so_far(), "\n"), 20'001U);
    EXPECT_THAT(tcp.so_far(), HasSubstr("]: 1\n"));
}

TEST_F(LogForwarding, ADaemonThatIsKilledLosesNothing) {
    Collector tcp(AF_INET, SOCK_STREAM);
    const int port = tcp.bind_port();
    run_syslog(
        "web", "tcp://127.0.0.1:" + std::to_string(port),
        "i=0; while [ $i -lt 3000 ]; do echo line-$i-; i=$((i+1)); done; while [ ! -e /go ]; do sleep 0.05; done; "
        "echo last-words-; sleep 600");
    EXPECT_TRUE(tcp.gets("line-100-\n"));
    daemon->kill_daemon();
    std::string all = tcp.so_far();
    tcp.shut();
    Collector second(AF_INET, SOCK_STREAM);
    second.bind_port(port);
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    docker_ok({"exec", "web", "touch", "/go"});
    EXPECT_TRUE(second.gets("last-words-\n"));
    all += second.so_far();
    std::string missing;
    for (int i = 0; i < 3000; ++i) {
        if (count_of(all, "]: line-" + std::to_string(i) + "-\n") == 0) missing += std::to_string(i) + " ";
    }
    EXPECT_EQ(missing, "");
    EXPECT_EQ(count_of(all, "last-words-"), 1U);
}

TEST_F(LogForwarding, ARestartedDaemonRepeatsNothingThatWasTakenOver) {
    Collector udp(AF_INET, SOCK_DGRAM);
    run_syslog("web", "udp://127.0.0.1:" + std::to_string(udp.bind_port()),
               "echo one-; while [ ! -e /go ]; do sleep 0.05; done; echo two-; sleep 600");
    EXPECT_TRUE(udp.gets("one-\n"));
    std::this_thread::sleep_for(300ms);  // the place is kept behind what was sent
    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    docker_ok({"exec", "web", "touch", "/go"});
    EXPECT_TRUE(udp.gets("two-\n"));
    EXPECT_EQ(count_of(udp.so_far(), "one-"), 1U);
    docker_ok({"restart", "-t", "0", "web"});
    EXPECT_TRUE(eventually([&] { return count_of(udp.so_far(), "two-") == 2; }));
    EXPECT_EQ(count_of(udp.so_far(), "one-"), 2U);
}

TEST_F(LogForwarding, TheJournalGetsFieldsAlsoOfAContainerThatRemovesItself) {
    EXPECT_THAT(docker({"run", "--rm", "--log-driver", "journald", "box", "true"}).err,
                HasSubstr("failed to initialize logging driver: journald is not enabled on this host"));
    Collector journal_socket(AF_UNIX, SOCK_DGRAM);
    journal_socket.bind_path(journal());
    docker_ok({"run",          "--rm",
               "--name",       "web",
               "--log-driver", "journald",
               "--log-opt",    "labels=com.example.role",
               "--log-opt",    "env=ZONE",
               "--log-opt",    "tag={{.ImageName}}/{{.Name}}",
               "--label",      "com.example.role=db",
               "-e",           "ZONE=west",
               "box",          "sh",
               "-c",           "echo last words"});
    EXPECT_TRUE(journal_socket.gets("MESSAGE=last words\n"));
    for (const char* field :
         {"CONTAINER_NAME=web\n", "CONTAINER_TAG=box/web\n", "SYSLOG_IDENTIFIER=box/web\n", "IMAGE_NAME=box\n",
          "COM_EXAMPLE_ROLE=db\n", "ZONE=west\n", "PRIORITY=6\n", "CONTAINER_ID=", "CONTAINER_ID_FULL="}) {
        EXPECT_THAT(journal_socket.so_far(), HasSubstr(field));
    }
}

TEST_F(LogForwarding, OptionsAreRefusedWithDockersTexts) {
    const auto refusal = [&](std::vector<std::string> options) {
        options.insert(options.begin(), "create");
        options.insert(options.end(), {"box", "true"});
        const RunResult result = docker(std::move(options));
        EXPECT_NE(result.exit_code, 0);
        return result.err;
    };
    EXPECT_THAT(refusal({"--log-driver", "syslog", "--log-opt", "colour=red"}),
                HasSubstr("unknown log opt 'colour' for syslog log driver"));
    EXPECT_THAT(refusal({"--log-driver", "journald", "--log-opt", "max-size=1m"}),
                HasSubstr("unknown log opt 'max-size' for journald log driver"));
    EXPECT_THAT(refusal({"--log-driver", "syslog", "--log-opt", "syslog-facility=x"}),
                HasSubstr("invalid syslog facility"));
    EXPECT_THAT(refusal({"--log-driver", "syslog", "--log-opt", "syslog-address=tcp+tls://host:1"}),
                HasSubstr("syslog over TLS is not implemented yet"));
    EXPECT_EQ(docker_ok({"info", "-f", "{{.Plugins.Log}}"}), "[journald json-file local none syslog]");
}

}  // namespace
}  // namespace slipway::testing
