// api/src/handlers/upgrade.hpp - the reply that turns a connection into the raw stream of a process.
#pragma once

#include "exchange.hpp"

#include <string>

namespace slipway::api {

// The head a client expects before the stream: 101 when it asked for an upgrade, 200 otherwise.
std::string upgrade_head(const Exchange& exchange, bool tty);

}  // namespace slipway::api
