// Who reaches the daemon, and what its clients can do to each other: rows S-34 to S-43, S-100, S-101, S-106, S-107.
#include <tree/tree.hpp>
#include "security.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <functional>
#include <map>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Not;

// Inodes of the sockets a process has open.
std::set<std::string> sockets_of(pid_t pid) {
    std::set<std::string> inodes;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        std::error_code gone;
        const std::string target = fs::read_symlink(entry.path(), gone).string();
        if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
    }
    return inodes;
}

// Lines of a table of sockets that belong to one of `inodes`.
std::string lines_with(const std::string& table, const std::set<std::string>& inodes) {
    std::istringstream lines(read_file("/proc/self/net/" + table));
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        for (std::string word; words >> word;) {
            if (inodes.count(word) != 0) {
                found += table + ": " + line + "\n";
                break;
            }
        }
    }
    return found;
}

// The daemon's supervisors.
std::vector<pid_t> children_of(pid_t parent) {
    std::istringstream pids(run({"pgrep", "-P", std::to_string(parent)}).out);
    std::vector<pid_t> all;
    for (pid_t pid = 0; pids >> pid;) all.push_back(pid);
    return all;
}

size_t threads_of(pid_t pid) {
    return static_cast<size_t>(std::distance(fs::directory_iterator("/proc/" + std::to_string(pid) + "/task"), {}));
}

TEST_F(Security, S34_TheApiIsOnNoNetwork) {
    docker_ok({"run", "-d", "--name", "con", "box", "sleep", "600"});
    std::set<std::string> inodes = sockets_of(daemon->pid());
    ASSERT_THAT(lines_with("unix", inodes), HasSubstr(daemon->socket())) << "the sockets are found by their inodes";
    for (const pid_t child : children_of(daemon->pid())) inodes.merge(sockets_of(child));
    for (const char* table : {"tcp", "tcp6", "udp", "udp6"}) EXPECT_EQ(lines_with(table, inodes), "");
    // And what is on the gateway is no answer of ours.
    const std::string answers =
        docker_ok({"exec", "con", "sh", "-c",
                   "gw=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); for p in 80 2375 2376 4243 7777; do "
                   "printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | nc -w 1 $gw $p 2>/dev/null; done; echo asked $gw"});
    EXPECT_THAT(answers, StartsWith("asked 1"));
}

TEST_F(Security, S35_NoSocketIsReachedWithoutItsDirectory) {
    docker_ok({"run", "-d", "--name", "con", "--network", "host", "box", "sleep", "600"});
    std::set<std::string> inodes = sockets_of(daemon->pid());
    for (const pid_t child : children_of(daemon->pid())) inodes.merge(sockets_of(child));
    const std::string ours = lines_with("unix", inodes);
    EXPECT_THAT(ours, Not(HasSubstr("@"))) << "abstract names belong to the network name space";
    // A container with the host's network sees names of sockets, but none it could connect to.
    const std::string seen = docker_ok({"exec", "con", "cat", "/proc/net/unix"});
    std::istringstream lines(seen);
    for (std::string line; std::getline(lines, line);) {
        if (line.find(daemon->root()) == std::string::npos) continue;
        const std::string path = line.substr(line.find('/'));
        EXPECT_NE(docker({"exec", "con", "ls", path}).exit_code, 0) << path;
        struct stat info {};
        if (path == daemon->socket() || ::stat(fs::path(path).parent_path().c_str(), &info) != 0) continue;
        EXPECT_EQ(info.st_mode & 0077U, 0U) << path;
    }
    // Those that are bound by other names than they have: each lies in a directory that is its owner's alone.
    int found = 0;
    for (const auto& entry : fs::recursive_directory_iterator(daemon->root() + "/run")) {
        if (!entry.is_socket()) continue;
        ++found;
        struct stat info {};
        ASSERT_EQ(::stat(entry.path().parent_path().c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0077U, 0U) << entry.path();
    }
    EXPECT_GT(found, 0);
}

// The same when the daemon inherits a mask that takes nothing away.
class WideMask : public Security {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options wide;
        wide.launcher = {"setpriv", "--pdeathsig", "KILL", "sh", "-c", "umask 0000; exec \"$@\"", "sh"};
        return wide;
    }
};

