#include "engine/engine_events.hpp"

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

}  // namespace slipway::core
