// Containers that remove themselves when they end (--rm).

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace slipway::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

using std::chrono::seconds;

class AutoRemove : public EngineFixture {
protected:
    // Whether it is removed within ten seconds.
    bool goes(const std::string& id) const {
        const auto end = std::chrono::steady_clock::now() + seconds(10);
        while (engine->find_container(id) && std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return !engine->find_container(id);
    }
};

TEST_F(AutoRemove, FollowsTheExit) {
    const std::string id = create({"exit", "5"}, {{"AutoRemove", true}});
    bool registered = false;
    std::thread starter;

    auto result = engine->wait_container(id, WaitCondition::kRemoved,
                                         [&] {
                                             registered = true;
                                             starter = std::thread([&] { EXPECT_TRUE(engine->start_container(id)); });
                                         },
                                         {});

    starter.join();
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_TRUE(registered);
    EXPECT_EQ(result->exit_code, 5);
    EXPECT_FALSE(engine->find_container(id));
    EXPECT_EQ(events_of(id).back(), "destroy");
}

TEST_F(AutoRemove, OneThatFailsAnswersWhoWaitsForIt) {
    const std::string id = create_started({"sleep"}, {{"AutoRemove", true}});
    sim->fail_next("root_remove", Error(ErrorCode::kSystem, "the layer is busy"));

    auto result = engine->wait_container(id, WaitCondition::kRemoved, [&] { sim->finish(id, 5); }, {});

    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->exit_code, 5);
    EXPECT_THAT(result->error, HasSubstr("the layer is busy"));
    EXPECT_EQ(record(id)->state, RunState::kDead);
    EXPECT_TRUE(engine->remove_container(id, {}));
}

TEST_F(AutoRemove, ARestartDoesNotRemoveAContainerThatRemovesItself) {
    const std::string id = create_started({"sleep"}, {{"AutoRemove", true}});

    ASSERT_TRUE(engine->restart_container(id, std::nullopt, std::nullopt));

    ASSERT_TRUE(engine->find_container(id));
    EXPECT_TRUE(record(id)->is_running());
    EXPECT_THAT(events_of(id), Contains("restart"));
    EXPECT_THAT(events_of(id), Not(Contains("destroy")));
    ASSERT_TRUE(engine->kill_container(id, "KILL"));
    EXPECT_TRUE(goes(id));
}

TEST_F(AutoRemove, ARestartThatCannotStartRemovesIt) {
    const std::string id = create_started({"sleep"}, {{"AutoRemove", true}});
    sim->fail_next("start", Error(ErrorCode::kSystem, "no luck"));

    EXPECT_FALSE(engine->restart_container(id, std::nullopt, std::nullopt));

    EXPECT_FALSE(engine->find_container(id));
    EXPECT_EQ(sim->writable_layers(), 0);
}

TEST_F(AutoRemove, ARestartWhoseStopTimesOutLeavesNothingBehindLater) {
    const std::string id = create_started({"stubborn"}, {{"AutoRemove", true}});
    sim->fail_next("signal", Error(ErrorCode::kSystem, "no luck"), 2);

    EXPECT_FALSE(engine->restart_container(id, std::nullopt, std::chrono::seconds(0)));

    ASSERT_TRUE(engine->find_container(id)) << "it runs on";
    sim->finish(id, 0);
    EXPECT_TRUE(goes(id));
}

}  // namespace
}  // namespace slipway::test
