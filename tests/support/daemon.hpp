// tests/support/daemon.hpp - a slipwayd of the test's own: directories, bridge, firewall table and control groups that
// no other daemon shares, all of it gone afterwards.
#pragma once

#include <support/machine.hpp>
#include <support/platform.hpp>
#include <support/process.hpp>

#include <memory>
#include <string>
#include <vector>

namespace slipway::testing {

class DaemonUnderTest {
public:
    struct Options {
        std::vector<std::string> arguments;  // added to slipwayd's
        std::vector<std::string> launcher;   // a program and its arguments that runs slipwayd; empty: none
        std::string config;                  // content of its configuration file; empty: none
        std::string data_root;               // empty: below the test's own directory
        int bridge_prefix = 24;              // length of the bridge's subnet
        bool with_image = true;              // import the backend's image for tests as "box"
        // One of daemon_platform(). SLIPWAY_TEST_BACKEND in the environment names the one for all tests that do not
        // say.
        std::string backend;
        // Who makes control groups: "cgroupfs" or "systemd". SLIPWAY_TEST_CGROUP_DRIVER names it where tests do not.
        std::string cgroup_driver;
    };

    DaemonUnderTest() : DaemonUnderTest(Options{}) {}
    explicit DaemonUnderTest(Options options);
    ~DaemonUnderTest();  // removes all containers, ends the daemon, and takes bridge, table and directories away
    DaemonUnderTest(const DaemonUnderTest&) = delete;
    DaemonUnderTest& operator=(const DaemonUnderTest&) = delete;

    // "" once the API answers; else why it does not, with the end of its log.
    const std::string& problem() const { return problem_; }

    // The real docker client against this daemon.
    RunResult docker(std::vector<std::string> arguments, const RunOptions& options = {}) const;
    std::vector<std::string> docker_command(std::vector<std::string> arguments) const;
    // Our own client.
    RunResult slipway(std::vector<std::string> arguments, const RunOptions& options = {}) const;
    // curl over the socket: method, path ("/v1.43/containers/json"), body; out holds body then "\n<status>".
    RunResult http(const std::string& method, const std::string& path, const std::string& body = "",
                   const std::vector<std::string>& curl_arguments = {}) const;

    void kill_daemon();  // SIGKILL; containers run on
    void stop_daemon();  // asks it to end, and waits
    void start_daemon();

    pid_t pid() const { return daemon_->pid(); }
    const DaemonPlatform& platform() const { return platform_; }
    std::string socket() const { return platform_.socket; }  // for raw_http()
    std::string host() const { return platform_.host; }
    std::string root() const { return root_; }
    std::string data_root() const { return data_root_; }
    std::string exec_root() const { return root_ + "/run"; }
    std::string bridge() const { return bridge_; }
    std::string log() const { return read_file(root_ + "/daemon.log"); }
    // Below each hierarchy's mount point.
    std::string cgroup_parent() const {
        return has_scopes() ? "slwtest.slice/slwtest-" + tag_ + ".slice" : "slwtest-" + tag_;
    }
    bool has_scopes() const { return options_.cgroup_driver == "systemd"; }
    // Removes all containers, ends the daemon and reads what its simulated host had left; empty for nothing, or when
    // the host is real. start_daemon() goes on.
    std::string left_on_simulated_host();
    // The machine with nothing of an ended container still on its way out: a link goes up to 100 ms after its
    // container, later still on a busy machine, and would be missed afterwards.
    MachineState machine_at_rest() const;
    std::string leaks_since(const MachineState& before) const {
        return settled_difference(before, daemon_->pid(), cgroup_parent());
    }

private:
    void remove_containers() const;

    Options options_;
    DaemonPlatform platform_;
    std::string tag_, root_, data_root_, bridge_, problem_;
    std::unique_ptr<Background> daemon_;
};

// The default image's root file system as a tar; made once per build tree.
std::string default_image_tar();

// A layer as Windows images have them, with one file; made below `directory`.
std::string windows_layer_tar(const std::string& directory);

// A port that nothing on this machine listens on now.
int free_port();

// The machine's first address that is not loopback; empty when it has none.
std::string host_address();

std::string trimmed(std::string text);

}  // namespace slipway::testing
