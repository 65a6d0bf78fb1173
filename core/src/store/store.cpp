#include "store/documents.hpp"
#include "store/store_impl.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

Status put_document(sqlite::Statement& statement, const std::string& id, const std::string& document) {
    return statement.bind(1, id)
        .bind(2, kDocumentVersion)
        .bind(3, checksum_of(document))
        .bind(4, std::string_view(document))
        .run();
}

Status put_event(sqlite::Statement& statement, const Event& event) {
    const std::string attributes = attributes_to_text(event);
    return statement.bind(1, static_cast<int64_t>(event.sequence))
        .bind(2, event.when)
        .bind(3, event.type)
        .bind(4, event.action)
        .bind(5, event.actor_id)
        .bind(6, std::string_view(attributes))
        .run();
}

Event event_from_row(const sqlite::Statement& row) {
    Event event;
    event.sequence = static_cast<uint64_t>(row.number(0));
    event.when = row.number(1);
    event.type = row.text(2);
    event.action = row.text(3);
    event.actor_id = row.text(4);
    attributes_from_text(row.text(5), event);
    return event;
}

// How many events may pile up over the limit before one commit prunes them: few, so that no commit is slow.
uint64_t prune_slack(uint64_t keep) {
    return std::clamp<uint64_t>(keep / 10, 1, 256);
}

// Copying the WAL back takes milliseconds of fsync. That is left to commits that wait for the disk anyway (create,
// remove, tag), so that a start never pays for it, unless they do not come for very long.
bool is_time_to_checkpoint(int wal_pages, Durability durability) {
    constexpr int kWhenDurable = 500, kAnyway = 16'000;  // pages of 4 KiB
    return wal_pages > (durability == Durability::kFull ? kWhenDurable : kAnyway);
}

bool row_is_newer(const sqlite::Statement& row) {
    return row.number(1) > kDocumentVersion;
}

std::string damage_of(const sqlite::Statement& row, const std::string& document) {
    if (row.number(2) != checksum_of(document)) return "checksum does not match";
    return {};
}

}  // namespace

Status Store::apply(const Batch::Step& step) {
    StoreStatements& sql = impl_->sql;
    switch (step.kind) {
        case Batch::Kind::kPutContainer:
            return put_document(sql.put_container, step.id, step.document);
        case Batch::Kind::kEraseContainer:
            return sql.erase_container.bind(1, step.id).run();
        case Batch::Kind::kPutNetwork:
            return put_document(sql.put_network, step.id, step.document);
        case Batch::Kind::kEraseNetwork:
            return sql.erase_network.bind(1, step.id).run();
        case Batch::Kind::kPutVolume:
            return put_document(sql.put_volume, step.id, step.document);
        case Batch::Kind::kEraseVolume:
            return sql.erase_volume.bind(1, step.id).run();
        case Batch::Kind::kSetMeta:
            return sql.put_meta.bind(1, step.id).bind(2, step.document).run();
        case Batch::Kind::kEraseImage:
            if (Status gone = sql.clear_tags.bind(1, step.id).run(); !gone) return gone;
            return sql.erase_image.bind(1, step.id).run();
        case Batch::Kind::kPutImage:
            break;
    }
    if (Status put = put_document(sql.put_image, step.id, step.document); !put) return put;
    if (Status cleared = sql.clear_tags.bind(1, step.id).run(); !cleared) return cleared;
    for (const std::string& tag : step.tags) {
        if (Status put = sql.put_tag.bind(1, tag).bind(2, step.id).run(); !put) return put;
    }
    return ok();
}

