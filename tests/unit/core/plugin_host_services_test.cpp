// What a plugin reaches through slw_host.
#include <gmock/gmock.h>
#include <slipway/cpp/host.hpp>

#include "plugin_host/host_services.hpp"

namespace slipway::core {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

class HostServicesTest : public testing::Test {
protected:
    std::vector<std::string> lines_;
    std::shared_ptr<BackendEventQueue> queue_ = std::make_shared<BackendEventQueue>();
    HostServices services_{"x",
                           {{"instance", "00000000"}},
                           [this](LogLevel, std::string_view line) { lines_.emplace_back(line); },
                           queue_};
    Host host_{services_.get()};
};

TEST_F(HostServicesTest, LogLinesNameTheBackendAndCannotForgeOthers) {
    host_.info("one\nfake: two\x1b[31m\x7f");

    EXPECT_THAT(lines_, ElementsAre("x: one\\nfake: two\\x1b[31m\\x7f"));
}

TEST_F(HostServicesTest, LogLinesThatAreTooLongAreCut) {
    host_.info(std::string(100'000, 'a'));

    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_LT(lines_[0].size(), 9'000U);
    EXPECT_THAT(lines_[0], EndsWith(" [cut]"));
}

TEST_F(HostServicesTest, EventsAreQueuedWhole) {
    const std::string id(64, 'c');
    slw_event event{sizeof(slw_event), SLW_EVENT_LOST, id.c_str(), 42, 255, 1, {"gone", 4}};

    host_.post(event);

    const auto queued = queue_->pop();
    ASSERT_TRUE(queued);
    EXPECT_EQ(queued->kind, BackendEvent::Kind::kLost);
    EXPECT_EQ(queued->container_id, id);
    EXPECT_EQ(queued->when, 42);
    EXPECT_EQ(queued->exit_code, 255);
    EXPECT_TRUE(queued->oom_killed);
    EXPECT_EQ(queued->text, "gone");
}

TEST_F(HostServicesTest, EventsThatMakeNoSenseAreLoggedAndDropped) {
    slw_event unknown{sizeof(slw_event), 99, "c", 0, 0, 0, {nullptr, 0}};
    slw_event nameless{sizeof(slw_event), SLW_EVENT_EXIT, nullptr, 0, 0, 0, {nullptr, 0}};
    slw_event small{8, SLW_EVENT_EXIT, "c", 0, 0, 0, {nullptr, 0}};

    host_.post(unknown);
    host_.post(nameless);
    host_.post(small);

    queue_->close();
    EXPECT_FALSE(queue_->pop());
    EXPECT_EQ(lines_.size(), 3U);
}

TEST_F(HostServicesTest, ConfigurationIsOneJsonObject) {
    const Result<std::string> config = host_.config();

    ASSERT_TRUE(config);
    EXPECT_EQ(*config, R"({"instance":"00000000"})");
}

TEST_F(HostServicesTest, UnknownServicesAreNull) {
    const slw_host* host = services_.get();

    EXPECT_EQ(host->get_service(host->ctx, "slw.host.coffee/1"), nullptr);
    EXPECT_EQ(host->get_service(host->ctx, nullptr), nullptr);
}

TEST_F(HostServicesTest, ClockIsTheOneOfDeadlines) {
    const MonotonicNanos before = monotonic_now();

    const uint64_t now = host_.monotonic_ns();

    EXPECT_GE(now, before);
    EXPECT_LE(now, monotonic_now());
}

}  // namespace
}  // namespace slipway::core
