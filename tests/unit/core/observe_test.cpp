// Statistics and process lists of containers in every state.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace slipway::test {
namespace {

class Observe : public EngineFixture {
protected:
    Observe() { options.stats_interval = std::chrono::milliseconds(1); }

    struct Pair {
        StatsSample sample, before;
    };
    std::vector<Pair> read(const std::string& ref, StatsOptions wanted, size_t at_most = 10) const {
        std::vector<Pair> seen;
        const Status status = engine->read_stats(ref, wanted,
                                                 [&](const StatsSample& sample, const StatsSample& before) {
                                                     seen.push_back({sample, before});
                                                     return seen.size() < at_most;
                                                 },
                                                 {});
        EXPECT_TRUE(status) << status.error().message();
        return seen;
    }
    static ErrorCode code_of(const Status& status) { return status ? ErrorCode::kInternal : status.error().code(); }
};

constexpr StatsOptions kOnce{false, false};
constexpr StatsOptions kOneShot{false, true};
constexpr StatsOptions kStream{true, false};

TEST_F(Observe, OneSampleComesWithTheOneBefore) {
    const std::string id = create_started({"sleep"}, {}, "web");

    const auto seen = read("web", kOnce);

    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].sample.id, id);
    EXPECT_EQ(seen[0].sample.name, "web");
    EXPECT_EQ(seen[0].sample.usage, sim->container(id).stats);
    EXPECT_GT(seen[0].before.when, 0);
    EXPECT_GT(seen[0].sample.when, seen[0].before.when);
}

TEST_F(Observe, OneShotDoesNotWait) {
    create_started({"sleep"}, {}, "web");

    const auto seen = read("web", kOneShot);

    ASSERT_EQ(seen.size(), 1U);
    EXPECT_GT(seen[0].sample.when, 0);
    EXPECT_EQ(seen[0].before.when, 0);
}

TEST_F(Observe, AStreamGoesOnWithEachSampleBeforeTheNext) {
    create_started({"sleep"}, {}, "web");

    const auto seen = read("web", kStream, 3);

    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].before.when, 0);
    EXPECT_EQ(seen[1].before.when, seen[0].sample.when);
    EXPECT_EQ(seen[2].before.when, seen[1].sample.when);
}

TEST_F(Observe, WhatDoesNotRunHasNoUsage) {
    create({"sleep"}, {}, "idle");

    for (const StatsOptions wanted : {kOnce, kOneShot}) {
        const auto seen = read("idle", wanted);
        ASSERT_EQ(seen.size(), 1U);
        EXPECT_EQ(seen[0].sample.when, 0);
        EXPECT_EQ(seen[0].sample.name, "idle");
        EXPECT_TRUE(seen[0].sample.usage.empty());
    }
}

TEST_F(Observe, AStreamOutlivesARunAndEndsWithTheContainer) {
    const std::string id = create_started({"sleep"});
    std::atomic<int> running{0}, idle{0};
    std::atomic<bool> ended{false};
    std::thread reader([&] {
        const Status status = engine->read_stats(id, kStream,
                                                 [&](const StatsSample& sample, const StatsSample&) {
                                                     ++(sample.when == 0 ? idle : running);
                                                     return true;
                                                 },
                                                 {});
        EXPECT_TRUE(status);
        ended = true;
    });

    EXPECT_TRUE(eventually([&] { return running > 1; }));
    ASSERT_TRUE(engine->kill_container(id, "KILL"));
    EXPECT_TRUE(eventually([&] { return idle > 1; }));
    EXPECT_FALSE(ended);
    ASSERT_TRUE(engine->remove_container(id, {}));
    EXPECT_TRUE(eventually([&] { return ended.load(); }));
    reader.join();
}

TEST_F(Observe, AStreamEndsWhenItsClientHasGoneOrTheEngineShutsDown) {
    const std::string id = create_started({"sleep"});
    std::atomic<bool> gone{false}, first_ended{false}, second_ended{false};
    const auto keep = [](const StatsSample&, const StatsSample&) { return true; };
    std::thread first([&] {
        EXPECT_TRUE(engine->read_stats(id, kStream, keep, [&] { return gone.load(); }));
        first_ended = true;
    });
    std::thread second([&] {
        EXPECT_TRUE(engine->read_stats(id, kStream, keep, {}));
        second_ended = true;
    });

    gone = true;
    EXPECT_TRUE(eventually([&] { return first_ended.load(); }));
    EXPECT_FALSE(second_ended);
    engine->shut_down();
    EXPECT_TRUE(eventually([&] { return second_ended.load(); }));
    first.join();
    second.join();
}

TEST_F(Observe, SaysWhyThereAreNoStatistics) {
    const std::string id = create_started({"sleep"});
    const auto refuse = [](const StatsSample&, const StatsSample&) { return ADD_FAILURE() << "a sample", false; };

    const Status both = engine->read_stats(id, {true, true}, refuse, {});
    const Status missing = engine->read_stats("nope", kOnce, refuse, {});
    sim->fail_next("stats", Error(ErrorCode::kUnimplemented, "no statistics here"));
    const Status unable = engine->read_stats(id, kOnce, refuse, {});

    EXPECT_EQ(code_of(both), ErrorCode::kInvalidArgument);
    EXPECT_EQ(both.error().message(), "cannot have stream=true and one-shot=true");
    EXPECT_EQ(code_of(missing), ErrorCode::kNotFound);
    EXPECT_EQ(code_of(unable), ErrorCode::kUnimplemented);
}

TEST_F(Observe, ProcessesAreThoseOfTheBackend) {
    const std::string id = create_started({"sleep"});

    const auto listed = engine->list_processes(id, "-ef");
    ASSERT_TRUE(engine->pause_container(id));
    const auto paused = engine->list_processes(id, "");
    const auto refused = engine->list_processes(id, "-Z");

    ASSERT_TRUE(listed) << listed.error().message();
    EXPECT_EQ((*listed)["Titles"], nlohmann::json::array({"PID"}));
    EXPECT_EQ((*listed)["Processes"].size(), 1U);
    EXPECT_TRUE(paused);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(Observe, ProcessesNeedARunningContainer) {
    const std::string id = create({"sleep"});

    const auto idle = engine->list_processes(id, "");
    const auto missing = engine->list_processes("nope", "");
    ASSERT_TRUE(engine->start_container(id));
    sim->fail_next("top", Error(ErrorCode::kConflict, "ended"));
    const auto ended = engine->list_processes(id, "");

    for (const auto* refused : {&idle, &ended}) {
        ASSERT_FALSE(*refused);
        EXPECT_EQ(refused->error().code(), ErrorCode::kConflict);
        EXPECT_EQ(refused->error().message(), "Container " + id + " is not running");
    }
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace slipway::test
