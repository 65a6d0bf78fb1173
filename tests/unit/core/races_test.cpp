// Operations that meet: named after the interleaving.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

namespace slipway::test {
namespace {

class Races : public EngineFixture {};

int count(const std::vector<std::string>& events, const std::string& action) {
    return static_cast<int>(std::count(events.begin(), events.end(), action));
}

TEST_F(SF, Sf05_TwoStartsAtOnceMakeOneProcess) {
    for (int round = 0; round < 20; ++round) {
        const std::string id = create({"sleep"});
        std::vector<std::thread> starters;
        std::atomic<int> fresh{0};
        for (int i = 0; i < 4; ++i) {
            starters.emplace_back([&] {
                auto started = engine->start_container(id);
                EXPECT_TRUE(started) << started.error().message();
                if (started && !started->already_running) ++fresh;
            });
        }
        for (std::thread& starter : starters) starter.join();

        EXPECT_EQ(fresh, 1);
        EXPECT_EQ(count(events_of(id), "start"), 1);
    }
    EXPECT_EQ(sim->count_calls("create"), 20);
    EXPECT_EQ(sim->violations(), std::vector<std::string>{});
}

TEST_F(Races, StartMeetsRemove) {
    for (int round = 0; round < 20; ++round) {
        const std::string id = create({"sleep"});
        bool started = false;
        bool removed = false;
        std::thread starter([&] { started = engine->start_container(id).has_value(); });
        std::thread remover([&] { removed = engine->remove_container(id, {}).has_value(); });
        starter.join();
        remover.join();

        EXPECT_NE(started, removed);
        RemoveOptions force;
        force.force = true;
        if (started) {
            EXPECT_TRUE(engine->remove_container(id, force));
        }
        EXPECT_FALSE(engine->find_container(id));
    }
    expect_no_residue();
    EXPECT_EQ(sim->writable_layers(), 0);
}

TEST_F(Races, StopMeetsExit) {
    for (int round = 0; round < 20; ++round) {
        const std::string id = create_started({"sleep"});
        std::thread finisher([&] { sim->finish(id, 5); });
        Status stopped = engine->stop_container(id, std::nullopt, std::nullopt);
        finisher.join();

        EXPECT_TRUE(stopped || stopped.error().code() == ErrorCode::kNotModified);
        wait_exit(id);
        const auto events = events_of(id);
        EXPECT_EQ(count(events, "die"), 1);
        EXPECT_THAT(record(id)->exit_code, ::testing::AnyOf(5, 143));
    }
    expect_no_residue();
}

TEST_F(Races, ForcedRemoveMeetsAutoRemove) {
    std::vector<std::string> ids;
    for (int round = 0; round < 20; ++round) {
        const std::string id = create_started({"sleep"}, {{"AutoRemove", true}});
        std::thread finisher([&] { sim->finish(id, 0); });
        RemoveOptions force;
        force.force = true;
        Status removed = engine->remove_container(id, force);
        finisher.join();
        if (!removed) {
            EXPECT_THAT(removed.error().code(), ::testing::AnyOf(ErrorCode::kNotFound, ErrorCode::kConflict))
                << removed.error().message();
        }
        ids.push_back(id);
        while (count(events_of(id), "destroy") == 0) std::this_thread::yield();
        EXPECT_FALSE(engine->find_container(id));
    }
    for (const std::string& id : ids) EXPECT_EQ(count(events_of(id), "destroy"), 1);
    expect_no_residue();
    EXPECT_EQ(sim->writable_layers(), 0);
}

TEST_F(Races, ManyContainersStartAndEndSideBySide) {
    std::vector<std::thread> users;
    for (int user = 0; user < 4; ++user) {
        users.emplace_back([&] {
            for (int round = 0; round < 10; ++round) {
                const std::string id = create_started({"exit", "1"});
                EXPECT_EQ(wait_exit(id).exit_code, 1);
                EXPECT_TRUE(engine->remove_container(id, {}));
            }
        });
    }
    for (std::thread& user : users) user.join();
    expect_no_residue();
    EXPECT_EQ(sim->writable_layers(), 0);
}

TEST_F(Races, AnExitDuringAHangingStartOfAnotherIsHandled) {
    const std::string hanging = create({"sleep"});
    const std::string other = create_started({"sleep"});
    sim->block("build_spec");
    std::thread starter([&] { EXPECT_TRUE(engine->start_container(hanging)); });
    sim->wait_until_blocked("build_spec");

    sim->finish(other, 9);

    EXPECT_EQ(wait_exit(other).exit_code, 9);
    sim->release("build_spec");
    starter.join();
}

TEST_F(Races, TheExitOfAnUndoneStartIsNotTakenForTheNextRun) {
    const std::string id = create_started({"sleep"});
    BackendEvent stale;
    stale.container_id = id;
    stale.exit_code = 137;
    queue->push(stale);  // as left over from a start that was undone

    EXPECT_TRUE(engine->kill_container(id, "HUP"));
    auto other = create_started({"exit", "0"});
    wait_exit(other);  // the queue is in order, so the stale event has been taken by now

    EXPECT_EQ(record(id)->state, RunState::kRunning);
}

}  // namespace
}  // namespace slipway::test
