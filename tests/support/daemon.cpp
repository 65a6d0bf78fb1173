#include <support/daemon.hpp>
#include <tree/tree.hpp>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;

std::string binary(const std::string& name) {
    return std::string(tree::kBuild) + "/bin/" + name;
}

// A /24 of 10.213-10.223 by process id, so that daemons of tests that run side by side do not collide.
std::string bridge_address(const std::string& tag, int prefix) {
    const unsigned long n = std::stoul(tag);
    return "10." + std::to_string(213 + n / 256 % 10) + "." + std::to_string(n % 256) + ".1/" + std::to_string(prefix);
}

}  // namespace

DaemonUnderTest::DaemonUnderTest(Options options)
    : options_(std::move(options)), tag_(std::to_string(getpid() % 1'000'000)) {
    const char* const chosen = std::getenv("SLIPWAY_TEST_BACKEND");
    if (options_.backend.empty()) options_.backend = chosen == nullptr ? "linux" : chosen;
    const char* const driver = std::getenv("SLIPWAY_TEST_CGROUP_DRIVER");
    if (options_.cgroup_driver.empty()) options_.cgroup_driver = driver == nullptr ? "cgroupfs" : driver;
    std::string pattern = "/tmp/slwt" + tag_ + "-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
        problem_ = "mkdtemp " + pattern + " failed";
        return;
    }
    root_ = pattern;
    data_root_ = options_.data_root.empty() ? root_ + "/data" : options_.data_root;
    bridge_ = "slwt" + tag_;
    platform_ = daemon_platform(options_.backend, root_);
    start_daemon();
    if (!problem_.empty() || !options_.with_image) return;
    const std::string tar = platform_.windows_images ? windows_layer_tar(root_) : default_image_tar();
    const RunResult imported = docker({"import", "-c", "CMD [\"sh\"]", tar, "box"});
    if (imported.exit_code != 0) problem_ = "import failed: " + imported.err + log();
}

DaemonUnderTest::~DaemonUnderTest() {
    if (root_.empty()) return;
    if (daemon_ == nullptr || !daemon_->running()) start_daemon();
    remove_containers();
    stop_daemon();
    run({"ip", "link", "delete", bridge_});
    run({"nft", "delete", "table", "inet", "slipway-" + bridge_});
    run({"nft", "delete", "table", "ip", "slipway-" + bridge_});
    if (has_scopes()) run({"systemctl", "stop", fs::path(cgroup_parent()).filename().string()});
    std::error_code ignored;
    for (const std::string& hierarchy : cgroup_roots()) {
        const fs::path parent = fs::path(hierarchy) / cgroup_parent();
        for (const auto& group : fs::directory_iterator(parent, ignored)) {
            if (group.is_directory(ignored)) rmdir(group.path().c_str());
        }
        rmdir(parent.c_str());
    }
    fs::remove_all(root_, ignored);
}

void DaemonUnderTest::remove_containers() const {
    const RunResult ids = docker({"ps", "-aq"});
    std::vector<std::string> remove = {"rm", "-f"};
    std::istringstream stream(ids.out);
    for (std::string id; stream >> id;) remove.push_back(id);
    if (remove.size() > 2) docker(remove);
}

std::string DaemonUnderTest::left_on_simulated_host() {
    if (platform_.report.empty()) return "";
    if (!daemon_->running()) start_daemon();
    remove_containers();
    stop_daemon();
    const std::string report = read_file(platform_.report);
    const bool clean =
        report.find(R"("leaks":[],)") != std::string::npos && report.find(R"("violations":[]})") != std::string::npos;
    if (clean) return "";
    return report.empty() ? "no report from the simulated host; the daemon said:\n" + log() : report;
}

