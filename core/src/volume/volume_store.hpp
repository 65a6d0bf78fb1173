// core/src/volume/volume_store.hpp - the volumes there are, and which containers use them.
//
// A volume is used by every container whose record names it, whether that runs or not. While a container is made it
// uses its volumes already, so that none of them goes in between; volumes made without a name for it become real in the
// transaction that stores the container.
#pragma once

#include "store/store.hpp"
#include "volume/volume_files.hpp"

#include <map>
#include <mutex>
#include <set>

namespace slipway::core {

// Thread-safe. Lock order: changing_, then mutex_; neither is held across a call outside but to the store.
class VolumeStore {
public:
    // Reads the records and tidies the directories below `root`. `damaged` receives what could not be read, whose
    // directories are left as they are. `untidy` receives what stays as it is because something failed, for the
    // log: that concerns one volume each.
    static Result<std::unique_ptr<VolumeStore>> open(std::shared_ptr<Store> store, std::filesystem::path root,
                                                     std::vector<DamagedRow>& damaged, std::vector<Error>& untidy);

    std::vector<VolumeRecord> all() const;                          // by name
    Result<VolumeRecord> find(const std::string& name) const;       // kNotFound "get <name>: no such volume"
    std::set<std::string> users_of(const std::string& name) const;  // container ids
    uint64_t size_of(const std::string& name) const { return files_.size_of(name); }

    // Makes a volume, or finds the one of that name. Tells `create` when it is new.
    //   kInvalidArgument  the name, or an option of the driver
    //   kNotFound         "create <name>: error looking up volume plugin <driver>: plugin "<driver>" not found"
    Result<VolumeRecord> create(const CreateVolume& wanted);
    // kConflict "remove <name>: volume is in use - [<id>, ...]", kNotFound. Tells `destroy`.
    Status remove(const std::string& name);

    // --- for the life of a container -------------------------------------------------------------------------------
    // Like create(), and the container uses it from now on. Without a name the volume stays hidden until settle().
    Result<VolumeRecord> use(const std::string& container_id, const CreateVolume& wanted);
    // The hidden ones, for the transaction that stores the container.
    std::vector<VolumeRecord> hidden(const std::string& container_id) const;
    // What that transaction stored has happened: the container uses exactly `names` from now on, the hidden ones among
    // them are real, and others made for it are gone. Errors are of the disk; the next start of the daemon tries again.
    Status settle(const std::string& container_id, const std::vector<std::string>& names);
    // The container came to nothing.
    void abandon(const std::string& container_id) { (void)settle(container_id, {}); }
    // A container of an earlier life of the daemon.
    void adopt(const std::string& container_id, const std::vector<std::string>& names);
    // The container is gone.
    void release(const std::string& container_id);

    // Where the content is now.
    std::filesystem::path data_of(const std::string& name) const;

private:
    struct Volume {
        VolumeRecord record;
        bool hidden = false;
        std::set<std::string> users;
    };
    VolumeStore(std::shared_ptr<Store> store, std::filesystem::path root)
        : store_(std::move(store)), files_(std::move(root)) {}

    Result<VolumeRecord> check(const CreateVolume& wanted) const;
    // With changing_ held.
    Result<VolumeRecord> make(const CreateVolume& wanted, Durability durability);

    const std::shared_ptr<Store> store_;
    const VolumeFiles files_;
    std::mutex changing_;  // serialises what writes to the disk
    mutable std::mutex mutex_;
    std::map<std::string, Volume> volumes_;  // guarded by mutex_
};

}  // namespace slipway::core
