// plugins/linux/src/sys/socket_packet.hpp - packets with descriptors over a local socket.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace slipway::linux_backend {

// Sends one packet of a SOCK_SEQPACKET socket with `count` (at most 250) borrowed descriptors.
Status send_packet_with_fds(int sock, const std::vector<uint8_t>& bytes, const int* fds, size_t count);

}  // namespace slipway::linux_backend
