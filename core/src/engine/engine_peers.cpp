// Containers that name others: shared namespaces and links.

#include "engine/engine_impl.hpp"
#include "model/references.hpp"
#include "start/phases.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

using nlohmann::json;

std::string mode_of(const ContainerRecord& record) {
    return record.host_config.value("NetworkMode", "");
}

}  // namespace

Status EngineImpl::resolve_modes(json& host_config) const {
    for (const char* key : kJoiningModes) {
        const auto ref = joined_container(host_config.at(key).get_ref<const std::string&>());
        if (!ref) continue;
        auto owner = find(*ref);
        if (owner) {
            host_config[key] = "container:" + (*owner)->id;
        } else if (std::string_view(key) != "NetworkMode") {
            return std::move(owner).error();
        }
    }
    return ok();
}

Result<std::vector<LinkRecord>> EngineImpl::resolve_links(const json& host_config, const std::string& id,
                                                          const std::string& name) const {
    std::vector<LinkRecord> links;
    const Error with_host(ErrorCode::kInvalidArgument,
                          "conflicting options: host type networking can't be used with links. This would result in "
                          "undefined behavior");
    if (host_config.at("NetworkMode") == "host" && !host_config.at("Links").empty()) return with_host;
    for (const json& entry : host_config.at("Links")) {
        auto link = parse_link(entry.get_ref<const std::string&>());
        if (!link) return std::move(link).error();
        const Error itself(ErrorCode::kInvalidArgument, "cannot link to itself: /" + name + " AS " + link->alias);
        if (link->target == name || link->target == id) return itself;

        std::string ref = link->target;
        ContainerPtr target;
        std::set<std::string> seen;
        // A container without a network of its own stands for the one whose network it shares.
        for (std::optional<std::string> next = ref; next; next = joined_container(mode_of(*target->record()))) {
            auto found = find(*next);
            if (!found) {
                return std::move(found)
                    .error()
                    .context("could not get container for " + *next)
                    .with_code(ErrorCode::kInvalidArgument);
            }
            target = *found;
            if (target->id == id || !seen.insert(target->id).second) return itself;
        }
        if (mode_of(*target->record()) == "host") return with_host;
        const auto same = std::find_if(links.begin(), links.end(),
                                       [&](const LinkRecord& known) { return known.alias == link->alias; });
        if (same == links.end()) {
            links.push_back({target->id, link->alias});
        } else if (same->target_id != target->id) {
            return Error(ErrorCode::kInvalidArgument, "two links use the alias " + link->alias);
        }
    }
    return links;
}

RecordPtr EngineImpl::with_current_links(RecordPtr record) const {
    if (record->links.empty()) return record;
    json texts = json::array();
    for (const LinkRecord& link : record->links) {
        const ContainerPtr target = registry_.find(link.target_id);
        if (target == nullptr) continue;
        texts.push_back("/" + target->record()->name + ":/" + record->name + "/" + link.alias);
    }
    auto shown = std::make_shared<ContainerRecord>(*record);
    shown->host_config["Links"] = std::move(texts);
    return shown;
}

void EngineImpl::rewrite_hosts_linking_to(const ContainerRecord& target) const {
    for (const ContainerPtr& container : registry_.all()) {
        const RecordPtr record = container->record();
        const auto& links = record->links;
        const bool concerned = record->is_running() && std::any_of(links.begin(), links.end(), [&](const auto& link) {
                                   return link.target_id == target.id;
                               });
        if (!concerned) continue;
        std::vector<LinkedPeer> peers;
        for (const LinkRecord& link : links) {
            if (link.target_id == target.id) {
                peers.push_back({std::make_shared<const ContainerRecord>(target), link.alias});
            } else if (const ContainerPtr other = registry_.find(link.target_id)) {
                peers.push_back({other->record(), link.alias});
            }
        }
        const std::lock_guard one_at_a_time(hosts_mutex_);
        if (Status written = write_hosts(*record, peers); !written) {
            log(LogLevel::kWarn, "hosts of " + record->name + ": " + written.error().message() + ", ignoring");
        }
    }
}

Status EngineImpl::remove_link(const std::string& ref) {
    const std::string bare = ref.starts_with('/') ? ref.substr(1) : ref;
    const size_t slash = bare.find('/');
    if (slash == std::string::npos) {
        if (auto found = find(ref); !found) return std::move(found).error();
        return Error(ErrorCode::kInvalidArgument, "Conflict, cannot remove the default link name of the container");
    }
    auto parent = find(bare.substr(0, slash));
    const Error missing = Error(ErrorCode::kNotFound, "No such container: " + ref).with_resource(ref);
    if (!parent) return missing;
    auto hold = lock(*parent, ref, "remove link");
    if (!hold) return std::move(hold).error();
    ContainerRecord record = *(*parent)->record();
    const std::string alias = bare.substr(slash + 1);
    if (std::erase_if(record.links, [&](const LinkRecord& link) { return link.alias == alias; }) == 0) return missing;
    Batch batch;
    batch.put(record);
    if (auto committed = store_->commit(std::move(batch), Durability::kFull); !committed) {
        return std::move(committed).error();
    }
    (*parent)->publish(std::move(record));
    return ok();
}

}  // namespace slipway::core
