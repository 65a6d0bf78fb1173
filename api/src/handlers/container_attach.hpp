// api/src/handlers/container_attach.hpp - what both ways to attach have in common.
#pragma once

#include "exchange.hpp"

namespace slipway::api {

// The container named in the path and what the query asks for: logs, stream, the three streams, and detach keys for a
// terminal. Nothing about the connection.
//   kInvalidArgument  detachKeys
//   kNotFound, and kConflict for one that is paused or about to be started again
struct AttachTarget {
    core::RecordPtr record;
    core::AttachOptions options;
    bool tty = false;
};
Result<AttachTarget> find_attach_target(const Exchange& exchange);

}  // namespace slipway::api
