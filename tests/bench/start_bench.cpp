// tests/bench/start_bench.cpp - what a start costs through the API, beside `crun run` and `runc run` of the same root.
//
//   start_bench [rounds] [idle ms]        30 rounds and 40 ms by default; needs root, crun and runc
//
// All competitors take turns inside one run, with an idle gap before each start, because a user's start comes out of
// the quiet and some waits of the kernel (grace periods) only show there. "response" is the time until POST .../start
// has answered: the command is running by then. For crun and runc it is the whole command with `true` inside, since
// they answer only at the end; "to exit" is the figure of ours that compares with that.
#include <support/daemon.hpp>

#include <nlohmann/json.hpp>

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using slipway::testing::DaemonUnderTest;

double milliseconds_since(Clock::time_point began) {
    return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

// Thrown, not exited with: the daemon under test takes its bridge, groups and directories away on the way out.
[[noreturn]] void give_up(const std::string& why) {
    throw std::runtime_error(why);
}

// One keep-alive connection, as a client library holds it.
class Http {
public:
    explicit Http(const std::string& path) {
        fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
            give_up("cannot connect " + path);
    }
    ~Http() { close(fd_); }
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;

    // Returns status and body; understands Content-Length, 204/304 and chunked replies.
    std::pair<int, std::string> call(const std::string& method, const std::string& path, const std::string& body = "") {
        std::string request =
            method + " " + path + " HTTP/1.1\r\nHost: d\r\nContent-Length: " + std::to_string(body.size());
        if (!body.empty()) request += "\r\nContent-Type: application/json";
        request += "\r\n\r\n" + body;
        if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) give_up("the daemon closed the connection");
        while (buffer_.find("\r\n\r\n") == std::string::npos) receive();
        const size_t head_end = buffer_.find("\r\n\r\n") + 4;
        const std::string head = buffer_.substr(0, head_end);
        buffer_.erase(0, head_end);
        const int status = std::atoi(head.c_str() + 9);
        if (status == 204 || status == 304) return {status, ""};
        if (head.find("hunked") != std::string::npos) return {status, chunked()};
        const size_t at = head.find("Content-Length: ");
        const size_t length = at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
        return {status, take(length)};
    }

private:
    void receive() {
        char data[16384];
        const ssize_t n = recv(fd_, data, sizeof(data), 0);
        if (n <= 0) give_up("the daemon closed the connection");
        buffer_.append(data, static_cast<size_t>(n));
    }
    std::string take(size_t length) {
        while (buffer_.size() < length) receive();
        std::string result = buffer_.substr(0, length);
        buffer_.erase(0, length);
        return result;
    }
    std::string chunked() {
        std::string result;
        for (;;) {
            while (buffer_.find("\r\n") == std::string::npos) receive();
            const size_t length = std::strtoul(buffer_.c_str(), nullptr, 16);
            take(buffer_.find("\r\n") + 2);
            result += take(length);
            take(2);
            if (length == 0) return result;
        }
    }

    int fd_;
    std::string buffer_;
};

struct Series {
    std::vector<double> values;
    double at(double share) const {
        std::vector<double> sorted = values;
        std::sort(sorted.begin(), sorted.end());
        return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
    }
};

// One kernel grace period, the unit of the waits worth removing.
double grace_period() {
    const auto began = Clock::now();
    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
    return milliseconds_since(began);
}

void run_slipway(Http& http, const std::string& network, std::map<std::string, Series>& results) {
    const std::string body = R"({"Image":"box","Cmd":["true"],"HostConfig":{"NetworkMode":")" + network + "\"}}";
    const auto [status, text] = http.call("POST", "/containers/create", body);
    if (status != 201) give_up("create: " + text);
    const std::string id = nlohmann::json::parse(text).at("Id");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));

    const auto began = Clock::now();
    const auto [started, error] = http.call("POST", "/containers/" + id + "/start");
    results["slipway " + network + ", response"].values.push_back(milliseconds_since(began));
    if (started != 204) give_up("start: " + error);
    http.call("POST", "/containers/" + id + "/wait");
    results["slipway " + network + ", to exit"].values.push_back(milliseconds_since(began));
    http.call("DELETE", "/containers/" + id + "?force=1");
}

