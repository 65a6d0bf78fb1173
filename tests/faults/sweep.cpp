#include "sweep.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Everything below the daemon's directories that comes and goes with containers.
std::set<std::string> files_of(const DaemonUnderTest& daemon) {
    std::set<std::string> found;
    std::error_code ignored;
    for (const std::string& root : {daemon.data_root(), daemon.exec_root()}) {
        for (auto at = fs::recursive_directory_iterator(root, ignored); at != fs::recursive_directory_iterator();
             at.increment(ignored)) {
            const std::string path = at->path();
            if (path.find("/layers/") != std::string::npos) at.disable_recursion_pending();
            found.insert(path);
        }
    }
    return found;
}

}  // namespace

void Sweep::SetUp() {
    if (geteuid() != 0) {
        if (std::getenv("CI") != nullptr) FAIL() << "this test needs root, and in CI it may not skip";
        GTEST_SKIP() << "needs root: it runs containers";
    }
    injector = std::make_unique<Injector>();
    DaemonUnderTest::Options with = options();
    with.launcher = injector->command();
    daemon = std::make_unique<DaemonUnderTest>(with);
    ASSERT_EQ(daemon->problem(), "");
    fs::create_directories(daemon->root() + "/bound");
    // One life first: what is made once and kept is no leak.
    const Life life = live("first");
    ASSERT_TRUE(life.remove.ok()) << life.create.body << life.start.body << life.wait.body << life.remove.body;
    remember();
}

void Sweep::TearDown() {
    if (injector != nullptr) injector->disarm();
    daemon.reset();
    injector.reset();
}

bool Sweep::is_full() {
    const char* wanted = std::getenv("SLIPWAY_SWEEP");
    return wanted != nullptr && std::string(wanted) == "full";
}

std::vector<uint64_t> Sweep::points(uint64_t count, uint64_t at_most) {
    std::vector<uint64_t> result;
    const uint64_t taken = is_full() ? count : std::min(count, at_most);
    const char* shift = std::getenv("SLIPWAY_SWEEP_SHIFT");
    const uint64_t first = shift == nullptr ? 0 : std::strtoull(shift, nullptr, 10);
    for (uint64_t i = 0; i < taken; ++i) result.push_back(1 + (first + i * count / taken) % count);
    return result;
}

HttpReply Sweep::http(const std::string& method, const std::string& path, const std::string& body,
                      std::chrono::milliseconds timeout) const {
    return raw_http(daemon->socket(), method, path, body, timeout);
}

std::string Sweep::inspect(const std::string& name, const std::string& path) const {
    const json document = json::parse(http("GET", "/containers/" + name + "/json").body, nullptr, false);
    const json::json_pointer where(path);
    if (!document.is_object() || !document.contains(where)) return "";
    const json& value = document.at(where);
    return value.is_string() ? value.get<std::string>() : value.dump();
}

HttpReply Sweep::create(const std::string& name) const {
    const json body = {{"Image", "box"},
                       {"Cmd", {"sh", "-c", "echo out; exit 7"}},
                       {"User", "nobody"},
                       {"ExposedPorts", {{"80/tcp", json::object()}}},
                       {"HostConfig",
                        {{"Binds", {daemon->root() + "/bound:/bound:ro"}},
                         {"Tmpfs", {{"/scratch", "size=64k"}}},
                         {"Memory", 64 << 20},
                         {"PidsLimit", 20},
                         {"PublishAllPorts", true}}}};
    return http("POST", "/containers/create?name=" + name, body.dump());
}

Life Sweep::live(const std::string& name) const {
    Life life;
    life.create = create(name);
    if (!life.create.ok()) return life;
    life.start = http("POST", "/containers/" + name + "/start");
    if (!life.start.ok()) return life;
    life.wait = http("POST", "/containers/" + name + "/wait");
    life.remove = http("DELETE", "/containers/" + name + "?force=1");
    return life;
}

std::string Sweep::logs(const std::string& name) const {
    const std::string framed = http("GET", "/containers/" + name + "/logs?stdout=1").body;
    std::string text;  // frames: 4 bytes stream, 4 bytes length
    for (size_t at = 0; at + 8 <= framed.size();) {
        const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(framed[at + i])); };
        const size_t size = byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7);
        text += framed.substr(at + 8, size);
        at += 8 + size;
    }
    return text;
}

void Sweep::expect_usable(const std::string& name) const {
    const HttpReply started = http("POST", "/containers/" + name + "/start");
    EXPECT_EQ(started.status, 204) << started.body;
    const HttpReply waited = http("POST", "/containers/" + name + "/wait");
    EXPECT_NE(waited.body.find("\"StatusCode\":" + std::to_string(kExitCode)), std::string::npos) << waited.body;
    EXPECT_EQ(inspect(name, "/State/Status"), "exited");
    EXPECT_TRUE(logs(name).ends_with(kOutput)) << logs(name);
    const HttpReply removed = http("DELETE", "/containers/" + name);
    EXPECT_EQ(removed.status, 204) << removed.body;
}

std::string Sweep::leaks() {
    std::string left = daemon->leaks_since(before);
    std::set<std::string> files;
    (void)eventually([&] { return (files = files_of(*daemon)) == files_before; }, std::chrono::milliseconds(3'000));
    for (const std::string& path : files) {
        if (!files_before.contains(path)) left += "+ file: " + path + "\n";
    }
    for (const std::string& path : files_before) {
        if (!files.contains(path)) left += "- file: " + path + "\n";
    }
    if (!left.empty()) remember();
    return left;
}

void Sweep::remember() {
    before = daemon->machine_at_rest();
    files_before = files_of(*daemon);
}

void Sweep::report(const std::string& sweep, uint64_t points_tried) {
    std::cout << "[ SWEEP    ] " << sweep << ": " << points_tried << " points" << std::endl;
    RecordProperty("points", static_cast<int>(points_tried));
}

}  // namespace slipway::testing
