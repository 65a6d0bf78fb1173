// tests/unit/windows/simulator/raw_host.hpp - drives the simulated host by its raw functions.
#pragma once

#include <raw/codes.hpp>
#include <raw/host_api.hpp>
#include <raw/utf16.hpp>
#include <simulator/simulator.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <random>

namespace slipway::windows_backend {

namespace simulated = simulated_hcs;
using nlohmann::json;

// Collects events; waits for them with a limit.
class EventLog {
public:
    static void record(const raw::Event* event, void* context) {
        auto* self = static_cast<EventLog*>(context);
        const std::lock_guard lock(self->mutex_);
        self->events_.emplace_back(event->type, event->data == nullptr ? "" : to_utf8(event->data));
        self->changed_.notify_all();
    }
    // The first event of this type, as JSON; null when none came in time.
    json wait(uint32_t type, int limit_ms = 5000) {
        std::unique_lock lock(mutex_);
        json found;
        changed_.wait_for(lock, std::chrono::milliseconds(limit_ms), [&] {
            for (const auto& [kind, text] : events_) {
                if (kind == type) found = json::parse(text, nullptr, false);
            }
            return !found.is_null();
        });
        return found;
    }
    size_t count() {
        const std::lock_guard lock(mutex_);
        return events_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<uint32_t, std::string>> events_;
};

class RawHost : public testing::Test {
protected:
    void SetUp() override {
        simulated::reset();
        api_ = simulated::connect();
        std::random_device random;
        const auto name = "slipway-sim-" + std::to_string(random()) + std::to_string(random());
        directory_ = (std::filesystem::temp_directory_path() / name).string();
        ASSERT_TRUE(std::filesystem::create_directory(directory_));
    }
    void TearDown() override {
        simulated::release_hangs();
        api_.reset();
        EXPECT_THAT(simulated::violations(), testing::ElementsAreArray(expected_violations_));
        simulated::reset();
        std::filesystem::remove_all(directory_);
    }

    // Runs one asynchronous call to its end. Its answer, if any, is in answer_.
    template <class Call>
    raw::Hresult run(Call call, uint32_t timeout_ms = 5000) {
        raw::Handle operation = api_->HcsCreateOperation(nullptr, nullptr);
        raw::Hresult result = call(operation);
        if (result == raw::kOk) {
            char16_t* document = nullptr;
            result = api_->HcsWaitForOperationResult(operation, timeout_ms, &document);
            keep(document);
        }
        api_->HcsCloseOperation(operation);
        return result;
    }
    void keep(char16_t* document) {
        answer_ = document == nullptr ? "" : to_utf8(document);
        api_->free_hcs(document);
    }

    // A filtered volume on one layer.
    void make_volume() {
        std::filesystem::create_directories(directory_ + "/layer");
        const std::u16string file = to_utf16(directory_ + "/sandbox.vhdx");
        ASSERT_EQ(api_->create_disk(file.c_str(), 1 << 20, nullptr, &disk_), raw::kOk);
        ASSERT_EQ(api_->attach_disk(disk_), raw::kOk);
        char16_t* path = nullptr;
        ASSERT_EQ(api_->HcsGetLayerVhdMountPath(disk_, &path), raw::kOk);
        volume_ = to_utf8(path);
        api_->free_hcs(path);
        layers_ = json::array({{{"Id", guid_of_id("layer").text()}, {"Path", directory_ + "/layer"}}});
        const std::u16string data = to_utf16(layer_data().dump()), volume = to_utf16(volume_);
        ASSERT_EQ(api_->HcsInitializeWritableLayer(volume.c_str(), data.c_str(), nullptr), raw::kOk);
        ASSERT_EQ(api_->HcsAttachLayerStorageFilter(volume.c_str(), data.c_str()), raw::kOk);
    }
    void drop_volume() {
        api_->HcsDetachLayerStorageFilter(to_utf16(volume_).c_str());
        api_->close_disk(disk_);
    }
    json layer_data() const { return {{"SchemaVersion", {{"Major", 2}, {"Minor", 1}}}, {"Layers", layers_}}; }
    json document() const {
        return {{"Owner", "test"},
                {"SchemaVersion", {{"Major", 2}, {"Minor", 1}}},
                {"ShouldTerminateOnLastHandleClosed", true},
                {"Container", {{"Storage", {{"Layers", layers_}, {"Path", volume_ + "\\"}}}}}};
    }
    raw::Hresult create(const json& document, raw::Handle* system, const char16_t* id = u"c1") {
        const std::u16string text = to_utf16(document.dump());
        return run([&](raw::Handle operation) {
            return api_->HcsCreateComputeSystem(id, text.c_str(), operation, nullptr, system);
        });
    }
    raw::Hresult start(raw::Handle system) {
        return run([&](raw::Handle operation) { return api_->HcsStartComputeSystem(system, operation, nullptr); });
    }
    raw::Hresult terminate(raw::Handle system) {
        return run([&](raw::Handle operation) { return api_->HcsTerminateComputeSystem(system, operation, nullptr); });
    }
    raw::Hresult launch(raw::Handle system, const json& parameters, raw::Handle* process,
                        raw::ProcessInformation* info) {
        const std::u16string text = to_utf16(parameters.dump());
        raw::Handle operation = api_->HcsCreateOperation(nullptr, nullptr);
        raw::Hresult result = api_->HcsCreateProcess(system, text.c_str(), operation, nullptr, process);
        if (result == raw::kOk) {
            char16_t* text_out = nullptr;
            result = api_->HcsWaitForOperationResultAndProcessInfo(operation, 5000, info, &text_out);
            keep(text_out);
        }
        api_->HcsCloseOperation(operation);
        return result;
    }

    std::shared_ptr<const raw::HostApi> api_;
    std::string directory_, volume_, answer_;
    json layers_;
    raw::Handle disk_ = nullptr;
    std::vector<std::string> expected_violations_;
};

}  // namespace slipway::windows_backend
