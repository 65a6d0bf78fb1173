#include "names/identity.hpp"
#include "store/store_impl.hpp"

#include <system_error>

namespace slipway::core {

namespace {

constexpr int64_t kSchemaVersion = 2;

// Documents are JSON with a checksum, so that one damaged row does not cost the others. Event numbers are given by the
// store and never used twice.
constexpr const char* kTables = R"(
CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE containers(id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, checksum INTEGER NOT NULL,
                        document TEXT NOT NULL);
CREATE TABLE images(id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, checksum INTEGER NOT NULL,
                    document TEXT NOT NULL);
CREATE TABLE tags(name TEXT NOT NULL PRIMARY KEY, image_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE networks(id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, checksum INTEGER NOT NULL,
                      document TEXT NOT NULL);
CREATE TABLE events(sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, type TEXT NOT NULL, action TEXT NOT NULL,
                    actor TEXT NOT NULL, attributes TEXT NOT NULL);
CREATE TABLE damaged(place TEXT NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL, document TEXT,
                     moved_at INTEGER NOT NULL);
)";

// What version 2 added.
constexpr const char* kTablesOfVersion2 = R"(
CREATE TABLE volumes(id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, checksum INTEGER NOT NULL,
                     document TEXT NOT NULL);
)";

// EXCLUSIVE: one daemon owns the file. It keeps the lock from the first access on, a second daemon is told so, and the
// WAL index lives in memory instead of a shared file, which also spares SIGBUS on a full tmpfs.
constexpr const char* kSettings = R"(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = 16777216;
PRAGMA temp_store = MEMORY;
)";

Status make_directory(const std::filesystem::path& directory) {
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (failed) return Error::from_code(failed, "store: create directory '" + directory.string() + "'");
    return ok();
}

// The tables hold environment variables of containers, which often are secrets. SQLite gives its WAL file the same
// mode.
Status restrict_mode(const std::filesystem::path& file) {
    std::error_code failed;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                 failed);
    if (failed) return Error::from_code(failed, "store: set mode of '" + file.string() + "'");
    return ok();
}

Status check_version(int64_t found) {
    if (found <= kSchemaVersion) return ok();
    return Error(ErrorCode::kConflict, "store: written by a newer version of the engine (schema " +
                                           std::to_string(found) + ", this one knows " +
                                           std::to_string(kSchemaVersion) + ")");
}

}  // namespace

Status migrate(sqlite::Database& db) {
    Result<int64_t> version = db.query_number("PRAGMA user_version");
    if (!version) return std::move(version).error();
    if (*version == kSchemaVersion) return ok();
    if (Status known = check_version(*version); !known) return known;
    const std::string sql = "BEGIN IMMEDIATE;" + std::string(*version == 0 ? kTables : "") + kTablesOfVersion2 +
                            "PRAGMA user_version = " + std::to_string(kSchemaVersion) + "; COMMIT;";
    Status made = db.run(sql.c_str());
    if (!made) (void)db.run("ROLLBACK");  // fails when the transaction is gone already; the first error tells
    return made;
}

Status prepare_all(sqlite::Database& db, StoreStatements& sql) {
    const std::pair<sqlite::Statement*, const char*> all[] = {
        {&sql.begin, "BEGIN IMMEDIATE"},
        {&sql.commit, "COMMIT"},
        {&sql.rollback, "ROLLBACK"},
        {&sql.put_container, "INSERT OR REPLACE INTO containers VALUES(?1, ?2, ?3, ?4)"},
        {&sql.erase_container, "DELETE FROM containers WHERE id = ?1"},
        {&sql.put_image, "INSERT OR REPLACE INTO images VALUES(?1, ?2, ?3, ?4)"},
        {&sql.erase_image, "DELETE FROM images WHERE id = ?1"},
        {&sql.clear_tags, "DELETE FROM tags WHERE image_id = ?1"},
        {&sql.put_tag, "INSERT OR REPLACE INTO tags VALUES(?1, ?2)"},
        {&sql.put_network, "INSERT OR REPLACE INTO networks VALUES(?1, ?2, ?3, ?4)"},
        {&sql.erase_network, "DELETE FROM networks WHERE id = ?1"},
        {&sql.put_volume, "INSERT OR REPLACE INTO volumes VALUES(?1, ?2, ?3, ?4)"},
        {&sql.erase_volume, "DELETE FROM volumes WHERE id = ?1"},
        {&sql.get_meta, "SELECT value FROM meta WHERE key = ?1"},
        {&sql.put_meta, "INSERT OR REPLACE INTO meta VALUES(?1, ?2)"},
        {&sql.put_event, "INSERT INTO events VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
        {&sql.prune_events, "DELETE FROM events WHERE sequence < ?1"},
        {&sql.read_events, "SELECT * FROM events WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2"},
        {&sql.first_event_since, "SELECT min(sequence) FROM events WHERE time >= ?1"},
    };
    for (const auto& [statement, text] : all) {
        Result<sqlite::Statement> prepared = db.prepare(text);
        if (!prepared) return std::move(prepared).error();
        *statement = std::move(*prepared);
    }
    return ok();
}

Result<std::shared_ptr<Store>> Store::open(const StoreOptions& options) {
    if (Status made = make_directory(options.file.parent_path()); !made) return std::move(made).error();
    Result<sqlite::Database> db = sqlite::Database::open(options.file);
    if (!db) return std::move(db).error();
    if (Status set = restrict_mode(options.file); !set) return std::move(set).error();

    auto impl = std::make_unique<Impl>(std::move(*db));
    if (Status set = impl->db.run(kSettings); !set) return std::move(set).error();
    if (options.max_pages > 0) {
        const std::string limit = "PRAGMA max_page_count = " + std::to_string(options.max_pages);
        if (Status set = impl->db.run(limit.c_str()); !set) return std::move(set).error();
    }
    if (Status made = migrate(impl->db); !made) return std::move(made).error();
    if (Status prepared = prepare_all(impl->db, impl->sql); !prepared) return std::move(prepared).error();

    impl->db.count_wal_pages(impl->wal_pages);
    Result<int64_t> last = impl->db.query_number("SELECT max(sequence) FROM events");
    if (!last) return std::move(last).error();
    Result<int64_t> first = impl->db.query_number("SELECT min(sequence) FROM events");
    if (!first) return std::move(first).error();
    impl->journal_keep = options.journal_keep;
    impl->last_sequence = static_cast<uint64_t>(*last);
    impl->first_sequence = *first > 0 ? static_cast<uint64_t>(*first) : impl->last_sequence + 1;

    std::shared_ptr<Store> store(new Store(std::move(impl)));
    Result<std::optional<std::string>> id = store->meta("engine_id");
    if (!id) return std::move(id).error();
    if (!*id) {
        *id = generate_id();
        Batch batch;
        batch.set_meta("engine_id", **id);
        if (auto written = store->commit(std::move(batch), Durability::kFull); !written) {
            return std::move(written).error();
        }
    }
    store->engine_id_ = **id;
    return store;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() = default;

}  // namespace slipway::core
