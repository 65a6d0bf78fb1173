#include <store/store.hpp>

#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <thread>

namespace slipway::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ContainerRecord container(char letter) {
    ContainerRecord record;
    record.id = std::string(64, letter);
    record.name = std::string("c") + letter;
    record.created = 1;
    record.backend = "sim";
    record.path = "sh";
    record.config = nlohmann::json::object();
    record.host_config = nlohmann::json::object();
    return record;
}

ImageRecord image(char letter, std::vector<std::string> tags) {
    ImageRecord record;
    record.id = "sha256:" + std::string(64, letter);
    record.tags = std::move(tags);
    record.layers = {std::string(64, '1')};
    record.document = {{"os", "linux"}};
    record.size_bytes = 7;
    return record;
}

Event event(const std::string& action) {
    Event made;
    made.when = 5;
    made.type = "container";
    made.action = action;
    made.actor_id = "x";
    made.attributes = {{"name", "web"}};
    return made;
}

class StoreTest : public ::testing::Test {
protected:
    std::shared_ptr<Store> open(uint64_t keep = 100'000, uint64_t max_pages = 0) {
        auto opened = Store::open({dir / "state.db", keep, max_pages});
        EXPECT_TRUE(opened) << opened.error().message();
        return opened ? *opened : nullptr;
    }

    // Runs SQL on the closed file, as damage does.
    void tamper(const char* sql) {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open((dir / "state.db").string().c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
        sqlite3_close(db);
    }

    test::TempDir dir;
};

TEST_F(StoreTest, WhatWasCommittedIsThereAfterReopening) {
    auto store = open();
    const std::string engine = store->engine_id();
    NetworkRecord network{"n1", "bridge", "bridge"};
    network.ipam = {{"Driver", "default"}};
    Batch batch;
    batch.put(container('a')).put(container('b')).put(image('c', {"x:1", "y:2"})).put(network).set_meta("k", "v");
    ASSERT_TRUE(store->commit(std::move(batch), Durability::kFull));
    store.reset();

    store = open();

    EXPECT_EQ(store->engine_id(), engine);
    EXPECT_EQ(store->load_containers()->rows.size(), 2u);
    EXPECT_EQ(store->load_containers()->rows.at(0).name, "ca");
    EXPECT_THAT(store->load_images()->rows.at(0).tags, ElementsAre("x:1", "y:2"));
    EXPECT_EQ(store->load_images()->rows.at(0).size_bytes, 7u);
    EXPECT_EQ(store->load_networks()->rows.at(0).ipam["Driver"], "default");
    EXPECT_EQ(**store->meta("k"), "v");
    EXPECT_EQ(*store->meta("other"), std::nullopt);
}

TEST_F(StoreTest, PuttingReplacesAndErasingForgets) {
    auto store = open();
    ContainerRecord record = container('a');
    ASSERT_TRUE(store->commit(std::move(Batch().put(record)), Durability::kNormal));
    record.exit_code = 3;
    ASSERT_TRUE(store->commit(std::move(Batch().put(record)), Durability::kNormal));
    EXPECT_EQ(store->load_containers()->rows.at(0).exit_code, 3);

    ASSERT_TRUE(store->commit(std::move(Batch().erase_container(record.id)), Durability::kNormal));

    EXPECT_TRUE(store->load_containers()->rows.empty());
}

TEST_F(StoreTest, ATagBelongsToTheLastImageThatTookIt) {
    auto store = open();
    ASSERT_TRUE(
        store->commit(std::move(Batch().put(image('a', {"x:1", "y:1"})).put(image('b', {"x:1"}))), Durability::kFull));

    const auto images = store->load_images();

    EXPECT_THAT(images->rows.at(0).tags, ElementsAre("y:1"));
    EXPECT_THAT(images->rows.at(1).tags, ElementsAre("x:1"));
}

TEST_F(StoreTest, EventsAreNumberedWithoutHolesAcrossReopening) {
    auto store = open();
    auto first = store->commit(std::move(Batch().append(event("create")).append(event("start"))), Durability::kNormal);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->at(0).sequence, 1u);
    EXPECT_EQ(first->at(1).sequence, 2u);
    store.reset();

    store = open();
    EXPECT_EQ(store->last_sequence(), 2u);
    ASSERT_EQ(store->commit(std::move(Batch().append(event("die"))), Durability::kNormal)->at(0).sequence, 3u);

