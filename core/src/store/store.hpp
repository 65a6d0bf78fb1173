// core/src/store/store.hpp - the engine's state on disk: one SQLite database in WAL mode.
//
// Everything that belongs together is one Batch, committed in one transaction: a container's record and the events that
// tell of the change. A commit is all or nothing, also across a crash.
#pragma once

#include <slipway/core/engine.hpp>
#include <slipway/core/events.hpp>
#include <slipway/core/image.hpp>
#include <slipway/core/record.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace slipway::core {

// What one transaction does, in order. Filled by its owner, given to Store::commit() once.
class Batch {
public:
    Batch& put(const ContainerRecord& record);
    Batch& erase_container(const std::string& id);
    Batch& put(const ImageRecord& image);  // with its tags: each is taken away from the image that had it
    Batch& erase_image(const std::string& id);
    Batch& put(const NetworkRecord& network);
    Batch& erase_network(const std::string& id);
    Batch& put(const VolumeRecord& volume);
    Batch& erase_volume(const std::string& name);
    Batch& set_meta(const std::string& key, const std::string& value);
    Batch& append(Event event);  // its sequence is assigned by commit()

    bool empty() const { return steps_.empty() && events_.empty(); }

private:
    friend class Store;

    enum class Kind {
        kPutContainer,
        kEraseContainer,
        kPutImage,
        kEraseImage,
        kPutNetwork,
        kEraseNetwork,
        kPutVolume,
        kEraseVolume,
        kSetMeta
    };
    struct Step {
        Kind kind;
        std::string id;        // the row's key
        std::string document;  // or the value of a meta key
        std::vector<std::string> tags;
    };
    std::vector<Step> steps_;
    std::vector<Event> events_;
};

// What must survive what: kNormal survives the death of the daemon, kFull also a loss of power (one fsync). A kFull
// commit makes all earlier ones durable as well.
enum class Durability { kNormal, kFull };

// A row that cannot be read. What a newer version wrote stays where it is, for that version to come back; all else was
// moved aside into the table `damaged`, at this start or an earlier one. It is there, and told of at every start, until
// somebody deletes it or a row of its id is written anew.
struct DamagedRow {
    std::string table, id, reason;
};

template <class T>
struct Loaded {
    std::vector<T> rows;
    std::vector<DamagedRow> damaged;
};

struct StoreOptions {
    std::filesystem::path file;
    uint64_t journal_keep = 100'000;  // events kept at least; at most a tenth more
    // Pages SQLite may use before it reports a full disk; for tests. 0: no limit.
    uint64_t max_pages = 0;
};

// Called with the events of each commit, in sequence order, under the store's lock: it must not call the store.
using EventSink = std::function<void(std::span<const Event>)>;

// Thread-safe: one connection behind one mutex. Lock order: a caller's locks, then this one, then the event bus's.
//
// Errors everywhere: kResourceExhausted naming the file when the disk is full, kDataLoss naming it when the database is
// damaged, kInternal otherwise.
class Store {
public:
    // Creates the file (0600) and its directory's content as needed. kDataLoss naming the file when it is not a usable
    // database, kConflict when it was written by a newer version or another daemon has it open.
    static Result<std::shared_ptr<Store>> open(const StoreOptions& options);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Runs the batch as one transaction, assigns sequence numbers, then calls the event sink. Returns the events as
    // journalled. On failure nothing has changed and no number was used.
    Result<std::vector<Event>> commit(Batch batch, Durability durability);

    Result<Loaded<ContainerRecord>> load_containers();
    Result<Loaded<ImageRecord>> load_images();
    Result<Loaded<NetworkRecord>> load_networks();
    Result<Loaded<VolumeRecord>> load_volumes();
    Result<std::optional<std::string>> meta(const std::string& key);

    // Stable for this file; made at first open.
    const std::string& engine_id() const { return engine_id_; }

    // Up to `limit` journalled events with sequence >= `from`, oldest first.
    Result<std::vector<Event>> read_events(uint64_t from, size_t limit);
    // The first sequence number at or after which events have when >= `since`; last_sequence() + 1 when none has.
    Result<uint64_t> first_event_since(UnixNanos since);
    uint64_t last_sequence() const;   // 0: no event yet
    uint64_t first_sequence() const;  // oldest kept; last + 1 when none is

    void set_event_sink(EventSink sink);

private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);

    Status commit_locked(const Batch& batch, Durability durability);
    Status apply(const Batch::Step& step);
    Status set_aside(const DamagedRow& row);
    // Appends what was set aside of `table`.
    Status list_set_aside(const std::string& table, std::vector<DamagedRow>& rows);
    template <class T>
    Result<Loaded<T>> load(const char* table, Result<T> (*read)(const nlohmann::json&));

    std::unique_ptr<Impl> impl_;
    std::string engine_id_;
};

}  // namespace slipway::core
