// tests/support/platform.hpp - how a slipwayd under test is started and reached, by the backend that it is to have.
#pragma once

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace slipway::testing {

struct DaemonPlatform {
    std::vector<std::string> program;      // slipwayd, and what runs it
    std::vector<std::string> arguments;    // those that the platform needs
    std::vector<std::string> environment;  // "K=V"
    std::string host;                      // as clients' -H takes it
    std::string socket;                    // what to connect to: the path of a unix socket, or ADDRESS:PORT
    std::string report;                    // where the simulated host tells what was left; empty: there is none
    int stop_signal = SIGTERM;
    std::chrono::milliseconds start_limit{10'000};
    bool windows_images = false;
    bool windows_paths = false;  // drive Z: is the machine's root

    std::string path(const std::string& of_this_machine) const;
    // Ends a process by the id that inspect tells, as somebody of the host would.
    void kill_process(const std::string& id) const;
    // curl's words for a request to `path`.
    std::vector<std::string> curl(const std::string& path) const;
};

// "linux"; "hcs-sim": the HCS backend on its simulated host, whose containers' commands are processes of this machine;
// "wine": slipwayd.exe with that backend and that host under Wine, in the prefix that the ctest fixture "wine" made
// (tests/wine). `root` is the directory of the daemon's own.
DaemonPlatform daemon_platform(const std::string& backend, const std::string& root);

// Z:\tmp\x for /tmp/x, as programs under Wine see it.
std::string windows_path(std::string path);

// Where the programs for Windows were built, and Wine's prefix for tests.
std::string windows_build();
std::string wine_prefix();
std::string wine_program();

}  // namespace slipway::testing