    const auto events = store->read_events(2, 10);
    ASSERT_EQ(events->size(), 2u);
    EXPECT_EQ(events->at(0).action, "start");
    EXPECT_EQ(events->at(0).attributes.at("name"), "web");
    EXPECT_EQ(events->at(1).when, 5);
}

TEST_F(StoreTest, TheJournalIsBounded) {
    auto store = open(20);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(store->commit(std::move(Batch().append(event("e"))), Durability::kNormal));
        const auto kept = store->read_events(1, 1000);
        EXPECT_LE(kept->size(), 22u);
        EXPECT_EQ(kept->front().sequence, store->first_sequence());
        EXPECT_EQ(kept->back().sequence, store->last_sequence());
    }
    EXPECT_EQ(store->last_sequence(), 100u);
    EXPECT_GE(store->read_events(1, 1000)->size(), 20u);
}

TEST_F(StoreTest, EventsAreFoundByTime) {
    auto store = open();
    for (const UnixNanos when : {10, 20, 30}) {
        Event timed = event("e");
        timed.when = when;
        ASSERT_TRUE(store->commit(std::move(Batch().append(timed)), Durability::kNormal));
    }
    EXPECT_EQ(*store->first_event_since(0), 1u);
    EXPECT_EQ(*store->first_event_since(20), 2u);
    EXPECT_EQ(*store->first_event_since(31), 4u);
}

TEST_F(StoreTest, TheSinkHearsEachCommitInOrder) {
    auto store = open();
    std::vector<uint64_t> heard;
    store->set_event_sink([&](std::span<const Event> events) {
        for (const Event& each : events) heard.push_back(each.sequence);
    });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                EXPECT_TRUE(
                    store->commit(std::move(Batch().append(event("a")).append(event("b"))), Durability::kNormal));
            }
        });
    }
    for (std::thread& thread : threads) thread.join();

    ASSERT_EQ(heard.size(), 400u);
    for (size_t i = 0; i < heard.size(); ++i) EXPECT_EQ(heard[i], i + 1);
}

TEST_F(StoreTest, ADamagedRowIsSetAsideAndTheOthersLoad) {
    open()
        ->commit(std::move(Batch().put(container('a')).put(container('b')).put(container('c'))), Durability::kFull)
        .has_value();
    tamper("UPDATE containers SET document = replace(document, '\"ca\"', '\"xx\"') WHERE id LIKE 'a%'");
    tamper("UPDATE containers SET version = 99 WHERE id LIKE 'b%'");

    auto store = open();
    const auto loaded = store->load_containers();

    ASSERT_TRUE(loaded);
    ASSERT_EQ(loaded->rows.size(), 1u);
    EXPECT_EQ(loaded->rows[0].name, "cc");
    ASSERT_EQ(loaded->damaged.size(), 2u);
    EXPECT_EQ(loaded->damaged[0].id, std::string(64, 'b'));
    EXPECT_EQ(loaded->damaged[0].reason, "written by a newer version of the engine");
    EXPECT_EQ(loaded->damaged[1].id, std::string(64, 'a'));
    EXPECT_EQ(loaded->damaged[1].reason, "checksum does not match");
}

TEST_F(StoreTest, WhatWasSetAsideIsKnownAtEveryStartUntilItIsDeleted) {
    open()->commit(std::move(Batch().put(container('a')).put(container('b'))), Durability::kFull).has_value();
    tamper("UPDATE containers SET checksum = checksum + 1 WHERE id LIKE 'a%'");
    for (int start = 0; start < 3; ++start) {
        const auto loaded = open()->load_containers();
        ASSERT_TRUE(loaded);
        EXPECT_EQ(loaded->rows.size(), 1u);
        ASSERT_EQ(loaded->damaged.size(), 1u) << "start " << start;
        EXPECT_EQ(loaded->damaged[0].table, "containers");
        EXPECT_EQ(loaded->damaged[0].id, std::string(64, 'a'));
        EXPECT_EQ(loaded->damaged[0].reason, "checksum does not match");
    }

    tamper("DELETE FROM damaged WHERE place = 'containers' AND document IS NOT NULL");

    EXPECT_TRUE(open()->load_containers()->damaged.empty());
}

