#include "volume/volume_store.hpp"

#include "engine/engine_events.hpp"
#include "names/identity.hpp"

#include <algorithm>
#include <array>

namespace slipway::core {

namespace {

std::string join(const std::set<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

Error no_such_volume(const std::string& name) {
    return Error(ErrorCode::kNotFound, "get " + name + ": no such volume").with_resource(name);
}

// Docker's local driver mounts what these say; here a volume is a directory.
Status check_options(const CreateVolume& wanted) {
    constexpr std::array<std::string_view, 4> kKnown{"type", "o", "device", "size"};
    for (const auto& [key, value] : wanted.options) {
        if (std::find(kKnown.begin(), kKnown.end(), key) != kKnown.end()) {
            return Error(ErrorCode::kUnimplemented,
                         "the option " + key + " of volumes is not implemented yet (DriverOpts)");
        }
        return Error(ErrorCode::kInvalidArgument, "create " + wanted.name + ": invalid option: \"" + key + "\"");
    }
    return ok();
}

}  // namespace

Result<std::unique_ptr<VolumeStore>> VolumeStore::open(std::shared_ptr<Store> store, std::filesystem::path root,
                                                       std::vector<DamagedRow>& damaged, std::vector<Error>& untidy) {
    std::unique_ptr<VolumeStore> volumes(new VolumeStore(std::move(store), std::move(root)));
    auto loaded = volumes->store_->load_volumes();
    if (!loaded) return std::move(loaded).error();
    damaged = std::move(loaded->damaged);
    std::set<std::string> names;
    for (VolumeRecord& record : loaded->rows) {
        record.mountpoint = volumes->files_.data_of(record.name).string();
        names.insert(record.name);
        const std::string name = record.name;
        volumes->volumes_[name].record = std::move(record);
    }
    std::set<std::string> unreadable;
    for (const DamagedRow& row : damaged) unreadable.insert(row.id);
    untidy = volumes->files_.tidy(names, unreadable);
    return volumes;
}

std::vector<VolumeRecord> VolumeStore::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<VolumeRecord> records;
    for (const auto& [name, volume] : volumes_) {
        if (!volume.hidden) records.push_back(volume.record);
    }
    return records;
}

Result<VolumeRecord> VolumeStore::find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = volumes_.find(name);
    if (found == volumes_.end() || found->second.hidden) return no_such_volume(name);
    return found->second.record;
}

std::set<std::string> VolumeStore::users_of(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = volumes_.find(name);
    return found == volumes_.end() ? std::set<std::string>() : found->second.users;
}

Result<VolumeRecord> VolumeStore::check(const CreateVolume& wanted) const {
    VolumeRecord record;
    record.name = wanted.name;
    record.labels = wanted.labels;
    record.options = wanted.options;
    if (wanted.name.empty()) {
        record.name = generate_id();
        record.labels.emplace(kAnonymousLabel, "");
    } else if (Status checked = check_volume_name(wanted.name); !checked) {
        return std::move(checked).error();
    }
    if (!wanted.driver.empty() && wanted.driver != "local") {
        return Error(ErrorCode::kNotFound, "create " + record.name + ": error looking up volume plugin " +
                                               wanted.driver + ": plugin \"" + wanted.driver + "\" not found")
            .with_resource(wanted.driver);
    }
    if (Status checked = check_options(wanted); !checked) return std::move(checked).error();
    record.created = unix_now();
    record.mountpoint = files_.data_of(record.name).string();
    return record;
}

Result<VolumeRecord> VolumeStore::make(const CreateVolume& wanted, Durability durability) {
    auto record = check(wanted);
    if (!record) return std::move(record).error();
    {
        const std::lock_guard lock(mutex_);
        // Hidden ones too: a container that takes over the volumes of one that is just being made.
        if (const auto known = volumes_.find(record->name); known != volumes_.end()) return known->second.record;
    }
    if (Status staged = files_.stage(record->name); !staged) {
        return std::move(staged).error().context("create " + record->name);
    }
    // Listed before `create` tells of it.
    {
        const std::lock_guard lock(mutex_);
        volumes_[record->name].record = *record;
    }
    Batch batch;
    batch.put(*record);
    batch.append(volume_event(record->name, "create", {}));
    if (auto stored = store_->commit(std::move(batch), durability); !stored) {
        (void)files_.drop_staged(record->name);  // the next start of the daemon looks again
        const std::lock_guard lock(mutex_);
        volumes_.erase(record->name);
        return std::move(stored).error();
    }
    // From here on it exists, wherever its directory is: tidy() ends a move that was cut short.
    if (Status settled = files_.settle(record->name); !settled) return std::move(settled).error();
    return record;
}

