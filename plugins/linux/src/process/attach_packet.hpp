// plugins/linux/src/process/attach_packet.hpp - a client for a supervisor, from the ABI's terms to the supervisor's.
#pragma once

#include <slipway/stdio.h>

#include <slipway/cpp/error.hpp>
#include <slipway_supervisor/control.hpp>

#include <string>

namespace slipway::linux_backend {

struct AttachPacket {
    supervisor::AttachRequest head;
    std::string payload;
};

// kInvalidArgument: an unknown flag, or something is too long for the supervisor.
Result<AttachPacket> attach_packet(const slw_attach_request& request);

}  // namespace slipway::linux_backend
