// daemon/src/service_manager.hpp - tells systemd how things stand, if it asked to be told (NOTIFY_SOCKET).
#pragma once

#include <string_view>

namespace slipway::daemon {

// `state` is one or more lines such as "READY=1". Without a manager, or on failure, nothing happens.
void notify_service_manager(std::string_view state);

}  // namespace slipway::daemon
