// tests/integration/linux_process_support.hpp - drives libslipway-linux.so through its C ABI alone, as the daemon does:
// a host, a backend with directories, cgroup parent and instance of its own, a busybox image, containers.
#pragma once

#include "../unit/linux/fs_support.hpp"

#include <slipway/slipway.h>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend::testing {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

// Waits until `condition` holds; false after `patience`.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds patience = std::chrono::milliseconds(5000));

struct PostedEvent {
    int32_t kind = 0;
    std::string id;
    int32_t exit_code = 0;
    bool oom_killed = false;
};

// The host side: remembers events and log lines.
class TestHost {
public:
    explicit TestHost(json config);
    const slw_host* get() const { return &host_; }
    std::vector<PostedEvent> events() const;
    std::string log() const;
    void forget(const std::string& id);
    // The first event of this kind for this container, waiting for it.
    std::optional<PostedEvent> wait_for(int32_t kind, const std::string& id,
                                        std::chrono::milliseconds patience = std::chrono::milliseconds(10000)) const;

private:
    slw_host host_{};
    json config_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<PostedEvent> events_;  // guarded by mutex_
    std::string log_;                  // guarded by mutex_
    friend struct TestHostCalls;
};

// What a call came back with.
struct Outcome {
    slw_status status = SLW_OK;
    std::string message;
    explicit operator bool() const { return status == SLW_OK; }
};

// A loaded backend. Several over the same directory stand for a daemon that was restarted.
class TestBackend {
public:
    TestBackend(const std::string& directory, json extra = json::object());
    ~TestBackend();
    TestBackend(const TestBackend&) = delete;
    TestBackend& operator=(const TestBackend&) = delete;

    template <class Ops>
    const Ops& ops(const char* id) const {
        return *static_cast<const Ops*>(plugin_->get_extension(backend_, id));
    }
    const slw_create_ops& create_ops() const { return ops<slw_create_ops>(SLW_EXT_CREATE); }
    const slw_mount_ops& mount_ops() const { return ops<slw_mount_ops>(SLW_EXT_MOUNT); }
    const slw_network_ops& network_ops() const { return ops<slw_network_ops>(SLW_EXT_NETWORK); }
    const slw_stdio_ops& stdio_ops() const { return ops<slw_stdio_ops>(SLW_EXT_STDIO); }
    const slw_reconcile_ops& reconcile_ops() const { return ops<slw_reconcile_ops>(SLW_EXT_RECONCILE); }

    slw_backend* get() const { return backend_; }
    TestHost& host() { return host_; }
    const std::string& directory() const { return directory_; }
    Outcome import_busybox(const std::string& layer);
    json list();
    Outcome remove(const std::string& id);

private:
    std::string directory_;
    TestHost host_;
    const slw_plugin* plugin_ = nullptr;
    slw_backend* backend_ = nullptr;
};

// What a container is to be. Unset parts are Docker's defaults with no network.
struct ContainerWish {
    std::vector<std::string> command;
    json config = json::object();       // merged over Config
    json host_config = json::object();  // merged over HostConfig
    uint32_t flags = 0;                 // SLW_CREATE_*
    uint64_t log_max_bytes = 0;
    uint32_t log_max_files = 1;
    std::string log_attributes;  // a JSON object; empty: none
    bool sandbox = true;         // a sandbox of its own through slw.network/1
    bool read_only = false;
    std::vector<std::pair<std::string, std::string>> binds;  // host path, target
};

// One container from open to close. The destructor removes everything.
class TestContainer {
public:
    TestContainer(TestBackend& backend, const std::string& layer, std::string id);
    ~TestContainer();
    TestContainer(const TestContainer&) = delete;
    TestContainer& operator=(const TestContainer&) = delete;

    Outcome create(const ContainerWish& wish);
    Outcome start();
    Outcome signal(int signum);
    Outcome destroy();
    Outcome adopt();
    Outcome resize(uint16_t rows, uint16_t cols);
    slw_process_status status();
    // Hands one end of a socket pair over and returns the other.
    UniqueFd attach(uint32_t flags, const std::string& early = "", const std::string& keys = "");
    // Hands a duplicate of `stream` over.
    void attach_stream(int stream, uint32_t flags, const std::string& early = "", const std::string& keys = "");
    // As if the daemon died: the handle is closed, nothing is cleaned up.
    void abandon();

    const std::string& id() const { return id_; }
    std::string log_path() const { return directory_ + "/log.json"; }
    // The log's records, all files, oldest first.
    std::vector<json> log_records() const;
    // The text of one stream.
    std::string output(const std::string& stream = "stdout") const;
    // start() and wait for the end.
    int run();
    const PostedEvent& exit_event() const { return *exit_; }

private:
    Outcome prepare(const ContainerWish& wish);
    Outcome make_spec(const ContainerWish& wish, std::string& spec);

    TestBackend& backend_;
    std::string layer_, id_, directory_;
    slw_container* container_ = nullptr;
    std::optional<PostedEvent> exit_;
};

// Reads a socket to its end, or until `patience` is over.
std::string read_all(int fd, std::chrono::milliseconds patience = std::chrono::milliseconds(20000));
std::string read_until(int fd, const std::string& mark,
                       std::chrono::milliseconds patience = std::chrono::milliseconds(10000));
// The payload of multiplexed frames: {stdout, stderr}.
std::pair<std::string, std::string> split_frames(const std::string& bytes);

// One backend with the busybox image for each test.
class ProcessFixture : public ::testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;
    std::unique_ptr<TestContainer> make(char digit = 'a') {
        return std::make_unique<TestContainer>(*backend_, layer_, std::string(64, digit));
    }
    // Creates, runs to its end and returns the container.
    std::unique_ptr<TestContainer> run(const ContainerWish& wish, int* exit_code);
    std::string shell_output(const std::string& script, ContainerWish wish = {});
    json extra_config() const { return extra_; }

    json extra_ = json::object();
    std::string directory_;
    std::unique_ptr<TestBackend> backend_;
    const std::string layer_ = std::string(64, 'f');
};

}  // namespace slipway::linux_backend::testing
