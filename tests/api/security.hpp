// tests/api/security.hpp - the fixture of tests that attack a daemon. docs/security.md says what each row is about.
#pragma once

#include "http_json.hpp"
#include "tar.hpp"

#include <support/raw_http.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

namespace slipway::testing {

// Exchanges two names of a directory as fast as it can, as a process of a container would.
class Racer {
public:
    Racer(const std::string& directory, std::string one, std::string other)
        : directory_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), thread_([this, one, other] {
              constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE
              while (!stop_) {
                  const long done =
                      ::syscall(SYS_renameat2, directory_, one.c_str(), directory_, other.c_str(), kExchange);
                  if (done == 0) ++rounds_;
              }
          }) {}
    Racer(const Racer&) = delete;
    Racer& operator=(const Racer&) = delete;
    ~Racer() {
        stop_ = true;
        thread_.join();
        ::close(directory_);
    }
    int rounds() const { return rounds_; }

private:
    int directory_;
    std::atomic<bool> stop_{false};
    std::atomic<int> rounds_{0};
    std::thread thread_;
};

// A daemon, and things of the host that must be the same after every test: a directory of its own ("canary") with a
// secret in it, and the kernel's core pattern. The daemon must live, too.
class Security : public HttpClient {
protected:
    void SetUp() override {
        HttpClient::SetUp();
        if (daemon == nullptr || IsSkipped() || HasFatalFailure()) return;
        canary = daemon->root() + "/canary";
        std::filesystem::create_directory(canary);
        write_file(canary + "/secret", kSecret);
        core_pattern_ = read_file(kCorePattern);
    }
    void TearDown() override {
        if (daemon == nullptr || canary.empty()) return;
        EXPECT_EQ(read_file(canary + "/secret"), kSecret);
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(canary), {}), 1) << "something was made beside it";
        EXPECT_EQ(read_file(kCorePattern), core_pattern_);
        EXPECT_EQ(raw_http(daemon->socket(), "GET", "/_ping").status, 200) << daemon->log();
        daemon.reset();
    }

    HttpReply raw(const std::string& method, const std::string& path, const std::string& body = "") const {
        return raw_http(daemon->socket(), method, path, body);
    }
    // Output of both streams of a container of `image` that is run to its end.
    std::string output_of(std::vector<std::string> options, const std::string& image,
                          const std::vector<std::string>& command) const {
        options.insert(options.begin(), {"run", "--rm"});
        options.push_back(image);
        options.insert(options.end(), command.begin(), command.end());
        const RunResult result = docker(std::move(options));
        return result.out + result.err;
    }
    std::string script_output(const std::string& script, const std::vector<std::string>& options = {}) const {
        return trimmed(output_of(options, "box", {"sh", "-c", script}));
    }
    // An image of the default one's files with `members` over them, and changes like "USER 7".
    void import_image(const std::string& name, const std::string& members,
                      const std::vector<std::string>& changes = {}) const {
        std::string tar = read_file(default_image_tar());
        const size_t last = tar.find_last_not_of('\0');
        tar.resize((last / 512 + 1) * 512);
        const std::string path = daemon->root() + "/" + name + ".tar";
        write_file(path, tar + members + tar_end());
        std::vector<std::string> arguments = {"import"};
        for (const std::string& change : changes) arguments.insert(arguments.end(), {"-c", change});
        arguments.insert(arguments.end(), {path, name});
        docker_ok(std::move(arguments));
        std::filesystem::remove(path);
    }
    // Status and body of an exec of `command`, started detached.
    HttpReply try_exec(const std::string& container, const nlohmann::json& request) const {
        const HttpReply made = raw("POST", "/containers/" + container + "/exec", request.dump());
        if (made.status != 201) return made;
        const std::string id = nlohmann::json::parse(made.body)["Id"];
        return raw("POST", "/exec/" + id + "/start", R"({"Detach":true})");
    }
    // Where a running container's root is to be seen on the host.
    std::string root_of(const std::string& container) const {
        return "/proc/" + inspect(container, "{{.State.Pid}}") + "/root";
    }
    // Bytes of memory the daemon holds.
    size_t daemon_memory() const { return memory_of(daemon->pid()); }
    // Those of any process; 0 when it is gone.
    static size_t memory_of(pid_t pid) {
        std::ifstream status("/proc/" + std::to_string(pid) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) << 10;
        }
        return 0;
    }
    // What the daemon has loaded.
    std::set<std::string> mapped_files() const {
        std::set<std::string> files;
        std::ifstream maps("/proc/" + std::to_string(daemon->pid()) + "/maps");
        for (std::string line; std::getline(maps, line);) {
            if (const size_t path = line.find('/'); path != std::string::npos) files.insert(line.substr(path));
        }
        return files;
    }

    static constexpr const char* kSecret = "SECRET-OF-THE-HOST";
    std::string canary;

private:
    static constexpr const char* kCorePattern = "/proc/sys/kernel/core_pattern";
    std::string core_pattern_;
};

}  // namespace slipway::testing
