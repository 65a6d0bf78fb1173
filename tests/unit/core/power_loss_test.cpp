// The power goes at any moment: whatever the disk holds then, the store opens, is in the state of one of its commits,
// and has every commit that was promised to be durable.

#include <store/store.hpp>

#include "support/recording_vfs.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <set>

namespace slipway::core {
namespace {

using test::DiskImage;

// What a copy must hold: the state after one of these commits.
struct Expectation {
    int oldest = 0, newest = 0;
};

class PowerLoss : public ::testing::Test {
protected:
    // A commit whose number is in both the record and the journal.
    static Batch numbered(int n) {
        ContainerRecord record;
        record.id = std::string(64, 'a');
        record.name = "web";
        record.created = 1;
        record.backend = "sim";
        record.path = "sh";
        record.config = nlohmann::json::object();
        record.host_config = nlohmann::json::object();
        record.error = std::to_string(n) + std::string(6000, 'x');  // more than a page
        Event event;
        event.when = n;
        event.type = "container";
        event.action = "start";
        Batch batch;
        batch.put(record).append(std::move(event));
        return batch;
    }

    void keep(const DiskImage& image, Expectation expected) {
        // The same bytes under a narrower promise prove nothing more.
        const auto [known, fresh] = copies_.try_emplace(image, expected);
        if (fresh) return;
        known->second.oldest = std::max(known->second.oldest, expected.oldest);
        known->second.newest = std::min(known->second.newest, expected.newest);
    }

    void observe(const DiskImage& written, const DiskImage& synced) {
        if (!made_) return;  // before the first commit there is nothing to lose
        ++boundaries_;
        // The daemon is killed: what was written stays.
        keep(written, {acknowledged_, begun_});
        // The power goes: of each file, what was written since its last sync may be there or not.
        const std::string database = (dir_ / "state.db").string(), log = database + "-wal";
        for (const bool database_synced : {false, true}) {
            DiskImage image;
            for (const auto& [path, from] : {std::pair{database, database_synced}, std::pair{log, !database_synced}}) {
                const DiskImage& source = from ? synced : written;
                if (const auto file = source.find(path); file != source.end()) image.insert(*file);
            }
            keep(image, {durable_, begun_});
        }
        keep(synced, {durable_, begun_});
    }

    void check_copies() const {
        const test::TempDir place;
        for (const auto& [image, expected] : copies_) {
            for (const char* name : {"state.db", "state.db-wal"}) {
                std::filesystem::remove(place / name);
                const auto content = image.find((dir_ / name).string());
                if (content == image.end()) continue;
                std::ofstream(place / name, std::ios::binary) << content->second;
            }
            const auto store = Store::open({place / "state.db"});
            ASSERT_TRUE(store) << store.error().message();
            const auto loaded = (*store)->load_containers();
            ASSERT_TRUE(loaded) << loaded.error().message();
            EXPECT_TRUE(loaded->damaged.empty());
            const int sequence = static_cast<int>((*store)->last_sequence());
            EXPECT_GE(sequence, expected.oldest) << "a durable commit is lost";
            EXPECT_LE(sequence, expected.newest);
            if (sequence == 0) continue;
            ASSERT_EQ(loaded->rows.size(), 1U);
            EXPECT_EQ(std::stoi(loaded->rows[0].error), sequence) << "record and journal differ";
        }
    }

    test::TempDir dir_;
    bool made_ = false;
    int begun_ = 0, acknowledged_ = 0, durable_ = 0;
    uint64_t boundaries_ = 0;
    std::map<DiskImage, Expectation> copies_;
};

TEST_F(PowerLoss, TheStoreOpensAfterACopyTakenAtAnyWrite) {
    {
        const test::RecordingVfs recorder(
            [this](const DiskImage& written, const DiskImage& synced) { observe(written, synced); });
        for (int life = 0; life < 2; ++life) {  // the second one begins with a log that was copied back
            auto store = Store::open({dir_ / "state.db"});
            ASSERT_TRUE(store) << store.error().message();
            made_ = true;
            for (int i = 0; i < 6; ++i) {
                const Durability durability = i % 2 == 0 ? Durability::kNormal : Durability::kFull;
                begun_ = acknowledged_ + 1;
                ASSERT_TRUE((*store)->commit(numbered(begun_), durability));
                acknowledged_ = begun_;
                if (durability == Durability::kFull) durable_ = begun_;
            }
        }  // closing copies the log back
    }

    check_copies();

    std::cout << "[ SWEEP    ] power lost: " << boundaries_ << " moments, " << copies_.size()
              << " states of the disk\n";
    EXPECT_GT(copies_.size(), 100U);
}

}  // namespace
}  // namespace slipway::core