// On success the transaction is committed; on failure it may still be open.
Status Store::commit_locked(const Batch& batch, Durability durability) {
    if (impl_->synchronous != durability) {
        const bool full = durability == Durability::kFull;
        if (Status set = impl_->db.run(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"); !set) {
            return set;
        }
        impl_->synchronous = durability;
    }
    if (Status begun = impl_->sql.begin.run(); !begun) return begun;
    for (const Batch::Step& step : batch.steps_) {
        if (Status applied = apply(step); !applied) return applied;
    }
    for (const Event& event : batch.events_) {
        if (Status put = put_event(impl_->sql.put_event, event); !put) return put;
    }
    return ok();
}

Result<std::vector<Event>> Store::commit(Batch batch, Durability durability) {
    std::lock_guard lock(impl_->mutex);
    uint64_t sequence = impl_->last_sequence;
    const UnixNanos now = unix_now();
    for (Event& event : batch.events_) {
        event.sequence = ++sequence;
        if (event.when == 0) event.when = now;
    }
    uint64_t first = impl_->first_sequence;
    Status done = commit_locked(batch, durability);
    if (done && sequence - first + 1 > impl_->journal_keep + prune_slack(impl_->journal_keep)) {
        first = sequence - impl_->journal_keep + 1;
        done = impl_->sql.prune_events.bind(1, static_cast<int64_t>(first)).run();
    }
    if (done) done = impl_->sql.commit.run();
    if (!done) {
        // SQLite rolls some failures back by itself, such as a full disk; this then only says that nothing is open.
        (void)impl_->sql.rollback.run();
        return std::move(done).error();
    }
    impl_->last_sequence = sequence;
    impl_->first_sequence = first;
    if (!batch.events_.empty() && impl_->sink) impl_->sink(batch.events_);
    if (is_time_to_checkpoint(impl_->wal_pages, durability)) impl_->db.checkpoint();
    return std::move(batch.events_);
}

template <class T>
Result<Loaded<T>> Store::load(const char* table, Result<T> (*read)(const nlohmann::json&)) {
    std::lock_guard lock(impl_->mutex);
    const std::string name(table);
    Result<sqlite::Statement> rows = impl_->db.prepare("SELECT id, version, checksum, document FROM " + name);
    if (!rows) return std::move(rows).error();
    Loaded<T> loaded;
    std::vector<DamagedRow> moving;  // once the rows are read
    while (true) {
        Result<bool> more = rows->step();
        if (!more) return std::move(more).error();
        if (!*more) break;
        const std::string document = rows->text(3);
        if (row_is_newer(*rows)) {
            loaded.damaged.push_back({name, rows->text(0), "written by a newer version of the engine"});
            continue;
        }
        std::string reason = damage_of(*rows, document);
        if (reason.empty()) {
            const nlohmann::json parsed = nlohmann::json::parse(document, nullptr, false);
            Result<T> record = read(parsed);
            if (record) {
                loaded.rows.push_back(std::move(*record));
                continue;
            }
            reason = record.error().message();
        }
        moving.push_back({name, rows->text(0), std::move(reason)});
    }
    for (const DamagedRow& row : moving) {
        if (Status moved = set_aside(row); !moved) return std::move(moved).error();
    }
    if (Status listed = list_set_aside(name, loaded.damaged); !listed) return std::move(listed).error();
    return loaded;
}

// Not those whose id was written anew, such as an image that was loaded again.
Status Store::list_set_aside(const std::string& table, std::vector<DamagedRow>& rows) {
    Result<sqlite::Statement> found =
        impl_->db.prepare("SELECT id, max(reason) FROM damaged WHERE place = ?1 AND id NOT IN (SELECT id FROM " +
                          table + ") GROUP BY id ORDER BY min(rowid)");
    if (!found) return std::move(found).error();
    found->bind(1, table);
    while (true) {
        Result<bool> more = found->step();
        if (!more) return std::move(more).error();
        if (!*more) return ok();
        rows.push_back({table, found->text(0), found->text(1)});
    }
}

// Kept for people to look at.
Status Store::set_aside(const DamagedRow& row) {
    Result<sqlite::Statement> copy =
        impl_->db.prepare("INSERT INTO damaged SELECT ?1, id, ?2, document, ?3 FROM " + row.table + " WHERE id = ?4");
    if (!copy) return std::move(copy).error();
    Result<sqlite::Statement> erase = impl_->db.prepare("DELETE FROM " + row.table + " WHERE id = ?1");
    if (!erase) return std::move(erase).error();

    Status done = impl_->sql.begin.run();
    if (done) done = copy->bind(1, row.table).bind(2, row.reason).bind(3, unix_now()).bind(4, row.id).run();
    if (done) done = erase->bind(1, row.id).run();
    if (done) done = impl_->sql.commit.run();
    if (!done) (void)impl_->sql.rollback.run();
    return done;
}

Result<Loaded<ContainerRecord>> Store::load_containers() {
    return load("containers", &record_from_json);
}

Result<Loaded<NetworkRecord>> Store::load_networks() {
    return load("networks", &network_from_json);
}

Result<Loaded<VolumeRecord>> Store::load_volumes() {
    return load("volumes", &volume_from_json);
}

Result<Loaded<ImageRecord>> Store::load_images() {
    Result<Loaded<ImageRecord>> loaded = load("images", &image_from_json);
    if (!loaded) return loaded;
    std::lock_guard lock(impl_->mutex);
    Result<sqlite::Statement> tags = impl_->db.prepare("SELECT name, image_id FROM tags ORDER BY name");
    if (!tags) return std::move(tags).error();
    std::map<std::string, std::vector<std::string>> by_image;
    while (true) {
        Result<bool> more = tags->step();
        if (!more) return std::move(more).error();
        if (!*more) break;
        by_image[tags->text(1)].push_back(tags->text(0));
    }
    for (ImageRecord& image : loaded->rows) image.tags = std::move(by_image[image.id]);
    return loaded;
}

Result<std::optional<std::string>> Store::meta(const std::string& key) {
    std::lock_guard lock(impl_->mutex);
    Result<bool> row = impl_->sql.get_meta.bind(1, key).step();
    if (!row) return std::move(row).error();
    if (!*row) return std::optional<std::string>();
    std::optional<std::string> value = impl_->sql.get_meta.text(0);
    impl_->sql.get_meta.reset();
    return value;
}

Result<std::vector<Event>> Store::read_events(uint64_t from, size_t limit) {
    std::lock_guard lock(impl_->mutex);
    sqlite::Statement& rows = impl_->sql.read_events;
    rows.bind(1, static_cast<int64_t>(from)).bind(2, static_cast<int64_t>(limit));
    std::vector<Event> events;
    while (true) {
        Result<bool> more = rows.step();
        if (!more) return std::move(more).error();
        if (!*more) return events;
        events.push_back(event_from_row(rows));
    }
}

Result<uint64_t> Store::first_event_since(UnixNanos since) {
    std::lock_guard lock(impl_->mutex);
    Result<bool> row = impl_->sql.first_event_since.bind(1, since).step();
    if (!row) return std::move(row).error();
    const int64_t sequence = *row ? impl_->sql.first_event_since.number(0) : 0;  // min() of nothing is NULL, read as 0
    impl_->sql.first_event_since.reset();
    return sequence > 0 ? static_cast<uint64_t>(sequence) : impl_->last_sequence + 1;
}

uint64_t Store::last_sequence() const {
    std::lock_guard lock(impl_->mutex);
    return impl_->last_sequence;
}

uint64_t Store::first_sequence() const {
    std::lock_guard lock(impl_->mutex);
    return impl_->first_sequence;
}

void Store::set_event_sink(EventSink sink) {
    std::lock_guard lock(impl_->mutex);
    impl_->sink = std::move(sink);
}

}  // namespace slipway::core
