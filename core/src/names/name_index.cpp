#include "names/name_index.hpp"

#include "names/identity.hpp"

#include <mutex>

namespace slipway::core {

Status NameIndex::reserve_locked(const std::string& name, const std::string& id) {
    const auto [entry, inserted] = names_.try_emplace(name, id);
    if (inserted || entry->second == id) return ok();
    return Error(ErrorCode::kConflict, "Conflict. The container name \"/" + name +
                                           "\" is already in use by container \"" + entry->second +
                                           "\". You have to remove (or rename) that container to be able to reuse "
                                           "that name.")
        .with_resource(entry->second);
}

Status NameIndex::reserve(const std::string& name, const std::string& id) {
    std::unique_lock lock(mutex_);
    return reserve_locked(name, id);
}

void NameIndex::release(const std::string& name, const std::string& id) {
    std::unique_lock lock(mutex_);
    const auto entry = names_.find(name);
    if (entry != names_.end() && entry->second == id) names_.erase(entry);
}

std::string NameIndex::reserve_made_up(const std::string& id) {
    std::unique_lock lock(mutex_);
    for (unsigned attempt = 0;; ++attempt) {
        std::string name = made_up_name(id, attempt);
        if (names_.try_emplace(name, id).second) return name;
    }
}

Status NameIndex::rename(const std::string& from, const std::string& to, const std::string& id) {
    std::unique_lock lock(mutex_);
    if (Status reserved = reserve_locked(to, id); !reserved) return reserved;
    if (from == to) return ok();
    const auto entry = names_.find(from);
    if (entry != names_.end() && entry->second == id) names_.erase(entry);
    return ok();
}

void NameIndex::add(const std::string& id) {
    std::unique_lock lock(mutex_);
    ids_.insert(id);
}

void NameIndex::remove(const std::string& id) {
    std::unique_lock lock(mutex_);
    ids_.erase(id);
    std::erase_if(names_, [&](const auto& entry) { return entry.second == id; });
}

Result<std::string> NameIndex::find(std::string_view ref) const {
    if (ref.empty()) return Error(ErrorCode::kInvalidArgument, "invalid name or ID supplied: \"\"");
    const std::string_view bare = ref.front() == '/' ? ref.substr(1) : ref;
    std::shared_lock lock(mutex_);
    if (const auto exact = ids_.find(ref); exact != ids_.end()) return *exact;
    if (const auto named = names_.find(std::string(bare)); named != names_.end() && ids_.contains(named->second)) {
        return named->second;
    }
    const auto first = ids_.lower_bound(ref);
    if (first == ids_.end() || !first->starts_with(ref)) {
        return Error(ErrorCode::kNotFound, "No such container: " + std::string(ref)).with_resource(std::string(ref));
    }
    const auto second = std::next(first);
    if (second != ids_.end() && second->starts_with(ref)) {
        return Error(ErrorCode::kInvalidArgument, "multiple IDs found with provided prefix: " + std::string(ref));
    }
    return *first;
}

std::optional<std::string> NameIndex::owner_of(const std::string& name) const {
    std::shared_lock lock(mutex_);
    const auto entry = names_.find(name);
    if (entry == names_.end()) return std::nullopt;
    return entry->second;
}

}  // namespace slipway::core
