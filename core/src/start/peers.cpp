// The phase that looks at the containers a start depends on. They are read as they were published last; their locks are
// never taken, so that containers that name each other, or themselves, cannot wait for each other (start-flow.md 4.9).

#include "model/links.hpp"
#include "model/references.hpp"
#include "start/phases.hpp"

#include <algorithm>
#include <iterator>

namespace slipway::core {

namespace {

std::optional<std::string> owner_in(const ContainerRecord& record, const char* key) {
    const auto mode = record.host_config.find(key);
    if (mode == record.host_config.end() || !mode->is_string()) return std::nullopt;
    return joined_container(mode->get_ref<const std::string&>());
}

Error system_error(std::string text) {
    return Error(ErrorCode::kSystem, std::move(text));
}

Error is_restarting(const ContainerRecord& owner) {
    return Error(ErrorCode::kConflict, "Container " + owner.id + " is restarting, wait until the container is running")
        .with_resource(owner.id);
}

bool runs(const ContainerRecord& record) {
    return record.state == RunState::kRunning || record.state == RunState::kPaused;
}

Status join_network(StartContext& start) {
    const auto ref = owner_in(start.record, "NetworkMode");
    if (!ref) return ok();
    const Result<RecordPtr> found = start.services.find_peer(*ref);
    // Nobody asked for this container by that name now, so its absence is no 404.
    if (!found) {
        return Error(found.error()).context("joining network namespace of container").with_code(ErrorCode::kSystem);
    }
    const ContainerRecord& owner = **found;
    if (owner.id == start.record.id) return system_error("cannot join own network namespace");
    if (owner.state == RunState::kRestarting) return is_restarting(owner);
    if (!runs(owner)) {
        return Error(ErrorCode::kConflict, "cannot join network namespace of a non running container: container " +
                                               owner.name + " is " + std::string(to_string(owner.state)))
            .with_resource(owner.id);
    }
    start.network_owner = owner.id;
    ContainerRecord& record = start.record;
    record.host_config["NetworkMode"] = "container:" + owner.id;
    record.hostname_path = owner.hostname_path;
    record.hosts_path = owner.hosts_path;
    record.resolv_conf_path = owner.resolv_conf_path;
    record.config["Hostname"] = owner.config.value("Hostname", "");
    record.config["Domainname"] = owner.config.value("Domainname", "");
    return ok();
}

// `what` is "IPC", "PID", "UTS" or "cgroup". Stores the owner's id in the mode, which is what the backend looks for.
Result<RecordPtr> join_namespace(StartContext& start, const char* key, const std::string& what) {
    const auto ref = owner_in(start.record, key);
    if (!ref) return RecordPtr();
    const std::string failing = "failed to join " + what + " namespace";
    const Result<RecordPtr> found = start.services.find_peer(*ref);
    if (!found) return Error(found.error()).context(failing).with_code(ErrorCode::kInvalidArgument);
    const ContainerRecord& owner = **found;
    if (owner.id == start.record.id) return system_error("cannot join own " + what + " namespace");
    if (owner.state == RunState::kRestarting) return is_restarting(owner).context(failing);
    if (!runs(owner)) {
        return Error(ErrorCode::kConflict, failing + ": container " + owner.id + " is not running")
            .with_resource(owner.id);
    }
    start.record.host_config[key] = "container:" + owner.id;
    return *found;
}

Status join_ipc(StartContext& start) {
    const Result<RecordPtr> owner = join_namespace(start, "IpcMode", "IPC");
    if (!owner) return owner.error();
    if (*owner == nullptr) return ok();
    const std::string mode = (*owner)->host_config.value("IpcMode", "");
    if (mode == "shareable" || mode == "host" || joined_container(mode)) return ok();
    return Error(ErrorCode::kInvalidArgument,
                 "failed to join IPC namespace: container " + (*owner)->id +
                     ": non-shareable IPC (hint: use IpcMode:shareable for the donor container)")
        .with_resource((*owner)->id);
}

// The host name is the owner's. With another's network its files count, so its names stay.
Status join_uts(StartContext& start) {
    const Result<RecordPtr> owner = join_namespace(start, "UTSMode", "UTS");
    if (!owner) return owner.error();
    if (*owner == nullptr || !start.network_owner.empty()) return ok();
    start.record.config["Hostname"] = (*owner)->config.value("Hostname", "");
    start.record.config["Domainname"] = (*owner)->config.value("Domainname", "");
    return ok();
}

bool is_on_bridge(const ContainerRecord& record) {
    for (const EndpointRecord& endpoint : record.endpoints) {
        if (endpoint.network_name == "bridge") return true;
    }
    return false;
}

Status find_links(StartContext& start) {
    const ContainerRecord& record = start.record;
    const std::string mode = record.host_config.value("NetworkMode", "");
    // Elsewhere a link has nothing to say.
    if (mode != "" && mode != "default" && mode != "bridge") return ok();
    for (const LinkRecord& link : record.links) {
        const Result<RecordPtr> found = start.services.find_peer(link.target_id);
        if (!found) {
            log_line(start.services.options, LogLevel::kWarn,
                     "start " + record.name + ": the target of link " + link.alias + " is gone, ignoring the link");
            continue;
        }
        const ContainerRecord& target = **found;
        if (target.id == record.id) return system_error("cannot link to itself: /" + record.name);
        if (!is_on_bridge(target)) {
            return system_error("Cannot link to /" + target.name + ", as it does not belong to the default network");
        }
        if (!runs(target) || bridge_address(target).empty()) {
            return system_error("Cannot link to a non running container: /" + target.name + " AS /" + record.name +
                                "/" + link.alias)
                .with_resource(target.id);
        }
        start.links.push_back({*found, link.alias});
    }
    return ok();
}

}  // namespace

bool has_peers(const ContainerRecord& record) {
    return !record.links.empty() || std::any_of(std::begin(kJoiningModes), std::end(kJoiningModes),
                                                [&](const char* key) { return owner_in(record, key).has_value(); });
}

Status join_peers(StartContext& start, const CallContext&) {
    if (Status joined = join_network(start); !joined) return joined;
    if (Status joined = join_ipc(start); !joined) return joined;
    if (const auto joined = join_namespace(start, "PidMode", "PID"); !joined) return joined.error();
    if (Status joined = join_uts(start); !joined) return joined;
    if (const auto joined = join_namespace(start, "CgroupnsMode", "cgroup"); !joined) return joined.error();
    return find_links(start);
}

}  // namespace slipway::core
