// plugins/windows/src/documents/ipv4.hpp - the little arithmetic that network documents need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace slipway::windows_backend {

// Dotted quad without leading zeros or anything else.
std::optional<uint32_t> parse_ipv4(const std::string& text);
std::string ipv4_text(uint32_t address);

struct Ipv4Subnet {
    uint32_t address = 0;  // the network's own, host bits zero
    unsigned length = 0;   // 1..30

    // "172.20.0.0/20"; host bits that are set are cleared.
    static std::optional<Ipv4Subnet> parse(const std::string& text);
    std::string text() const;
    uint32_t first() const { return address + 1; }
    uint32_t last() const;  // the last that a host may have
    bool contains(uint32_t other) const;
};

}  // namespace slipway::windows_backend
