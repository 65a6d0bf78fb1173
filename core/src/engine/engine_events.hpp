// core/src/engine/engine_events.hpp - events as Docker's clients expect them (start-flow.md 7.1).
#pragma once

#include <slipway/core/events.hpp>
#include <slipway/core/record.hpp>

#include <map>
#include <string>
#include <vector>

namespace slipway::core {

using EventAttributes = std::map<std::string, std::string>;

// Attributes are `specific`, then all labels over them, then `image` and `name`, which beat labels.
Event container_event(const ContainerRecord& record, const std::string& action, EventAttributes specific = {},
                      UnixNanos when = 0);

// "connect" and "disconnect"; the actor is the network.
Event network_event(const EndpointRecord& endpoint, const std::string& driver, const std::string& action,
                    const std::string& container_id);

// "create", "destroy", "mount", "unmount"; the actor is the volume.
Event volume_event(const std::string& name, const std::string& action, EventAttributes attributes);

// One for each volume of a container that starts, in the order in which they are mounted.
std::vector<Event> mount_events(const ContainerRecord& record);
// The same for one that ends, newest first.
std::vector<Event> unmount_events(const ContainerRecord& record);

}  // namespace slipway::core
