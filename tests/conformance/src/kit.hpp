// tests/conformance/src/kit.hpp - what the cases share: the plugin under test, a host for it, and checks of the rules
// that hold for every call.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <slipway/slipway.h>

#include <slipway/cpp/text.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace conformance {

using nlohmann::json;

// The command line, set before any case runs.
struct Settings {
    std::string plugin;                          // absolute
    std::map<std::string, std::string> without;  // extension id to the reason why the backend lacks it
    json config = json::object();                // added to the host configuration
    size_t kept_descriptors = 0;                 // the backend keeps at most so many for the whole process
    size_t kept_threads = 0;                     // the same for threads
};
extern Settings settings;

// The plugin's entry; loads the library on first use. Null with `why` when that fails.
const slw_plugin* load_entry(std::string& why);

// The host's side of the ABI. Events are kept for the case to look at.
class FakeHost {
public:
    explicit FakeHost(json config);
    const slw_host* get() const { return &host_; }
    // A host that offers no service at all, which is legal.
    const slw_host* bare() const { return &bare_; }
    std::vector<std::string> exits();  // ids of SLW_EVENT_EXIT so far

private:
    static const void* SLW_CALL get_service(void* ctx, const char* id) noexcept;
    static const void* SLW_CALL no_service(void* ctx, const char* id) noexcept;
    static uint64_t SLW_CALL monotonic_ns(void* ctx) noexcept;
    static void SLW_CALL write_log(void* ctx, int32_t level, slw_text line) noexcept;
    static void SLW_CALL post_event(void* ctx, const slw_event* event) noexcept;
    static slw_status SLW_CALL read_config(void* ctx, slw_sink* out, slw_error* err) noexcept;

    std::string config_;
    slw_host host_{};
    slw_host bare_{};
    std::mutex mutex_;
    std::vector<std::string> exits_;  // guarded by mutex_
};

// An error structure with a guard behind it, as a host of the same age passes it.
struct ErrorBuffer {
    ErrorBuffer();
    slw_error* get() { return &err; }
    std::string message() const { return {err.message, strnlen(err.message, sizeof(err.message))}; }

    slw_error err{};
    char guard[64];
};

// A call without limits.
slw_call no_limits();
// A call that was cancelled before it began.
slw_call cancelled_call();
// A call whose deadline has passed.
slw_call late_call();

std::string new_container_id();

// Success, and the message when it was none.
testing::AssertionResult succeeded(slw_status status, const ErrorBuffer& err);
// The status, and an error filled as base.h asks for.
testing::AssertionResult failed_with(slw_status expected, slw_status status, const ErrorBuffer& err);

// Each case gets a backend of its own, and gives it back without a descriptor or thread left over.
class BackendCase : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // The table, or null: then the case must return. Skips with the profile's reason, fails when the profile is wrong.
    const void* extension(const char* id);
    template <class Ops>
    const Ops* table(const char* id) {
        return static_cast<const Ops*>(extension(id));
    }

    // Closes itself when the case ends.
    slw_container* open_container(const std::string& id = new_container_id());
    void close_container(slw_container* c);

    std::string directory_;
    std::unique_ptr<FakeHost> host_;
    slw_backend* backend_ = nullptr;
    const slw_create_ops* create_ = nullptr;
    const slw_mount_ops* mount_ = nullptr;
    const slw_network_ops* network_ = nullptr;

private:
    std::vector<slw_container*> open_;
};

}  // namespace conformance
