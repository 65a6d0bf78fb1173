#include <events/event_bus.hpp>

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace slipway::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Event event(const std::string& action, UnixNanos when = 0) {
    Event made;
    made.when = when;
    made.type = "container";
    made.action = action;
    made.actor_id = "abcdef";
    made.attributes = {{"name", "web"}, {"image", "busybox:1"}, {"tier", "front"}};
    return made;
}

class Bus : public ::testing::Test {
protected:
    explicit Bus(uint64_t keep = 100'000) {
        auto opened = Store::open({dir / "state.db", keep});
        EXPECT_TRUE(opened);
        store = *opened;
        bus = std::make_unique<EventBus>(store);
    }
    void append(const std::string& action, UnixNanos when = 0) { ASSERT_TRUE(bus->append(event(action, when))); }

    static std::string action_of(const std::optional<EventOrGap>& item) {
        if (!item) return "nothing";
        return item->event ? item->event->action : "gap " + std::to_string(item->missed);
    }

    test::TempDir dir;
    std::shared_ptr<Store> store;
    std::unique_ptr<EventBus> bus;
};

class SmallJournal : public Bus {
protected:
    SmallJournal() : Bus(10) {}
};

TEST_F(Bus, LiveSubscribersHearOnlyWhatComes) {
    append("before");
    auto reader = bus->subscribe(0, 0, std::nullopt, {});
    EXPECT_EQ(action_of(reader->next(milliseconds(0))), "nothing");

    append("after");

    EXPECT_EQ(action_of(reader->next(seconds(5))), "after");
    EXPECT_FALSE(reader->closed());
}

TEST_F(Bus, AWaitingReaderIsWoken) {
    auto reader = bus->subscribe(0, 0, std::nullopt, {});
    std::string heard;
    std::thread waiting([&] { heard = action_of(reader->next(seconds(10))); });
    append("now");
    waiting.join();

    EXPECT_EQ(heard, "now");
}

TEST_F(Bus, HistoryStartsAtANumberOrATime) {
    append("one", 10);
    append("two", 20);
    append("three", 30);

    auto by_number = bus->subscribe(0, 0, 2, {});
    EXPECT_EQ(action_of(by_number->next(milliseconds(0))), "two");
    EXPECT_EQ(action_of(by_number->next(milliseconds(0))), "three");
    auto by_time = bus->subscribe(30, 0, std::nullopt, {});
    EXPECT_EQ(action_of(by_time->next(milliseconds(0))), "three");
    append("four");
    EXPECT_EQ(action_of(by_time->next(seconds(5))), "four");
}

TEST_F(Bus, AnEndInThePastEndsTheStreamAfterItsHistory) {
    append("one", 10);
    append("two", 20);
    append("late", unix_now() + 1'000'000'000'000);

    auto reader = bus->subscribe(0, 20, std::nullopt, {});

    EXPECT_EQ(action_of(reader->next(milliseconds(0))), "one");
    EXPECT_EQ(action_of(reader->next(milliseconds(0))), "two");
    EXPECT_EQ(action_of(reader->next(seconds(5))), "nothing");
    EXPECT_TRUE(reader->closed());
}

TEST_F(Bus, AnEndInTheNearFutureEndsTheWait) {
    auto reader = bus->subscribe(0, unix_now() + 30'000'000, std::nullopt, {});

    EXPECT_EQ(action_of(reader->next(seconds(10))), "nothing");
    EXPECT_TRUE(reader->closed());
}

TEST_F(Bus, ABurstOfFiftyThousandReachesAReaderThatSleeps) {
    auto reader = bus->subscribe(0, 0, std::nullopt, {});
    constexpr uint64_t kMany = 50'000;  // ten times what the bus keeps in memory, half of what the journal does
    for (uint64_t i = 0; i < kMany / 500; ++i) {
        Batch batch;
        for (int j = 0; j < 500; ++j) batch.append(event("e"));
        ASSERT_TRUE(store->commit(std::move(batch), Durability::kNormal));
    }
    for (uint64_t i = 1; i <= kMany; ++i) {
        const auto item = reader->next(seconds(5));
        ASSERT_TRUE(item && item->event);
        ASSERT_EQ(item->event->sequence, i);
    }
    EXPECT_EQ(action_of(reader->next(milliseconds(0))), "nothing");
}

TEST_F(SmallJournal, WhatTheJournalLostIsReportedAsAGap) {
    for (int i = 0; i < 30; ++i) append("e");
    bus = nullptr;  // what it kept in memory goes with it
    bus = std::make_unique<EventBus>(store);

    auto reader = bus->subscribe(0, 0, 1, {{"event", {"nothing matches"}}});
    const auto gap = reader->next(milliseconds(0));

    ASSERT_TRUE(gap);
    EXPECT_FALSE(gap->event);
    EXPECT_EQ(gap->missed, store->first_sequence() - 1);
    EXPECT_EQ(action_of(reader->next(milliseconds(0))), "nothing");
}

TEST_F(Bus, FiltersApplyToHistoryAndLive) {
    append("start");
    append("die");
    auto reader = bus->subscribe(0, 0, 1, {{"event", {"die"}}});

    EXPECT_EQ(action_of(reader->next(milliseconds(0))), "die");
    append("start");
    append("die");
    EXPECT_EQ(reader->next(seconds(5))->event->sequence, 4u);
}

TEST_F(Bus, ClosingEndsWaitingReadersAndThoseThatOutliveTheBus) {
    auto reader = bus->subscribe(0, 0, std::nullopt, {});
    std::thread waiting([&] { EXPECT_EQ(action_of(reader->next(seconds(30))), "nothing"); });
    bus->close();
    waiting.join();
    EXPECT_TRUE(reader->closed());

    auto other = bus->subscribe(0, 0, std::nullopt, {});
    bus = nullptr;
    EXPECT_EQ(action_of(other->next(seconds(30))), "nothing");
    EXPECT_TRUE(other->closed());
}

TEST(EventFilter, KeysAreCombinedAndValuesAreAlternatives) {
    const Event made = event("start");

    EXPECT_TRUE(matches({}, made));
    EXPECT_TRUE(matches({{"type", {"image", "container"}}, {"event", {"start"}}}, made));
    EXPECT_FALSE(matches({{"type", {"container"}}, {"event", {"die"}}}, made));
    EXPECT_TRUE(matches({{"container", {"abc"}}}, made)) << "id prefix";
    EXPECT_TRUE(matches({{"container", {"web"}}}, made)) << "name";
    EXPECT_FALSE(matches({{"container", {"other"}}}, made));
    EXPECT_TRUE(matches({{"image", {"busybox"}}}, made));
    EXPECT_TRUE(matches({{"image", {"busybox:1"}}}, made));
    EXPECT_FALSE(matches({{"image", {"busybox:2"}}}, made));
    EXPECT_TRUE(matches({{"label", {"tier=front", "name"}}}, made));
    EXPECT_FALSE(matches({{"label", {"tier=front", "absent"}}}, made)) << "all labels must match";
    EXPECT_TRUE(matches({{"scope", {"local"}}}, made));
    EXPECT_FALSE(matches({{"scope", {"swarm"}}}, made));
    EXPECT_TRUE(matches({{"event", {"health_status"}}}, event("health_status: healthy")));
}

}  // namespace
}  // namespace slipway::core
