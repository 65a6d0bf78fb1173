// core/src/store/store_impl.hpp - what store_open.cpp and store.cpp share.
#pragma once

#include "store/sqlite.hpp"
#include "store/store.hpp"

#include <mutex>

namespace slipway::core {

// Every statement the store runs more than once.
struct StoreStatements {
    sqlite::Statement begin, commit, rollback;
    sqlite::Statement put_container, erase_container;
    sqlite::Statement put_image, erase_image, clear_tags, put_tag;
    sqlite::Statement put_network, erase_network;
    sqlite::Statement put_volume, erase_volume;
    sqlite::Statement get_meta, put_meta;
    sqlite::Statement put_event, prune_events, read_events, first_event_since;
};

struct Store::Impl {
    explicit Impl(sqlite::Database database) : db(std::move(database)) {}

    int wal_pages = 0;    // written by commits, so guarded by mutex as well
    sqlite::Database db;  // before the statements, which end first
    mutable std::mutex mutex;

    // All below: guarded by mutex.
    StoreStatements sql;
    Durability synchronous = Durability::kFull;  // what the connection is set to
    uint64_t journal_keep = 0;
    uint64_t last_sequence = 0;
    uint64_t first_sequence = 1;
    EventSink sink;
};

// Brings an empty or older file to this build's tables. kConflict for a newer one.
Status migrate(sqlite::Database& db);
Status prepare_all(sqlite::Database& db, StoreStatements& sql);

}  // namespace slipway::core
