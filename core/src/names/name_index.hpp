// core/src/names/name_index.hpp - finds containers by id, name or id prefix, and keeps names unique.
#pragma once

#include <slipway/cpp/error.hpp>

#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace slipway::core {

// Thread-safe; its lock is a leaf and never held during a call elsewhere.
class NameIndex {
public:
    // Takes `name` (without slash) for `id` before the container exists. The id itself is not found until add().
    // kConflict with Docker's text naming the owner: `Conflict. The container name "/x" is already in use by container
    // "<id>". You have to remove (or rename) that container to be able to reuse that name.`
    Status reserve(const std::string& name, const std::string& id);

    // Gives a name back when `id` holds it; otherwise nothing happens.
    void release(const std::string& name, const std::string& id);

    // Made-up name for `id`, reserved. Never fails: tries further numbers.
    std::string reserve_made_up(const std::string& id);

    // Moves `id` from one name to another in one step. kConflict as reserve(); `from` stays held then.
    Status rename(const std::string& from, const std::string& to, const std::string& id);

    // From here on `id` is found. Adding twice is fine.
    void add(const std::string& id);
    // `id` and every name it holds are gone.
    void remove(const std::string& id);

    // Exact id, exact name (leading slash optional), unique id prefix, in this order. kNotFound "No such container:
    // <ref>", kInvalidArgument "multiple IDs found with provided prefix: <ref>" or `invalid name or ID supplied: ""`.
    Result<std::string> find(std::string_view ref) const;

    std::optional<std::string> owner_of(const std::string& name) const;

private:
    Status reserve_locked(const std::string& name, const std::string& id);

    mutable std::shared_mutex mutex_;
    std::set<std::string, std::less<>> ids_;              // ordered, for prefixes; guarded by mutex_
    std::unordered_map<std::string, std::string> names_;  // name to id; guarded by mutex_
};

}  // namespace slipway::core
