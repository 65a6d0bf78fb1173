// What the engine makes of records that an earlier daemon left in the store.

#include "store/store.hpp"
#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

namespace slipway::test {
namespace {

using ::testing::HasSubstr;

// Changes a container's record while there is no engine.
void change_record(const std::filesystem::path& root, const std::function<void(ContainerRecord&)>& change) {
    auto store = Store::open({root / "data/slipway.db"});
    ASSERT_TRUE(store) << store.error().message();
    auto loaded = (*store)->load_containers();
    ASSERT_TRUE(loaded);
    ASSERT_EQ(loaded->rows.size(), 1U);
    change(loaded->rows[0]);
    Batch batch;
    batch.put(loaded->rows[0]);
    ASSERT_TRUE((*store)->commit(std::move(batch), Durability::kFull));
}

class StoredRecord : public EngineFixture {};

TEST_F(StoredRecord, AnExitThatWasNotedKeepsItsCodeThoughTheBackendForgotIt) {
    const std::string id = create_started({"sleep"});

    reopen([&] {
        sim->forget(id);
        change_record(root, [](ContainerRecord& record) {
            record.exit_noted = true;
            record.exit_code = 9;
            record.oom_killed = true;
            record.finished_at = record.started_at + 5;
        });
    });

    const RecordPtr seen = record(id);
    EXPECT_EQ(seen->state, RunState::kExited);
    EXPECT_EQ(seen->exit_code, 9);
    EXPECT_TRUE(seen->oom_killed);
    EXPECT_EQ(seen->finished_at, seen->started_at + 5);
    EXPECT_FALSE(seen->exit_noted);
    EXPECT_EQ(last_event("die").attributes.at("exitCode"), "9");
    EXPECT_TRUE(engine->start_container(id));
}

TEST_F(StoredRecord, ARemovalThatWasBegunIsCarriedOn) {
    const std::string id = create({"sleep"});

    reopen([&] { change_record(root, [](ContainerRecord& record) { record.state = RunState::kRemoving; }); });

    EXPECT_FALSE(engine->find_container(id));
    EXPECT_EQ(events_of(id).back(), "destroy");
    EXPECT_EQ(sim->writable_layers(), 0);
    EXPECT_FALSE(std::filesystem::exists(root / "data/containers" / id));
}

TEST_F(SF, Sf40_AnUnregisteredLogDriverFailsTheStartBeforeThereIsAProcess) {
    const std::string id = create({"sleep"});
    reopen([&] {
        change_record(root,
                      [](ContainerRecord& record) { record.host_config["LogConfig"]["Type"] = "carrier-pigeon"; });
    });

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message(), HasSubstr("logger: no log driver named 'carrier-pigeon' is registered"));
    EXPECT_EQ(sim->count_calls("create"), 0);
    EXPECT_EQ(record(id)->state, RunState::kCreated);
    expect_no_residue();
}

TEST_F(SF, Sf40_CreateRefusesAnUnregisteredLogDriver) {
    auto created = try_create({"sleep"}, {{"LogConfig", {{"Type", "carrier-pigeon"}}}});

    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(created.error().message(), "logger: no log driver named 'carrier-pigeon' is registered");
}

}  // namespace
}  // namespace slipway::test
