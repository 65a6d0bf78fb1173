#include "engine/engine_events.hpp"

#include "model/mount_plan.hpp"

#include <algorithm>

namespace slipway::core {

Event container_event(const ContainerRecord& record, const std::string& action, EventAttributes specific,
                      UnixNanos when) {
    Event event;
    event.when = when != 0 ? when : unix_now();
    event.type = "container";
    event.action = action;
    event.actor_id = record.id;
    event.attributes = std::move(specific);
    const auto labels = record.config.find("Labels");
    if (labels != record.config.end() && labels->is_object()) {
        for (const auto& [key, value] : labels->items()) {
            if (value.is_string()) event.attributes[key] = value.get<std::string>();
        }
    }
    if (!record.image.empty()) event.attributes["image"] = record.image;
    event.attributes["name"] = record.name;
    return event;
}

Event network_event(const EndpointRecord& endpoint, const std::string& driver, const std::string& action,
                    const std::string& container_id) {
    Event event;
    event.when = unix_now();
    event.type = "network";
    event.action = action;
    event.actor_id = endpoint.network_id;
    event.attributes = {{"container", container_id}, {"name", endpoint.network_name}, {"type", driver}};
    return event;
}

Event volume_event(const std::string& name, const std::string& action, EventAttributes attributes) {
    Event event;
    event.when = unix_now();
    event.type = "volume";
    event.action = action;
    event.actor_id = name;
    event.attributes = std::move(attributes);
    event.attributes.emplace("driver", "local");
    return event;
}

std::vector<Event> mount_events(const ContainerRecord& record) {
    std::vector<Event> events;
    const auto mounts = mounts_of(record);
    if (!mounts) return events;
    for (const MountSpec& mount : *mounts) {
        if (mount.type != "volume") continue;
        events.push_back(volume_event(mount.volume, "mount",
                                      {{"container", record.id},
                                       {"destination", mount.params.target},
                                       {"read/write", mount.read_write() ? "true" : "false"},
                                       {"propagation", mount.params.propagation}}));
    }
    return events;
}

std::vector<Event> unmount_events(const ContainerRecord& record) {
    std::vector<Event> events;
    const auto mounts = mounts_of(record);
    if (!mounts) return events;
    for (const MountSpec& mount : *mounts) {
        if (mount.type == "volume") events.push_back(volume_event(mount.volume, "unmount", {{"container", record.id}}));
    }
    std::reverse(events.begin(), events.end());
    return events;
}

}  // namespace slipway::core
