// Who a container's users are for the host: HostConfig.UsernsMode and what it goes together with.

#include "engine/engine_impl.hpp"
#include "model/references.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace slipway::core {

namespace {

using nlohmann::json;

std::string mode_of(const json& host_config, const char* key) {
    const auto mode = host_config.find(key);
    return mode != host_config.end() && mode->is_string() ? mode->get<std::string>() : "";
}

Error invalid(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

bool is_mapped(const json& document) {
    return document.is_object();
}

std::string name_space_owner(const ContainerRecord& record) {
    const std::string owner = record.user_namespace.value("Owner", "");
    return owner.empty() ? record.id : owner;
}

// The first three are Docker's.
Status check_user_namespace_conflicts(const json& host_config) {
    if (host_config.value("Privileged", false)) {
        return invalid(
            "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace "
            "when running privileged mode");
    }
    if (mode_of(host_config, "NetworkMode") == "host") {
        return invalid("cannot share the host's network namespace when user namespaces are enabled");
    }
    if (mode_of(host_config, "PidMode") == "host") {
        return invalid("cannot share the host PID namespace when user namespaces are enabled");
    }
    if (mode_of(host_config, "IpcMode") == "host") {
        return invalid("cannot share the host IPC namespace when user namespaces are enabled");
    }
    return ok();
}

}  // namespace

// A name space belongs to a user name space: whoever joins one must be in that too.
Result<ContainerPtr> EngineImpl::users_owner(const json& host_config) const {
    // What was said about the users themselves comes first; the others are compared with it.
    std::vector<std::string> modes = {"UsernsMode"};
    std::copy_if(std::begin(kJoiningModes), std::end(kJoiningModes), std::back_inserter(modes),
                 [](std::string_view key) { return key != "UsernsMode"; });
    ContainerPtr owner;
    for (const std::string& key : modes) {
        const auto ref = joined_container(mode_of(host_config, key.c_str()));
        if (!ref) continue;
        auto peer = find(*ref);
        if (!peer) return std::move(peer).error();
        const RecordPtr record = (*peer)->record();
        const std::string joining = key + " joins container " + record->id;
        if (!is_mapped(record->user_namespace)) {
            return invalid(joining + ", which is not in a user namespace: use UsernsMode \"host\" here as well");
        }
        auto found = find(name_space_owner(*record));
        if (!found) return std::move(found).error();
        if (owner != nullptr && owner->id != (*found)->id) {
            return invalid(joining + ", which is in another user namespace than container " + owner->id);
        }
        owner = *found;
    }
    return owner;
}

Result<json> EngineImpl::take_users(const std::string& id, const Backend& backend, const json& host_config) {
    const std::string mode = mode_of(host_config, "UsernsMode");
    if (mode == "host" || (mode.empty() && !options_.user_namespaces.remap)) return json(nullptr);
    if (mode.empty() && backend.info().image_os != "linux") return json(nullptr);
    if (!backend.info().maps_users) {
        return Error(ErrorCode::kUnimplemented,
                     "backend '" + backend.info().name + "' does not support user namespaces; use UsernsMode \"host\"")
            .with_resource("HostConfig.UsernsMode");
    }
    if (Status checked = check_user_namespace_conflicts(host_config); !checked) return std::move(checked).error();
    auto owner = users_owner(host_config);
    if (!owner) return std::move(owner).error();
    if (*owner != nullptr) {
        json document = (*owner)->record()->user_namespace;
        if (Status joined = id_pool_.join(id, document); !joined) return std::move(joined).error();
        document["Owner"] = (*owner)->id;
        document.erase("Private");
        return document;
    }
    if (mode.empty()) return to_json(*options_.user_namespaces.remap);
    auto map = id_pool_.take(id);
    if (!map) return std::move(map).error();
    json document = to_json(*map);
    document["Private"] = true;
    return document;
}

Status EngineImpl::check_users_unchanged(const ContainerRecord& record) const {
    const std::string mode = mode_of(record.host_config, "UsernsMode");
    const bool wants_host = mode == "host" || (mode.empty() && !options_.user_namespaces.remap);
    if (wants_host == is_mapped(record.user_namespace)) {
        return invalid("the user namespace of a container cannot be changed at its start");
    }
    return is_mapped(record.user_namespace) ? check_user_namespace_conflicts(record.host_config) : ok();
}

}  // namespace slipway::core
