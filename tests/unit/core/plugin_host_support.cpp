#include "plugin_host_support.hpp"
#include <tree/tree.hpp>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

extern char** environ;

namespace slipway::core {
namespace {

namespace fs = std::filesystem;

// Everything the child writes until it ends, or until `timeout_ms` passed without a byte.
std::string read_all(int fd, int timeout_ms, bool& timed_out) {
    std::string text;
    for (;;) {
        pollfd waiting{fd, POLLIN, 0};
        timed_out = poll(&waiting, 1, timeout_ms) == 0;
        if (timed_out) return text;
        char block[4096];
        const ssize_t got = read(fd, block, sizeof(block));
        if (got <= 0) return text;
        text.append(block, static_cast<size_t>(got));
    }
}

Status probe_once(const fs::path& library, int timeout_ms) {
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe2");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    const std::string program = std::string(tree::kBuild) + "/bin/slipway-probe";
    std::string argument = library.string();
    char* argv[] = {const_cast<char*>(program.c_str()), argument.data(), nullptr};
    pid_t pid = -1;
    const int spawned = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    if (spawned != 0) {
        close(out[0]);
        return Error::from_errno(spawned, "posix_spawn '" + program + "'");
    }
    bool timed_out = false;
    const std::string said = read_all(out[0], timeout_ms, timed_out);
    close(out[0]);
    if (timed_out) kill(pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);

    if (timed_out) return Error(ErrorCode::kDeadlineExceeded, "the probe did not end in time");
    if (WIFSIGNALED(status)) {
        return Error(ErrorCode::kInternal, std::string("the probe was killed: ") + strsignal(WTERMSIG(status)));
    }
    if (WEXITSTATUS(status) == 0 && said == "ok") return ok();
    return Error(ErrorCode::kInvalidArgument, said.empty() ? "the probe ended without a word" : said);
}

}  // namespace

PluginProbe probe_process(int timeout_ms) {
    return [timeout_ms](const fs::path& library) { return probe_once(library, timeout_ms); };
}

void PluginDirectoryTest::SetUp() {
    std::string pattern = (fs::temp_directory_path() / "slipway-plugins-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
}

void PluginDirectoryTest::TearDown() {
    fs::remove_all(directory_);
}

void PluginDirectoryTest::add_hostile(const std::string& name) {
    const fs::path from = fs::path(tree::kBuild) / "fixtures/hostile";
    fs::copy_file(from / ("lib" + name + ".so"), directory_ / ("lib" + name + ".so"));
    fs::copy_file(from / ("lib" + name + ".json"), directory_ / ("lib" + name + ".json"));
}

void PluginDirectoryTest::add_good() {
    const fs::path from = fs::path(tree::kBuild) / "fixtures/template";
    fs::copy_file(from / "libslipway-example.so", directory_ / "libslipway-example.so");
    fs::copy_file(from / "libslipway-example.json", directory_ / "libslipway-example.json");
}

void PluginDirectoryTest::write_file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
}

LoadedPlugins PluginDirectoryTest::load(PluginProbe probe, std::vector<fs::path> directories) {
    PluginHostOptions options;
    options.directories = directories.empty() ? std::vector<fs::path>{directory_} : std::move(directories);
    options.probe = std::move(probe);
    options.log = [this](LogLevel, std::string_view line) { log_.emplace_back(line); };
    return load_plugins(options, queue_);
}

std::string PluginDirectoryTest::reason_beside_good(const std::string& name, PluginProbe probe) {
    add_hostile(name);
    add_good();
    const LoadedPlugins loaded = load(std::move(probe));
    EXPECT_EQ(loaded.backends.size(), 1U);
    if (!loaded.backends.empty()) {
        EXPECT_EQ(loaded.backends[0]->info().name, "example");
    }
    EXPECT_EQ(loaded.problems.size(), 1U);
    if (loaded.problems.empty()) return {};
    EXPECT_EQ(fs::path(loaded.problems[0].path).filename(), "lib" + name + ".so");
    return loaded.problems[0].reason;
}

}  // namespace slipway::core