void run_peer(const std::string& name, const std::string& bundle, int round, std::map<std::string, Series>& results) {
    const std::string id = "slwbench-" + std::to_string(getpid()) + "-" + std::to_string(round);
    const auto began = Clock::now();
    const auto result = slipway::testing::run({name, "run", "--bundle", bundle, id});
    results[name + " run"].values.push_back(milliseconds_since(began));
    if (result.exit_code != 0) give_up(name + " run: " + result.err);
}

// A bundle as `crun spec` writes it, with `true` instead of a shell and without a terminal.
std::string make_bundle(const std::string& directory) {
    fs::create_directories(directory + "/rootfs");
    slipway::testing::run({"tar", "-C", directory + "/rootfs", "-xf", slipway::testing::default_image_tar()});
    slipway::testing::run({"sh", "-c", "cd " + directory + " && crun spec"});
    auto spec = nlohmann::json::parse(slipway::testing::read_file(directory + "/config.json"));
    spec["process"]["args"] = {"true"};
    spec["process"]["terminal"] = false;
    slipway::testing::write_file(directory + "/config.json", spec.dump());
    return directory;
}

// crun 1.8 refuses machines whose cgroup2 mount beside v1 has a controller. The peers run in a mount name space of
// their own in which that mount is missing; the machine and our daemon, started before, keep theirs.
void hide_unified_hierarchy() {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        give_up("cannot make a mount name space for the peers");
    }
    umount2("/sys/fs/cgroup/unified", MNT_DETACH);
}

void print(const std::map<std::string, Series>& results) {
    const double crun = results.at("crun run").at(0.5);
    std::printf("%-28s %9s %9s %9s %9s   %s\n", "start of `true`", "min ms", "median", "p99", "n", "median / crun run");
    for (const auto& [name, series] : results) {
        std::printf("%-28s %9.2f %9.2f %9.2f %9zu   %.3f\n", name.c_str(), series.at(0), series.at(0.5),
                    series.at(0.99), series.values.size(), series.at(0.5) / crun);
    }
}

void measure(int rounds, std::chrono::milliseconds idle) {
    if (geteuid() != 0) give_up("needs root");
    if (rounds < 1) give_up("usage: start_bench [rounds] [idle ms]");

    DaemonUnderTest daemon;
    if (!daemon.problem().empty()) give_up(daemon.problem());
    const std::string bundle = make_bundle(daemon.root() + "/bundle");
    hide_unified_hierarchy();
    Http http(daemon.socket());

    std::map<std::string, Series> results;
    Series grace;
    const std::vector<std::function<void(int)>> competitors = {
        [&](int) { run_slipway(http, "none", results); },
        [&](int) { run_slipway(http, "host", results); },
        [&](int) { run_slipway(http, "bridge", results); },
        [&](int round) { run_peer("crun", bundle, round, results); },
        [&](int round) { run_peer("runc", bundle, round, results); },
    };
    for (int round = -2; round < rounds; ++round) {
        if (round == 0) results.clear();  // the first rounds warm every cache
        for (const auto& competitor : competitors) {
            std::this_thread::sleep_for(idle);
            competitor(round);
        }
        grace.values.push_back(grace_period());
    }
    std::printf("%d rounds, %d ms of rest before each start, one grace period %.1f ms (median)\n", rounds,
                static_cast<int>(idle.count()), grace.at(0.5));
    print(results);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        measure(argc > 1 ? std::atoi(argv[1]) : 30, std::chrono::milliseconds(argc > 2 ? std::atoi(argv[2]) : 40));
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "start_bench: %s\n", e.what());
        return 1;
    }
}