void DaemonUnderTest::start_daemon() {
    // A test that is killed takes its daemon along; slipway-inject does that by itself.
    std::vector<std::string> argv = options_.launcher;
    if (argv.empty()) argv = {"setpriv", "--pdeathsig", "KILL"};
    argv.insert(argv.end(), platform_.program.begin(), platform_.program.end());
    argv.insert(argv.end(), {"-H", host(), "--data-root", platform_.path(data_root_), "--exec-root",
                             platform_.path(exec_root()), "--pidfile", platform_.path(root_ + "/pid"), "--bridge",
                             bridge_, "--bip", bridge_address(tag_, options_.bridge_prefix), "--log-level", "debug"});
    if (has_scopes()) {
        argv.insert(argv.end(), {"--exec-opt", "native.cgroupdriver=systemd", "--cgroup-parent",
                                 fs::path(cgroup_parent()).filename().string()});
    } else {
        argv.insert(argv.end(), {"--cgroup-parent", "/" + cgroup_parent()});
    }
    if (!options_.config.empty()) {
        write_file(root_ + "/daemon.json", options_.config);
        argv.insert(argv.end(), {"--config-file", platform_.path(root_ + "/daemon.json")});
    }
    argv.insert(argv.end(), platform_.arguments.begin(), platform_.arguments.end());
    argv.insert(argv.end(), options_.arguments.begin(), options_.arguments.end());
    daemon_ = std::make_unique<Background>(Background::start(argv, root_ + "/daemon.log", platform_.environment));
    problem_.clear();
    std::vector<std::string> ping = {"curl", "-s", "-f"};
    for (std::string& word : platform_.curl("/_ping")) ping.push_back(std::move(word));
    const bool answered =
        eventually([&] { return !daemon_->running() || run(ping).exit_code == 0; }, platform_.start_limit);
    if (!answered || !daemon_->running()) problem_ = "slipwayd does not answer; its log:\n" + log();
}

void DaemonUnderTest::kill_daemon() {
    daemon_->signal(SIGKILL);
    daemon_->wait(std::chrono::milliseconds(10'000));
}

void DaemonUnderTest::stop_daemon() {
    if (daemon_ == nullptr) return;
    daemon_->signal(platform_.stop_signal);
    if (!daemon_->wait(std::chrono::milliseconds(20'000))) kill_daemon();
}

MachineState DaemonUnderTest::machine_at_rest() const {
    const fs::path members = "/sys/class/net/" + bridge_ + "/brif";
    std::error_code no_bridge;
    eventually([&] { return !fs::exists(members) || fs::is_empty(members, no_bridge); });
    MachineState state = machine_state(daemon_->pid(), cgroup_parent());
    eventually([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const MachineState earlier = std::exchange(state, machine_state(daemon_->pid(), cgroup_parent()));
        return difference(earlier, state).empty();
    });
    return state;
}

std::vector<std::string> DaemonUnderTest::docker_command(std::vector<std::string> arguments) const {
    std::vector<std::string> argv = {"docker", "-H", host()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

RunResult DaemonUnderTest::docker(std::vector<std::string> arguments, const RunOptions& options) const {
    RunOptions with = options;
    with.environment.push_back("DOCKER_CONFIG=" + root_ + "/docker-config");
    return run(docker_command(std::move(arguments)), with);
}

RunResult DaemonUnderTest::slipway(std::vector<std::string> arguments, const RunOptions& options) const {
    std::vector<std::string> argv = {binary("slipway"), "-H", host()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, options);
}

RunResult DaemonUnderTest::http(const std::string& method, const std::string& path, const std::string& body,
                                const std::vector<std::string>& curl_arguments) const {
    std::vector<std::string> argv = {"curl", "-s", "-X", method, "-w", "\n%{http_code}", "--max-time", "30"};
    for (std::string& word : platform_.curl(path)) argv.push_back(std::move(word));
    if (!body.empty()) {
        argv.insert(argv.end(), {"-H", "Content-Type: application/json", "--data-binary", body});
    }
    argv.insert(argv.end(), curl_arguments.begin(), curl_arguments.end());
    return run(argv);
}

std::string default_image_tar() {
    const std::string path = std::string(tree::kBuild) + "/default-image.tar";
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
        const std::string own = path + "." + std::to_string(getpid());
        run({std::string(tree::kSource) + "/scripts/make-default-image", own});
        fs::rename(own, path, ignored);
    }
    return path;
}

std::string windows_layer_tar(const std::string& directory) {
    const std::string path = directory + "/windows-layer.tar", root = directory + "/windows-layer";
    fs::create_directories(root + "/Files");
    write_file(root + "/Files/hello.txt", "hello\r\n");
    run({"tar", "-C", root, "-cf", path, "Files"});
    return path;
}

int free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof(address);
    bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    close(fd);
    return ntohs(address.sin_port);
}

std::string host_address() {
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return {};
    std::string found;
    for (const ifaddrs* entry = list; entry != nullptr && found.empty(); entry = entry->ifa_next) {
        const std::string name = entry->ifa_name;
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
        if ((entry->ifa_flags & IFF_LOOPBACK) != 0 || name.rfind("slw", 0) == 0) continue;
        char text[INET_ADDRSTRLEN];
        const auto* address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
        if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)) != nullptr) found = text;
    }
    freeifaddrs(list);
    return found;
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    return text;
}

}  // namespace slipway::testing
