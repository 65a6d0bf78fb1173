// The pure rules of restarts: who runs again, when, and in which order at boot.

#include "restart/restart_policy.hpp"
#include "restart/boot_order.hpp"
#include "restart/timer_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace slipway::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Ended {
    std::string policy;
    int64_t max_retries = 0;
    int32_t exit_code = 0;
    int64_t restarts = 0;
    bool signalled = false;  // a signal came through the API
    bool ended = false;      // and it was one that ends the container for good
};

ContainerRecord record_of(const Ended& ended) {
    ContainerRecord record;
    record.host_config = {{"RestartPolicy", {{"Name", ended.policy}, {"MaximumRetryCount", ended.max_retries}}}};
    record.state = RunState::kExited;
    record.started_before = true;
    record.exit_code = ended.exit_code;
    record.restart_count = ended.restarts;
    record.manually_stopped = ended.signalled;
    record.desired = ended.ended ? DesiredState::kStopped : DesiredState::kRunning;
    return record;
}

struct Row {
    Ended ended;
    bool again;
    bool at_boot;
};

TEST(RestartPolicy, FourPoliciesByHowTheRunEnded) {
    const Row rows[] = {
        {{"no", 0, 1}, false, false},
        {{"", 0, 1}, false, false},
        {{"always", 0, 0}, true, true},
        {{"always", 0, 1, 1000}, true, true},
        {{"always", 0, 143, 0, true, true}, false, true},  // stopped by hand: only until the daemon begins again
        {{"always", 0, 1, 0, true, false}, true, true},    // a signal that only told it something
        {{"unless-stopped", 0, 0}, true, true},
        {{"unless-stopped", 0, 143, 0, true, true}, false, false},
        {{"unless-stopped", 0, 1, 0, true, false}, false, false},
        {{"on-failure", 0, 0}, false, false},
        {{"on-failure", 0, 1, 1000}, true, true},
        {{"on-failure", 3, 1, 2}, true, true},
        {{"on-failure", 3, 1, 3}, false, false},
        {{"on-failure", 3, 143, 0, true, true}, false, false},
    };
    for (const Row& row : rows) {
        const ContainerRecord record = record_of(row.ended);
        SCOPED_TRACE(row.ended.policy + ":" + std::to_string(row.ended.max_retries) + " exit " +
                     std::to_string(row.ended.exit_code) + " restarts " + std::to_string(row.ended.restarts) +
                     (row.ended.signalled ? " signalled" : "") + (row.ended.ended ? " ended" : ""));
        EXPECT_EQ(restarts_after_exit(record), row.again);
        EXPECT_EQ(starts_at_boot(record), row.at_boot);
    }
}

TEST(RestartPolicy, BootStartsNeitherWhatNeverRanNorWhatIsOnItsWayOut) {
    ContainerRecord record = record_of({"always"});
    record.started_before = false;
    EXPECT_FALSE(starts_at_boot(record));
    record.started_before = true;
    for (const RunState state : {RunState::kCreated, RunState::kRunning, RunState::kRemoving, RunState::kDead}) {
        record.state = state;
        EXPECT_FALSE(starts_at_boot(record)) << to_string(state);
    }
}

TEST(RestartBackoff, Sf57_DelaysDoubleUpToTheCap) {
    RestartBackoff backoff;
    std::vector<int64_t> delays;
    for (int i = 0; i < 12; ++i) delays.push_back(backoff.next({}, 1s).count());
    EXPECT_THAT(delays, ElementsAre(100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000));
}

TEST(RestartBackoff, Sf58_ALongRunBeginsAnew) {
    RestartBackoff backoff;
    backoff.next({}, 1s);
    backoff.next({}, 9'999ms);
    EXPECT_EQ(backoff.next({}, 10s), 100ms);
    EXPECT_EQ(backoff.next({}, 0s), 200ms);
}

RecordPtr booting(const std::string& id, int64_t created, nlohmann::json host_config,
                  const std::string& linked_to = "") {
    auto record = std::make_shared<ContainerRecord>();
    record->id = id;
    record->name = "name-" + id;
    record->created = created;
    record->host_config = std::move(host_config);
    if (!linked_to.empty()) record->links.push_back({linked_to, ""});
    return record;
}

std::vector<std::string> ids(const std::vector<BootStep>& steps) {
    std::vector<std::string> out;
    for (const BootStep& step : steps) out.push_back(step.id);
    return out;
}

// Containers of these tests are called "name-<id>".
std::optional<std::string> id_of(const std::string& ref) {
    return ref.starts_with("name-") ? ref.substr(5) : ref;
}

TEST(BootOrder, WhatIsNeededComesFirst) {
    const auto steps =
        boot_order({booting("a", 1, {{"NetworkMode", "container:d"}}), booting("b", 2, {{"IpcMode", "host"}}, "c"),
                    booting("c", 3, {{"VolumesFrom", {"name-a:ro"}}}), booting("d", 4, {{"IpcMode", "host"}}),
                    booting("e", 0, {{"PidMode", "container:elsewhere"}})},
                   id_of);
    EXPECT_THAT(ids(steps), ElementsAre("e", "d", "a", "c", "b"));
    EXPECT_THAT(steps[0].after, IsEmpty());
    EXPECT_THAT(steps[2].after, ElementsAre(1));
    EXPECT_THAT(steps[4].after, ElementsAre(3));
}

TEST(BootOrder, ACircleBeginsWithTheOldest) {
    const auto steps = boot_order(
        {booting("b", 2, {{"NetworkMode", "container:a"}}), booting("a", 1, {{"NetworkMode", "container:b"}})}, id_of);
    EXPECT_THAT(ids(steps), ElementsAre("b", "a"));
    for (size_t i = 0; i < steps.size(); ++i) {
        for (const size_t earlier : steps[i].after) EXPECT_LT(earlier, i) << "would wait for what has not begun";
    }
}

TEST(TimerQueue, RunsInTheOrderOfTime) {
    std::vector<int> order;
    std::promise<void> done;
    TimerQueue timers;
    const auto now = TimerQueue::Clock::now();
    timers.run_at(now + 20ms, [&] {
        order.push_back(2);
        done.set_value();
    });
    timers.run_at(now + 1ms, [&] { order.push_back(1); });
    done.get_future().wait();
    EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(TimerQueue, StopDropsWhatHasNotBegun) {
    std::atomic<bool> ran{false};
    TimerQueue timers;
    timers.run_at(TimerQueue::Clock::now() + 1h, [&] { ran = true; });
    timers.stop();
    timers.run_at(TimerQueue::Clock::now(), [&] { ran = true; });
    EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace slipway::core
