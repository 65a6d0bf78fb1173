#include "kit.hpp"

#include "machine.hpp"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <thread>

namespace conformance {

namespace fs = std::filesystem;

Settings settings;

namespace {

// How many were open before the first backend began. Counted from there and not from the case's own beginning, so that
// what the profile allows is allowed once.
size_t descriptors_at_first() {
    static const size_t count = open_descriptors();
    return count;
}

// The same for threads.
size_t threads_at_first() {
    static const size_t count = live_threads();
    return count;
}

int32_t SLW_CALL always_cancelled(void*) noexcept {
    return 1;
}

bool is_utf8(const std::string& text) {
    try {
        return !json(text).dump().empty();
    } catch (const json::exception&) {
        return false;
    }
}

bool is_terminated(const char* text, size_t size) {
    return std::memchr(text, 0, size) != nullptr;
}

}  // namespace

const slw_plugin* load_entry(std::string& why) {
    return static_cast<const slw_plugin*>(library_symbol(settings.plugin, SLW_PLUGIN_SYMBOL, why));
}

FakeHost::FakeHost(json config) : config_(config.dump()) {
    host_ = {sizeof(slw_host), SLW_ABI_MINOR, this, &get_service, &monotonic_ns};
    bare_ = {sizeof(slw_host), SLW_ABI_MINOR, this, &no_service, &monotonic_ns};
}

const void* SLW_CALL FakeHost::get_service(void*, const char* id) noexcept {
    static constexpr slw_host_log kLog = {sizeof(slw_host_log), 0, &write_log};
    static constexpr slw_host_events kEvents = {sizeof(slw_host_events), 0, &post_event};
    static constexpr slw_host_config kConfig = {sizeof(slw_host_config), 0, &read_config};
    if (std::strcmp(id, SLW_HOST_LOG) == 0) return &kLog;
    if (std::strcmp(id, SLW_HOST_EVENTS) == 0) return &kEvents;
    if (std::strcmp(id, SLW_HOST_CONFIG) == 0) return &kConfig;
    return nullptr;
}

const void* SLW_CALL FakeHost::no_service(void*, const char*) noexcept {
    return nullptr;
}

uint64_t SLW_CALL FakeHost::monotonic_ns(void*) noexcept {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

void SLW_CALL FakeHost::write_log(void*, int32_t, slw_text) noexcept {}

void SLW_CALL FakeHost::post_event(void* ctx, const slw_event* event) noexcept {
    auto* self = static_cast<FakeHost*>(ctx);
    const std::lock_guard lock(self->mutex_);
    if (event->kind == SLW_EVENT_EXIT) self->exits_.emplace_back(event->container_id);
}

slw_status SLW_CALL FakeHost::read_config(void* ctx, slw_sink* out, slw_error*) noexcept {
    const std::string& text = static_cast<FakeHost*>(ctx)->config_;
    return out->write(out->ctx, text.data(), text.size()) == 0 ? SLW_OK : SLW_ERR_CANCELLED;
}

std::vector<std::string> FakeHost::exits() {
    const std::lock_guard lock(mutex_);
    return exits_;
}

ErrorBuffer::ErrorBuffer() {
    err.struct_size = sizeof(err);
    std::memset(guard, 0x5A, sizeof(guard));
}

slw_call no_limits() {
    slw_call call{};
    call.struct_size = sizeof(call);
    return call;
}

slw_call cancelled_call() {
    slw_call call = no_limits();
    call.cancelled = &always_cancelled;
    return call;
}

slw_call late_call() {
    slw_call call = no_limits();
    call.deadline_ns = 1;
    return call;
}

std::string new_container_id() {
    static int next = 0;
    char id[65];
    std::snprintf(id, sizeof(id), "c0f0%08x%052x", own_process_id(), ++next);
    return id;
}

testing::AssertionResult succeeded(slw_status status, const ErrorBuffer& err) {
    if (status == SLW_OK) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "status " << status << ": " << err.message();
}

testing::AssertionResult failed_with(slw_status expected, slw_status status, const ErrorBuffer& err) {
    const slw_error& e = err.err;
    if (status != expected) {
        return testing::AssertionFailure()
               << "status " << status << " instead of " << expected << ": " << err.message();
    }
    if (e.status != status) return testing::AssertionFailure() << "err.status is " << e.status << ", not " << status;
    if (!is_terminated(e.message, sizeof(e.message)) || !is_terminated(e.operation, sizeof(e.operation)) ||
        !is_terminated(e.resource, sizeof(e.resource)) || !is_terminated(e.hint, sizeof(e.hint))) {
        return testing::AssertionFailure() << "a text of the error has no terminator";
    }
    if (e.message[0] == '\0') return testing::AssertionFailure() << "the error has no message";
    if (!is_utf8(e.message) || !is_utf8(e.operation) || !is_utf8(e.resource) || !is_utf8(e.hint)) {
        return testing::AssertionFailure() << "a text of the error is not UTF-8";
    }
    if (e.os_domain < SLW_OS_NONE || e.os_domain > SLW_OS_HRESULT) {
        return testing::AssertionFailure() << "unknown os_domain " << e.os_domain;
    }
    if (e.os_domain == SLW_OS_NONE && e.os_code != 0) {
        return testing::AssertionFailure() << "os_code " << e.os_code << " without an os_domain";
    }
    for (const char byte : err.guard) {
        if (byte != 0x5A) return testing::AssertionFailure() << "the call wrote behind the error structure";
    }
    return testing::AssertionSuccess();
}

void BackendCase::SetUp() {
    std::string why;
    const slw_plugin* entry = load_entry(why);
    ASSERT_NE(entry, nullptr) << why;
    directory_ = new_directory();
    ASSERT_NE(directory_, "");
    // The parents exist, the directories themselves are the backend's to make.
    json config = {{"data_root", directory_ + "/data"}, {"exec_root", directory_ + "/exec"}, {"instance", "c0f0c0f0"}};
    config.update(settings.config);
    host_ = std::make_unique<FakeHost>(config);
    descriptors_at_first();
    threads_at_first();

    ErrorBuffer err;
    ASSERT_TRUE(succeeded(entry->init(host_->get(), &backend_, err.get()), err));
    ASSERT_NE(backend_, nullptr);
    create_ = table<slw_create_ops>(SLW_EXT_CREATE);
    mount_ = table<slw_mount_ops>(SLW_EXT_MOUNT);
    network_ = table<slw_network_ops>(SLW_EXT_NETWORK);
    ASSERT_TRUE(create_ != nullptr && mount_ != nullptr && network_ != nullptr);
}

void BackendCase::TearDown() {
    while (!open_.empty()) close_container(open_.back());
    if (backend_ != nullptr) {
        std::string why;
        load_entry(why)->deinit(backend_);
        EXPECT_LE(open_descriptors(), descriptors_at_first() + settings.kept_descriptors)
            << "descriptors left after deinit";
        EXPECT_LE(live_threads(), threads_at_first() + settings.kept_threads) << "threads left after deinit";
    }
    std::error_code ignored;
    if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

const void* BackendCase::extension(const char* id) {
    std::string why;
    const void* found = load_entry(why)->get_extension(backend_, id);
    const auto absent = settings.without.find(id);
    if (found != nullptr && absent != settings.without.end()) {
        ADD_FAILURE() << id << " is offered, but the profile says it is not";
        return nullptr;
    }
    if (found == nullptr && absent == settings.without.end()) ADD_FAILURE() << id << " is missing";
    if (found == nullptr && absent != settings.without.end()) {
        // GTEST_SKIP returns from a void function only, so the message is recorded by hand.
        [&] { GTEST_SKIP() << id << ": " << absent->second; }();
    }
    return found;
}

slw_container* BackendCase::open_container(const std::string& id) {
    const std::string state = directory_ + "/state-" + id.substr(0, 16) + id.substr(48);
    const std::string data = directory_ + "/data-" + id.substr(0, 16) + id.substr(48);
    for (const std::string& path : {state, data}) {
        fs::create_directories(path);
        fs::permissions(path, fs::perms::owner_all);
    }
    slw_container_desc desc{};
    desc.struct_size = sizeof(desc);
    desc.id = id.c_str();
    desc.name = "conformance";
    desc.state_dir = state.c_str();
    desc.data_dir = data.c_str();
    ErrorBuffer err;
    slw_container* container = nullptr;
    const slw_status status = create_->container_open(backend_, &desc, &container, err.get());
    EXPECT_TRUE(succeeded(status, err));
    if (status != SLW_OK) throw std::runtime_error("container_open failed: " + err.message());
    open_.push_back(container);
    return container;
}

void BackendCase::close_container(slw_container* c) {
    open_.erase(std::find(open_.begin(), open_.end(), c));
    create_->container_close(c);
}

}  // namespace conformance
