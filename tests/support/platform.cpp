#include <support/daemon.hpp>
#include <support/platform.hpp>
#include <support/process.hpp>
#include <tree/tree.hpp>

#include <algorithm>
#include <filesystem>

namespace slipway::testing {
namespace {

DaemonPlatform under_wine(const std::string& root) {
    DaemonPlatform platform;
    platform.program = {wine_program(), windows_build() + "/bin/slipwayd.exe"};
    platform.socket = "127.0.0.1:" + std::to_string(free_port());
    platform.host = "tcp://" + platform.socket;
    // The name of its directory is the pipe's, too.
    platform.arguments = {"-H", "npipe:////./pipe/" + std::filesystem::path(root).filename().string(),
                          "--insecure-loopback"};
    platform.report = root + "/simulator.json";
    platform.environment = {"WINEPREFIX=" + wine_prefix(), "SLIPWAY_SIMULATOR_REPORT=" + windows_path(platform.report),
                            "WINEPATH=" + windows_path(windows_build() + "/commands")};
    platform.stop_signal = SIGINT;  // Wine makes Ctrl-C of it
    platform.start_limit = std::chrono::milliseconds(60'000);
    platform.windows_images = true;
    platform.windows_paths = true;
    return platform;
}

}  // namespace

std::string DaemonPlatform::path(const std::string& of_this_machine) const {
    return windows_paths ? windows_path(of_this_machine) : of_this_machine;
}

void DaemonPlatform::kill_process(const std::string& id) const {
    if (windows_paths) {
        RunOptions options;
        options.environment = environment;
        run({wine_program(), "taskkill", "/f", "/pid", id}, options);
    } else {
        kill(static_cast<pid_t>(std::stol(id)), SIGKILL);
    }
}

std::vector<std::string> DaemonPlatform::curl(const std::string& path) const {
    if (socket.starts_with('/')) return {"--unix-socket", socket, "http://d" + path};
    return {"http://" + socket + path};
}

DaemonPlatform daemon_platform(const std::string& backend, const std::string& root) {
    if (backend == "wine") return under_wine(root);
    DaemonPlatform platform;
    platform.program = {std::string(tree::kBuild) + "/bin/slipwayd"};
    platform.socket = root + "/s.sock";
    platform.host = "unix://" + platform.socket;
    if (backend == "hcs-sim") {
        platform.arguments = {"--backend-dir", std::string(tree::kBuild) + "/lib/slipway/backends-simulated",
                              "--default-runtime", "windows"};
        platform.windows_images = true;
    }
    return platform;
}

std::string windows_path(std::string path) {
    std::replace(path.begin(), path.end(), '/', '\\');
    return "Z:" + path;
}

std::string windows_build() {
    return std::string(tree::kSource) + "/build/windows-mingw";
}

std::string wine_prefix() {
    return std::string(tree::kBuild) + "/wine";
}

std::string wine_program() {
    return std::string(tree::kSource) + "/scripts/wine";
}

}  // namespace slipway::testing