TEST_F(WideMask, S36_S37_OthersSeeNothingOfTheDaemonsFiles) {
    docker_ok({"volume", "create", "vol"});
    docker_ok({"run", "-d", "--name", "con", "-v", "vol:/vol", "--log-opt", "max-size=1m", "box", "sh", "-c",
               "echo line; sleep 600"});
    ASSERT_EQ(::chmod(daemon->root().c_str(), 0755), 0);  // so that it is not the test's own directory that keeps out
    const auto as_nobody = [](std::vector<std::string> command) {
        command.insert(command.begin(), {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
        return run(command);
    };
    const auto look = [&] {
        int files = 0;
        for (const std::string& top : {daemon->data_root(), daemon->exec_root()}) {
            EXPECT_NE(as_nobody({"ls", top}).exit_code, 0) << top;
            EXPECT_NE(as_nobody({"touch", top + "/planted"}).exit_code, 0) << top;
            std::string names;
            for (const auto& entry :
                 fs::recursive_directory_iterator(top, fs::directory_options::skip_permission_denied)) {
                if (!entry.is_symlink()) names += entry.path().string() + '\0';
                ++files;
            }
            RunOptions listed;
            listed.input = names;
            const RunResult reached =
                run({"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "xargs", "-0", "sh", "-c",
                     "for p; do [ -r \"$p\" ] && echo \"$p\"; [ -w \"$p\" ] && echo \"$p\"; done; true", "sh"},
                    listed);
            EXPECT_EQ(reached.out, "");
        }
        EXPECT_GT(files, 30);
        struct stat info {};
        EXPECT_EQ(::stat(daemon->socket().c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777U, 0660U);
        EXPECT_EQ(::stat(daemon->data_root().c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0007U, 0U);
        for (const auto& entry : fs::recursive_directory_iterator(daemon->data_root())) {
            const std::string name = entry.path().filename().string();
            if (name.find(".db") == std::string::npos && !name.ends_with("-json.log")) continue;
            EXPECT_EQ(::stat(entry.path().c_str(), &info), 0);
            EXPECT_EQ(info.st_mode & 0037U, 0U) << entry.path();
        }
    };
    look();
    daemon->stop_daemon();
    ASSERT_EQ(::chmod(daemon->data_root().c_str(), 0777), 0);  // a careless hand
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    look();
}

TEST_F(Security, S37_AGroupThatDoesNotExistKeepsTheDaemonFromStarting) {
    const std::string program = std::string(tree::kBuild) + "/bin/slipwayd";
    const std::string root = daemon->root() + "/other";
    const RunResult result = run({program, "--group", "no-such-group", "-H", "unix://" + root + ".sock", "--data-root",
                                  root + "/data", "--exec-root", root + "/run", "--config-file", "/dev/null"},
                                 {});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.out + result.err, HasSubstr("no-such-group"));
    EXPECT_FALSE(fs::exists(root + ".sock"));
}

TEST_F(Security, S38_PlainTcpIsRefused) {
    const std::string program = std::string(tree::kBuild) + "/bin/slipwayd";
    const std::string root = daemon->root() + "/other";
    for (const std::vector<std::string>& more :
         {std::vector<std::string>{"-H", "tcp://127.0.0.1:" + std::to_string(free_port())},
          {"-H", "tcp://0.0.0.0:" + std::to_string(free_port()), "--insecure-loopback"}}) {
        std::vector<std::string> command = {program, "--data-root", root + "/data", "--exec-root", root + "/run"};
        command.insert(command.end(), more.begin(), more.end());
        const RunResult result = run(command);
        EXPECT_EQ(result.exit_code, 1) << more[1];
        EXPECT_THAT(result.out + result.err, HasSubstr("refusing to listen")) << more[1];
    }
}

class Loopback : public Security {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options tcp;
        port_ = std::to_string(free_port());
        tcp.arguments = {"-H", "tcp://127.0.0.1:" + port_, "--insecure-loopback"};
        return tcp;
    }
    int status(const std::vector<std::string>& headers, const std::string& method = "GET",
               const std::string& path = "/_ping") const {
        std::vector<std::string> command = {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method};
        for (const std::string& header : headers) command.insert(command.end(), {"-H", header});
        command.push_back("http://127.0.0.1:" + port_ + path);
        return std::atoi(run(command).out.c_str());
    }
    mutable std::string port_;
};

TEST_F(Loopback, S40_PagesOfABrowserGetNothing) {
    EXPECT_EQ(status({}), 200);
    EXPECT_EQ(status({"Host: localhost:" + port_}), 200);
    for (const char* host : {"evil.example", "127.0.0.1.nip.io", "localhost.evil.example", "10.0.0.1"}) {
        EXPECT_EQ(status({std::string("Host: ") + host}), 403) << host;
    }
    EXPECT_EQ(status({"Host;"}), 403) << "an empty one";
    EXPECT_EQ(status({"Origin: https://evil.example"}), 403);
    EXPECT_EQ(status({"Origin: null"}), 403);
    EXPECT_EQ(status({"Sec-Fetch-Site: cross-site"}), 403);
    EXPECT_EQ(status({"Origin: https://evil.example"}, "GET", "/containers/x/attach/ws"), 403);
    // What a form can send is not taken for JSON.
    EXPECT_THAT(status({"Content-Type: text/plain"}, "POST", "/containers/create"), AnyOf(Eq(400), Eq(415)));
    const RunResult options = run({"curl", "-s", "-i", "-X", "OPTIONS", "-H", "Origin: http://127.0.0.1:" + port_,
                                   "http://127.0.0.1:" + port_ + "/containers/json"});
    EXPECT_THAT(options.out, Not(HasSubstr("Access-Control")));
    // Over the unix socket clients say what they like.
    EXPECT_EQ(raw("GET", "/_ping").status, 200);
    EXPECT_THAT(daemon->http("GET", "/_ping", "", {"-H", "Host: evil.example"}).out, ::testing::EndsWith("200"));
}

TEST_F(Security, S30_S31_NothingIsMadeOfABodyThatCanBeReadTwoWays) {
    const std::string body = R"({"Image":"box","Cmd":["true"],"HostConfig":{"Privileged":true}})";
    const std::string length = std::to_string(body.size());
    char chunk[16];
    std::snprintf(chunk, sizeof(chunk), "%zx", body.size());
    const std::string chunked = std::string(chunk) + "\r\n" + body + "\r\n0\r\n\r\n";
    const std::string head = "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n";
    const std::vector<std::pair<const char*, std::string>> requests = {
        {"length 0 and a body", head + "Content-Length: 0\r\n\r\n" + body},
        {"both", head + "Content-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked},
        {"two lengths", head + "Content-Length: 0\r\nContent-Length: " + length + "\r\n\r\n" + body},
        {"two equal lengths", head + "Content-Length: " + length + "\r\nContent-Length: " + length + "\r\n\r\n" + body},
        {"a sign", head + "Content-Length: +" + length + "\r\n\r\n" + body},
        {"a short length", head + "Content-Length: 10\r\n\r\n" + body},
        {"hidden coding", head + "Transfer-Encoding: x, chunked\r\n\r\n" + chunked},
        {"spaced header", head + "Content-Length : " + length + "\r\n\r\n" + body},
        {"folded", head + "Content-Length:\r\n " + length + "\r\n\r\n" + body},
        {"bare line feeds", "POST /containers/create HTTP/1.1\nHost: d\nContent-Length: " + length + "\n\n" + body},
        {"compressed", head + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x01"},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}};
    for (const auto& [what, text] : requests) {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        daemon->socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
        ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        ASSERT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        ::shutdown(fd, SHUT_WR);
        std::string answer;
        char buffer[4096];
        for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) > 0;)
            answer.append(buffer, static_cast<size_t>(got));
        ::close(fd);
        EXPECT_THAT(answer, Not(HasSubstr(" 201 "))) << what;
        // A head without an end is waited for until its sender leaves.
        EXPECT_THAT(answer, AnyOf(StartsWith("HTTP/1.1 4"), Eq(""))) << what;
    }
    EXPECT_EQ(docker_ok({"ps", "-aq"}), "");
    // Sizes: padded to just what is read, and above it. Whoever decides sees all of it, or there is no request.
    const auto padded = [&](size_t size) {
        return raw("POST", "/containers/create", body + std::string(size - body.size(), ' ')).status;
    };
    EXPECT_EQ(padded((1 << 20) + 1), 201);
    EXPECT_EQ(docker_ok({"inspect", "-f", "{{.HostConfig.Privileged}}", docker_ok({"ps", "-aq"})}), "true");
    const std::string path = daemon->root() + "/padded";
    write_file(path, body + std::string((4 << 20) + 1, ' '));
    EXPECT_THAT(
        daemon->http("POST", "/containers/create", "", {"-H", "Content-Type: application/json", "-T", path}).out,
        ::testing::EndsWith("413"));
    EXPECT_EQ(raw("POST", "/containers/create", std::string(100, '[') + std::string(100, ']')).status, 400);
    // A key that is there twice: whoever decides may have read the other one.
    const std::string kept = docker_ok({"ps", "-aq"});
    for (const char* twice : {R"({"Image":"box","HostConfig":{"Privileged":false},"HostConfig":{"Privileged":true}})",
                              R"({"Image":"box","HostConfig":{"Privileged":false,"Privileged":true}})",
                              R"({"Image":"box","HostConfig":{"Privileged":false,"\u0050rivileged":true}})"}) {
        const HttpReply reply = raw("POST", "/containers/create", twice);
        EXPECT_EQ(reply.status, 400) << twice;
        EXPECT_THAT(reply.body, HasSubstr("is there more than once")) << twice;
    }
    EXPECT_EQ(raw("POST", "/volumes/create", R"({"Name":"one","Name":"two"})").status, 400);
    EXPECT_EQ(docker_ok({"ps", "-aq"}), kept);
    EXPECT_EQ(docker_ok({"volume", "ls", "-q"}), "");
}

TEST_F(Security, S42_SlowAndIdleClientsDelayNobody) {
    std::vector<int> sockets;
    for (int i = 0; i < 900; ++i) {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        daemon->socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
        if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
            const std::string part = i % 2 == 0 ? "" : "GET /_ping HTTP/1.1\r\nX: ";
            (void)!::send(fd, part.data(), part.size(), MSG_NOSIGNAL);
        }
        sockets.push_back(fd);
    }
    double slowest = 0;
    for (int i = 0; i < 50; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(raw("GET", "/_ping").status, 200);
        slowest = std::max(slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    EXPECT_LT(slowest, 2.0);
    for (const int fd : sockets) ::close(fd);
    std::string headers;
    for (int i = 0; i < 1000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
    EXPECT_EQ(raw("GET", "/_ping HTTP/1.1\r\n" + headers + "X: y").status, 400);
    std::string query = "/containers/json?a=1";
    for (int i = 0; i < 10'000; ++i) query += "&a=1";
    EXPECT_EQ(raw("GET", query).status, 400);
}

TEST_F(Security, S43_CredentialsAppearNowhere) {
    const std::string token = "TOKEN-" + std::to_string(::getpid()) + "-NEVER-SHOWN";
    const std::string encoded =
        run({"sh", "-c", "printf '{\"username\":\"u\",\"password\":\"" + token + "\"}' | base64 -w0"}).out;
    (void)daemon->http("POST", "/images/create?fromImage=localhost/x&tag=1", "", {"-H", "X-Registry-Auth: " + encoded});
    (void)daemon->http("POST", "/auth", "{\"username\":\"u\",\"password\":\"" + token + "\"}",
                       {"-H", "Content-Type: application/json"});
    (void)daemon->http("POST", "/images/x/push", "", {"-H", "X-Registry-Auth: " + encoded});
    // An environment is the container's, not the log's.
    docker_ok({"run", "--rm", "-e", "SECRET=" + token, "box", "true"});
    docker_ok({"run", "-d", "--name", "con", "-e", "SECRET=" + token, "box", "sleep", "600"});
    docker_ok({"exec", "-e", "OTHER=" + token, "con", "true"});
    const std::string log = daemon->log();
    EXPECT_THAT(log, Not(HasSubstr(token)));
    EXPECT_THAT(log, Not(HasSubstr(encoded.substr(0, 40))));
    EXPECT_THAT(events_so_far({}), Not(HasSubstr(token)));
    EXPECT_THAT(raw("GET", "/info").body, Not(HasSubstr(token)));
    for (const pid_t child : children_of(daemon->pid())) {
        const std::string proc = "/proc/" + std::to_string(child);
        EXPECT_THAT(read_file(proc + "/cmdline") + read_file(proc + "/environ"), Not(HasSubstr(token)));
    }
}

// The most that a daemon and any one of its supervisors hold while this lives: a supervisor is gone when its exec ends.
class PeakMemory {
public:
    PeakMemory(pid_t daemon, std::function<size_t(pid_t)> memory_of)
        : thread_([this, daemon, memory_of = std::move(memory_of)] {
              while (!stop_) {
                  daemon_ = std::max(daemon_, memory_of(daemon));
                  for (const pid_t child : children_of(daemon)) {
                      // Until it executes the supervisor, a child has the daemon's memory.
                      const std::string command = read_file("/proc/" + std::to_string(child) + "/cmdline");
                      if (command.starts_with("slipway-supervisor"))
                          supervisor_ = std::max(supervisor_, memory_of(child));
                  }
                  ++looks_;
                  std::this_thread::sleep_for(200ms);
              }
          }) {}
    PeakMemory(const PeakMemory&) = delete;
    PeakMemory& operator=(const PeakMemory&) = delete;
    ~PeakMemory() { end(); }
    void end() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }
    // After end().
    size_t daemon() const { return daemon_; }
    size_t supervisor() const { return supervisor_; }
    int looks() const { return looks_; }

private:
    size_t daemon_ = 0, supervisor_ = 0;
    int looks_ = 0;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

TEST_F(Security, S100_OutputIsNotCollected) {
    docker_ok({"run", "-d", "--name", "con", "box", "sleep", "600"});
    docker_ok({"exec", "con", "true"});
    const size_t before = daemon_memory();
    constexpr size_t kMore = size_t{16} << 20;
    PeakMemory peak(daemon->pid(), [](pid_t pid) { return memory_of(pid); });
    // Read by a client, by a slow one, and by nobody. Each is four times what memory may grow by, which is enough to
    // tell; ten times as much tells no more, and takes minutes where others use the processors, too.
    EXPECT_EQ(trimmed(run({"sh", "-c", "docker -H " + daemon->host() + " exec con head -c 64m /dev/zero | wc -c"}).out),
              "67108864");
    Background slow = Background::start(
        {"sh", "-c", "docker -H " + daemon->host() + " exec con cat /dev/zero | (sleep 3; head -c 1)"}, "/dev/null");
    docker_ok({"exec", "-d", "con", "sh", "-c", "head -c 64m /dev/zero; echo done > /finished"});
    EXPECT_TRUE(eventually([&] { return docker({"exec", "con", "test", "-e", "/finished"}).exit_code == 0; }, 60s));
    EXPECT_TRUE(slow.wait(20s).has_value());
    peak.end();
    EXPECT_GT(peak.looks(), 10);
    EXPECT_LT(peak.daemon(), before + kMore);
    EXPECT_GT(peak.supervisor(), 0U);
    EXPECT_LT(peak.supervisor(), kMore);
}

TEST_F(Security, S101_FailedAndAbandonedStreamsLeaveNothing) {
    docker_ok({"run", "-d", "--name", "con", "box", "sleep", "600"});
    const auto round = [&] {
        for (int i = 0; i < 10; ++i) {
            const HttpReply made =
                raw("POST", "/containers/con/exec", R"({"Cmd":["no-such-command"],"Tty":true,"AttachStdout":true})");
            ASSERT_EQ(made.status, 201);
            const std::string id = json::parse(made.body)["Id"];
            (void)raw("POST", "/exec/" + id + "/start", R"({"Tty":true})");
            RawRequest abandoned(daemon->socket(), "POST", "/containers/con/attach?stream=1&stdout=1");
            std::this_thread::sleep_for(2ms);
            abandoned.hang_up();
            RawRequest follower(daemon->socket(), "GET", "/containers/con/logs?follow=1&stdout=1");
            std::this_thread::sleep_for(2ms);
            follower.hang_up();
        }
    };
    round();
    std::this_thread::sleep_for(500ms);
    const MachineState before = daemon->machine_at_rest();
    const size_t threads = threads_of(daemon->pid());
    for (int i = 0; i < 10; ++i) round();
    EXPECT_EQ(daemon->leaks_since(before), "");
    EXPECT_TRUE(eventually([&] { return threads_of(daemon->pid()) <= threads + 2; }))
        << threads_of(daemon->pid()) << " of " << threads;
    EXPECT_EQ(docker_ok({"exec", "con", "sh", "-c", "ls /proc | grep -c '^[0-9]'"}), "4") << "sleep, sh, ls and grep";
}

TEST_F(Security, S106_LimitsAreNamed) {
    json mounts = json::object();
    for (int i = 0; i < 2000; ++i) mounts["/t/" + std::to_string(i)] = "";
    const HttpReply made =
        raw("POST", "/containers/create?name=many",
            json({{"Image", "box"}, {"Cmd", {"true"}}, {"HostConfig", {{"Tmpfs", mounts}, {"NetworkMode", "none"}}}})
                .dump());
    const HttpReply refused = made.status == 201 ? raw("POST", "/containers/many/start") : made;
    EXPECT_THAT(refused.status, AnyOf(Eq(400), Eq(500), Eq(507))) << refused.body;
    EXPECT_THAT(refused.body, AnyOf(HasSubstr("too many"), HasSubstr("more than"))) << refused.body;
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "echo", "next"}), "next");
    const std::string forked =
        script_output("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo done", {"--pids-limit", "4"});
    EXPECT_THAT(forked, HasSubstr("fork"));
}

TEST_F(Security, S107_HostileFiltersAreRefusedAtOnce) {
    const auto encoded = [](const std::string& text) {
        std::string out;
        char hex[4];
        for (const unsigned char c : text) {
            std::snprintf(hex, sizeof(hex), "%%%02X", c);
            out += hex;
        }
        return out;
    };
    std::string values;
    for (int i = 0; i < 9000; ++i) values += (i == 0 ? "\"" : ",\"") + std::to_string(i % 10) + "\"";
    const std::vector<std::pair<std::string, int>> filters = {{encoded(std::string(5000, '[')), 400},
                                                              {std::string(50'000, '['), 400},
                                                              {std::string(100'000, '['), 431},
                                                              {encoded("{\"label\":[\"\xff\xfe\"]}"), 400},
                                                              {encoded("{\"name\":[\"(a+)+$\"]}"), 200},
                                                              {encoded("{\"nonsense\":[\"x\"]}"), 400},
                                                              {encoded("{\"label\":5}"), 400}};
    for (const char* path : {"/containers/json?all=1&filters=", "/events?until=1&filters=", "/images/json?filters=",
                             "/volumes?filters="}) {
        for (const auto& [filter, status] : filters) {
            const auto begin = std::chrono::steady_clock::now();
            const HttpReply reply = raw("GET", path + filter);
            EXPECT_THAT(reply.status, AnyOf(Eq(status), Eq(400)))
                << path << filter.substr(0, 60) << reply.body.substr(0, 200);
            EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s) << path << filter.substr(0, 60);
        }
    }
}

}  // namespace
}  // namespace slipway::testing