Result<VolumeRecord> VolumeStore::create(const CreateVolume& wanted) {
    const std::lock_guard changing(changing_);
    return make(wanted, Durability::kFull);
}

Status VolumeStore::remove(const std::string& name) {
    std::filesystem::path aside;
    {
        const std::lock_guard changing(changing_);
        auto record = find(name);
        if (!record) return std::move(record).error();
        if (const auto users = users_of(name); !users.empty()) {
            return Error(ErrorCode::kConflict, "remove " + name + ": volume is in use - [" + join(users) + "]")
                .with_resource(name);
        }
        auto moved = files_.set_aside(name);
        if (!moved) return std::move(moved).error().context("remove " + name);
        Batch batch;
        batch.erase_volume(name);
        batch.append(volume_event(name, "destroy", {}));
        // Gone from lists before `destroy` tells of it.
        std::map<std::string, Volume>::node_type entry;
        {
            const std::lock_guard lock(mutex_);
            entry = volumes_.extract(name);
        }
        if (auto stored = store_->commit(std::move(batch), Durability::kFull); !stored) {
            (void)files_.bring_back(*moved, name);  // the next start of the daemon tries again
            const std::lock_guard lock(mutex_);
            volumes_.insert(std::move(entry));
            return std::move(stored).error();
        }
        aside = std::move(*moved);
    }
    // Removed is what the record says; the content of a large volume goes while others work.
    (void)files_.remove(aside);
    return ok();
}

Result<VolumeRecord> VolumeStore::use(const std::string& container_id, const CreateVolume& wanted) {
    const std::lock_guard changing(changing_);
    if (!wanted.name.empty()) {
        auto record = make(wanted, Durability::kNormal);
        if (!record) return record;
        const std::lock_guard lock(mutex_);
        volumes_[record->name].users.insert(container_id);
        return record;
    }
    auto record = check(wanted);
    if (!record) return record;
    if (Status staged = files_.stage(record->name); !staged) {
        return std::move(staged).error().context("create " + record->name);
    }
    const std::lock_guard lock(mutex_);
    volumes_[record->name] = Volume{*record, true, {container_id}};
    return record;
}

std::vector<VolumeRecord> VolumeStore::hidden(const std::string& container_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<VolumeRecord> records;
    for (const auto& [name, volume] : volumes_) {
        if (volume.hidden && volume.users.contains(container_id)) records.push_back(volume.record);
    }
    return records;
}

Status VolumeStore::settle(const std::string& container_id, const std::vector<std::string>& names) {
    const std::lock_guard changing(changing_);
    Status first = ok();
    for (const VolumeRecord& record : hidden(container_id)) {
        const bool wanted = std::find(names.begin(), names.end(), record.name) != names.end();
        const bool shared = users_of(record.name).size() > 1;
        Status done = wanted || shared ? files_.settle(record.name) : files_.drop_staged(record.name);
        if (shared && !wanted) {
            // Taken over by another container before this one failed.
            Batch batch;
            batch.put(record);
            batch.append(volume_event(record.name, "create", {}));
            if (auto stored = store_->commit(std::move(batch), Durability::kFull); !stored) done = stored.error();
        }
        if (!done && first) first = std::move(done);
        const std::lock_guard lock(mutex_);
        if (wanted || shared) volumes_[record.name].hidden = false;
        if (!wanted && !shared) volumes_.erase(record.name);
    }
    release(container_id);
    adopt(container_id, names);
    return first;
}

void VolumeStore::adopt(const std::string& container_id, const std::vector<std::string>& names) {
    const std::lock_guard lock(mutex_);
    for (const std::string& name : names) {
        if (const auto found = volumes_.find(name); found != volumes_.end()) found->second.users.insert(container_id);
    }
}

void VolumeStore::release(const std::string& container_id) {
    const std::lock_guard lock(mutex_);
    for (auto& [name, volume] : volumes_) volume.users.erase(container_id);
}

std::filesystem::path VolumeStore::data_of(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = volumes_.find(name);
    const bool staged = found != volumes_.end() && found->second.hidden;
    return staged ? files_.staged_data_of(name) : files_.data_of(name);
}

}  // namespace slipway::core