TEST_F(StoreTest, WhatWasWrittenAnewIsNoLongerDamaged) {
    open()->commit(std::move(Batch().put(container('a'))), Durability::kFull).has_value();
    tamper("UPDATE containers SET checksum = checksum + 1");
    ASSERT_EQ(open()->load_containers()->damaged.size(), 1u);

    open()->commit(std::move(Batch().put(container('a'))), Durability::kFull).has_value();

    EXPECT_TRUE(open()->load_containers()->damaged.empty());
}

TEST_F(StoreTest, WhatANewerVersionWroteIsThereWhenThatComesBack) {
    open()->commit(std::move(Batch().put(container('a'))), Durability::kFull).has_value();
    tamper("UPDATE containers SET version = version + 1");
    ASSERT_EQ(open()->load_containers()->damaged.size(), 1u);

    tamper("UPDATE containers SET version = version - 1");  // as a version that knows them reads them

    EXPECT_EQ(open()->load_containers()->rows.size(), 1u);
}

TEST_F(StoreTest, AFileThatIsNoDatabaseIsNamed) {
    test::write_file(dir / "state.db", std::string(8192, 'x'));

    const auto opened = Store::open({dir / "state.db"});

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::kDataLoss);
    EXPECT_THAT(opened.error().message(), HasSubstr((dir / "state.db").string()));
    EXPECT_EQ(test::read_file(dir / "state.db"), std::string(8192, 'x')) << "left as it was";
}

TEST_F(StoreTest, AFileOfANewerVersionIsRefused) {
    open();
    tamper("PRAGMA user_version = 77");

    const auto opened = Store::open({dir / "state.db"});

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::kConflict);
    EXPECT_THAT(opened.error().message(), HasSubstr("newer version"));
}

TEST_F(StoreTest, ASecondDaemonOnTheSameFileIsRefused) {
    const auto first = open();

    const auto second = Store::open({dir / "state.db"});

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
    EXPECT_THAT(second.error().message(), HasSubstr("in use by another process"));
}

TEST_F(StoreTest, AFullDiskLeavesEverythingAsItWas) {
    auto store = open(100'000, 40);
    ContainerRecord big = container('b');
    big.error = std::string(1 << 20, 'x');
    ASSERT_TRUE(store->commit(std::move(Batch().put(container('a')).append(event("create"))), Durability::kFull));

    const auto failed = store->commit(std::move(Batch().put(big).append(event("lost"))), Durability::kFull);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), ErrorCode::kResourceExhausted);
    EXPECT_THAT(failed.error().message(), HasSubstr((dir / "state.db").string()));
    EXPECT_EQ(store->load_containers()->rows.size(), 1u);
    EXPECT_EQ(store->last_sequence(), 1u);
    EXPECT_EQ(store->commit(std::move(Batch().append(event("next"))), Durability::kNormal)->at(0).sequence, 2u);
}

TEST_F(StoreTest, DurableCommitsKeepTheWalSmall) {
    auto store = open();
    ContainerRecord record = container('a');
    record.error = std::string(100'000, 'x');
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(store->commit(std::move(Batch().put(record)), Durability::kNormal));
    }
    const auto before = std::filesystem::file_size(dir / "state.db");

    ASSERT_TRUE(store->commit(std::move(Batch().put(record)), Durability::kFull));
    ASSERT_TRUE(store->commit(std::move(Batch().put(record)), Durability::kNormal));

    EXPECT_GT(std::filesystem::file_size(dir / "state.db"), before) << "copied back";
    EXPECT_EQ(store->load_containers()->rows.at(0).error.size(), 100'000u);
}

TEST_F(StoreTest, TextThatIsNotUtf8IsStillStored) {
    auto store = open();
    ContainerRecord record = container('a');
    record.error = "mount '\xff\xfe'";
    ASSERT_TRUE(store->commit(std::move(Batch().put(record)), Durability::kNormal));

    EXPECT_THAT(store->load_containers()->rows.at(0).error, HasSubstr("mount '"));
}

TEST_F(StoreTest, TheFileIsForItsOwnerAlone) {
    open();
    const auto mode = std::filesystem::status(dir / "state.db").permissions();

    EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
              std::filesystem::perms::none);
}

}  // namespace
}  // namespace slipway::core
