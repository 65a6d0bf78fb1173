// core/src/engine/engine_events.hpp - events as Docker's clients expect them (start-flow.md 7.1).
#pragma once

#include <slipway/core/events.hpp>
#include <slipway/core/record.hpp>

#include <map>
#include <string>

namespace slipway::core {

using EventAttributes = std::map<std::string, std::string>;

// Attributes are `specific`, then all labels over them, then `image` and `name`, which beat labels.
Event container_event(const ContainerRecord& record, const std::string& action, EventAttributes specific = {},
                      UnixNanos when = 0);

// "connect" and "disconnect"; the actor is the network.
Event network_event(const EndpointRecord& endpoint, const std::string& driver, const std::string& action,
                    const std::string& container_id);

}  // namespace slipway::core
