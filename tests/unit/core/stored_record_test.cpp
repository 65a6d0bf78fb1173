// What the engine makes of records that an earlier daemon left in the store.

#include "store/store.hpp"
#include "support/engine_fixture.hpp"
#include "support/tar_builder.hpp"

#include <gmock/gmock.h>

#include <sqlite3.h>

#include <algorithm>

namespace slipway::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

class StoredRecord : public EngineFixture {
protected:
    // While there is no engine.
    void run_sql(const char* sql) const {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open((root / "data/slipway.db").string().c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
        sqlite3_close(db);
    }
    void import_image() {
        const ByteSource source = source_of(TarBuilder().file("x", "y").build());
        ASSERT_TRUE(engine->import_image(source, "img", "latest", "", {}));
    }
    int64_t lines_with(const std::string& text) const {
        const std::vector<std::string> lines = log_lines();
        return std::count_if(lines.begin(), lines.end(),
                             [&](const std::string& line) { return line.find(text) != std::string::npos; });
    }
    std::vector<std::string> layers() const { return *sim->layer_list(CallContext{}); }
};

TEST_F(StoredRecord, AContainerThatIsSetAsideRunsOnOverManyStarts) {
    const std::string id = create_started({"sleep"});
    import_image();
    ASSERT_TRUE(engine->remove_image("img", true));
    EXPECT_THAT(layers(), IsEmpty()) << "of an image that nothing keeps";
    import_image();
    const std::vector<std::string> kept = layers();

    reopen([&] { run_sql("UPDATE containers SET version = version + 1"); });
    for (int start = 0; start < 2; ++start) {
        EXPECT_FALSE(engine->find_container(id));
        EXPECT_EQ(sim->residue().processes, 1) << "start " << start;
        EXPECT_EQ(sim->writable_layers(), 1);
        EXPECT_TRUE(std::filesystem::exists(root / "data/containers" / id));
        EXPECT_EQ(lines_with("container " + id + " set aside"), start + 1);
        if (start == 0) reopen();
    }
    ASSERT_TRUE(engine->remove_image("img", true));
    EXPECT_EQ(layers(), kept) << "it may be the container's";
    reopen([&] { run_sql("UPDATE containers SET version = version - 1"); });

    EXPECT_EQ(record(id)->state, RunState::kRunning) << "the version that wrote it is back";
    EXPECT_THAT(layers(), IsEmpty()) << "nothing is set aside any more";
    sim->finish(id, 4);
    EXPECT_EQ(wait_exit(id).exit_code, 4);
}

TEST_F(StoredRecord, ADamagedRecordCostsItsContainerNothingAtTheSecondStartEither) {
    const std::string id = create_started({"sleep"});

    reopen([&] { run_sql("UPDATE containers SET checksum = checksum + 1"); });
    reopen();

    EXPECT_EQ(sim->residue().processes, 1);
    EXPECT_EQ(sim->writable_layers(), 1);
    EXPECT_TRUE(std::filesystem::exists(root / "data/containers" / id));
    reopen([&] { run_sql("DELETE FROM damaged"); });
    EXPECT_EQ(sim->residue().processes, 0) << "nobody asked to keep it any more";
    EXPECT_FALSE(std::filesystem::exists(root / "data/containers" / id));
}

TEST_F(StoredRecord, LayersOfADamagedImageStay) {
    import_image();
    const std::vector<std::string> kept = layers();

    reopen([&] { run_sql("UPDATE images SET checksum = checksum + 1"); });
    EXPECT_EQ(layers(), kept);
    reopen();
    EXPECT_EQ(layers(), kept);

    EXPECT_THAT(log_lines(), Contains(HasSubstr("image sha256:")));
    reopen([&] { run_sql("DELETE FROM damaged"); });
    EXPECT_THAT(layers(), IsEmpty());
}

TEST_F(StoredRecord, DirectoriesOfADamagedVolumeStayAndOthersAreTidied) {
    const std::filesystem::path directory = root / "data/volumes";
    ASSERT_TRUE(engine->create_volume({"data", "", {}, {}}));
    ASSERT_TRUE(engine->create_volume({"good", "", {}, {}}));

    reopen([&] { run_sql("UPDATE volumes SET checksum = checksum + 1 WHERE id = 'data'"); });
    for (const char* name : {".removed-0a1b2c3d-data", ".new-data", ".removed-0a1b2c3d-gone", ".new-gone"}) {
        std::filesystem::create_directory(directory / name);
    }
    std::filesystem::remove_all(directory / "good");
    reopen();

    EXPECT_EQ(lines_with("volume data set aside"), 2);
    EXPECT_TRUE(std::filesystem::exists(directory / "data/_data"));
    EXPECT_TRUE(std::filesystem::exists(directory / ".removed-0a1b2c3d-data"));
    EXPECT_TRUE(std::filesystem::exists(directory / ".new-data"));
    EXPECT_FALSE(std::filesystem::exists(directory / ".removed-0a1b2c3d-gone"));
    EXPECT_FALSE(std::filesystem::exists(directory / ".new-gone"));
    EXPECT_TRUE(std::filesystem::exists(directory / "good/_data"));
}

TEST_F(StoredRecord, ADamagedNetworkIsToldOf) {
    reopen([&] { run_sql("UPDATE networks SET checksum = checksum + 1"); });

    EXPECT_THAT(log_lines(), Contains(HasSubstr("network ")));
    EXPECT_TRUE(engine->start_container(create({"sleep"})));
}

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
