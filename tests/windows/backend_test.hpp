// tests/windows/backend_test.hpp - the backend through its C ABI on the simulated host.
#pragma once

#include "machine.hpp"

#include <simulator/simulator.hpp>

#include <slipway/slipway.h>

#include <slipway/cpp/text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace slipway::windows_backend {

using nlohmann::json;
namespace simulated = simulated_hcs;

extern "C" const slw_plugin slw_plugin_entry;

struct SeenEvent {
    int32_t kind = 0;
    std::string container, text;
    int32_t exit_code = 0;
};

// The host's side.
class TestHost {
public:
    explicit TestHost(json config) : config_(config.dump()) {
        host_ = {sizeof(slw_host), SLW_ABI_MINOR, this, &service, &now};
    }
    const slw_host* get() const { return &host_; }
    static uint64_t SLW_CALL now(void* ctx) noexcept;

    // The first event of this kind for the container, or for the exec when one is named. Kind 0: none came in time.
    SeenEvent wait(int32_t kind, const std::string& id, std::chrono::milliseconds limit = std::chrono::seconds(10));
    size_t count(int32_t kind, const std::string& id);
    // What the backend wrote to the log, a line each.
    std::string logged();

private:
    static const void* SLW_CALL service(void* ctx, const char* id) noexcept;
    static void SLW_CALL log(void* ctx, int32_t level, slw_text line) noexcept;
    static void SLW_CALL post(void* ctx, const slw_event* event) noexcept;
    static slw_status SLW_CALL config(void* ctx, slw_sink* out, slw_error* err) noexcept;

    std::string config_;
    slw_host host_{};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<SeenEvent> events_;  // guarded by mutex_
    std::string log_;                // guarded by mutex_
};

// What a call answered.
struct Outcome {
    slw_status status = SLW_OK;
    slw_error error{};
    std::string text;  // of its sink

    explicit operator bool() const { return status == SLW_OK; }
    std::string message() const { return error.message; }
    json document() const { return json::parse(text, nullptr, false); }
};
void PrintTo(const Outcome& outcome, std::ostream* out);

struct RunOptions {
    std::vector<std::string> command = does({});
    json config = json::object();
    json host_config = json::object();
    bool network = true;
    std::vector<std::string> layers = {};  // lowest first; empty: the base layer all containers lie on
    json ports = json::array();
    uint32_t flags = 0;                    // SLW_CREATE_...
    const char* log_attributes = nullptr;  // of slw_log_target
};

class WindowsBackend : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;
    // The backend's configuration beyond the roots.
    virtual json config() const { return {{"timeouts_ms", {{"undo", 4000}}}}; }

    slw_container* open(const std::string& id);
    void close(slw_container* c);

    // The phases of a start in their order; each is an outcome.
    Outcome import_layer();  // the base layer all containers lie on
    Outcome import_layer(const std::string& id, const std::vector<std::string>& parents);
    Outcome import_layer(const std::string& id, const std::vector<std::string>& parents, const std::string& tar);
    // A base layer that virtual machines can boot from.
    Outcome import_machine_layer(const std::string& id);
    Outcome remove_layer(const std::string& id);
    // What a container has changed: the list, and as a layer.
    Outcome root_diff(slw_container* c);
    Outcome root_export(slw_container* c);
    Outcome create_network();
    Outcome remove_network();
    Outcome create_root(slw_container* c, const std::vector<std::string>& layers);
    Outcome mount_root(slw_container* c);
    Outcome join_network(slw_container* c, const std::string& id, const RunOptions& options);
    Outcome create(slw_container* c, const std::string& id, const RunOptions& options);
    Outcome start(slw_container* c);
    // All of them; stops at the first that fails. As the engine does, a root is not mounted for Hyper-V isolation.
    Outcome run(slw_container* c, const std::string& id, const RunOptions& options);
    // Gives everything back, newest first; the first failure.
    Outcome give_back(slw_container* c);
    // All but the writable layer, and that.
    Outcome leave(slw_container* c);
    Outcome remove_root(slw_container* c);

    Outcome exec(slw_container* c, const std::string& exec_id, const std::vector<std::string>& command,
                 const slw_attach_request* client = nullptr, uint64_t capture = 0, uint32_t flags = 0);
    Outcome signal(slw_container* c, int32_t number);
    Outcome destroy(slw_container* c);
    Outcome reconcile_list();
    Outcome reconcile_remove(const std::string& id);
    slw_process_status status(slw_container* c);
    std::string log_of(const std::string& id) const;
    // Waits until the log is `text`; false when it is not within 10 s.
    bool says(const std::string& id, const std::string& text) const;
    std::string log_path(const std::string& id) const { return directory_ + "/log-" + id.substr(0, 8); }

    template <class Ops>
    const Ops* table(const char* id) const {
        return static_cast<const Ops*>(slw_plugin_entry.get_extension(backend_, id));
    }
    slw_call call() const;

    std::chrono::milliseconds deadline_{0};  // of each call; 0: none
    std::string directory_;
    std::unique_ptr<TestHost> host_;
    slw_backend* backend_ = nullptr;
    std::vector<slw_container*> open_;

private:
    template <class Call>
    Outcome outcome(Call body) const;
};

inline std::string test_id(char digit) {
    return std::string(64, digit);
}
slw_attach_request attach_request(const Connection& connection, uint32_t flags);
// Docker's frame around output.
std::string framed(int stream, const std::string& text);

}  // namespace slipway::windows_backend
