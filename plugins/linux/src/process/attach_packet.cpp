#include <process/attach_packet.hpp>

#include <slipway/cpp/text.hpp>

namespace slipway::linux_backend {

Result<AttachPacket> attach_packet(const slw_attach_request& request) {
    constexpr uint32_t kKnown =
        SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR | SLW_ATTACH_MULTIPLEXED | SLW_ATTACH_REPLY_FIRST;
    if ((request.flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "attach: unknown flag");
    if (request.detach_keys.size > supervisor::kMaxDetachKeys) {
        return Error(ErrorCode::kInvalidArgument, "attach: the detach key sequence is too long");
    }
    if (request.early_input.size > supervisor::kMaxEarlyInputBytes ||
        request.preamble.size > supervisor::kMaxEarlyInputBytes / 2) {
        return Error(ErrorCode::kInvalidArgument, "attach: preamble or early input is too long");
    }
    AttachPacket packet;
    supervisor::AttachRequest& head = packet.head;
    if ((request.flags & SLW_ATTACH_STDIN) != 0) head.flags |= supervisor::kAttachStdin;
    if ((request.flags & SLW_ATTACH_STDOUT) != 0) head.flags |= supervisor::kAttachStdout;
    if ((request.flags & SLW_ATTACH_STDERR) != 0) head.flags |= supervisor::kAttachStderr;
    if ((request.flags & SLW_ATTACH_MULTIPLEXED) != 0) head.flags |= supervisor::kAttachMultiplexed;
    head.early_bytes = static_cast<uint32_t>(request.early_input.size);
    head.keys_bytes = static_cast<uint32_t>(request.detach_keys.size);
    if ((request.flags & SLW_ATTACH_REPLY_FIRST) != 0) {
        head.preamble_bytes = static_cast<uint32_t>(request.preamble.size);
        packet.payload += view_of(request.preamble);
    }
    packet.payload += view_of(request.early_input);
    packet.payload += view_of(request.detach_keys);
    return packet;
}

}  // namespace slipway::linux_backend
