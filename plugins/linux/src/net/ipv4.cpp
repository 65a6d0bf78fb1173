#include <net/ipv4.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace slipway::linux_backend {

namespace {

Error invalid(const std::string& what, const std::string& text) {
    return Error(ErrorCode::kInvalidArgument, "invalid " + what + " '" + text + "'").with_resource(text);
}

}  // namespace

Result<Ipv4> Ipv4::parse(const std::string& text) {
    in_addr parsed{};
    // inet_pton takes exactly four decimal numbers, unlike inet_aton. A NUL inside would end its view early.
    if (text.find('\0') != std::string::npos || inet_pton(AF_INET, text.c_str(), &parsed) != 1) {
        return invalid("IPv4 address", text);
    }
    return Ipv4{ntohl(parsed.s_addr)};
}

std::string Ipv4::to_string() const {
    const in_addr raw{network_order()};
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &raw, text, sizeof text);
}

uint32_t Ipv4::network_order() const {
    return htonl(value);
}

Result<Ipv4Prefix> Ipv4Prefix::parse(const std::string& text) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos) return invalid("IPv4 prefix", text);
    Result<Ipv4> address = Ipv4::parse(text.substr(0, slash));
    if (!address) return invalid("IPv4 prefix", text);

    const char* first = text.data() + slash + 1;
    const char* last = text.data() + text.size();
    unsigned length = 0;
    const auto [end, problem] = std::from_chars(first, last, length);
    if (problem != std::errc() || end != last || length > 32) return invalid("IPv4 prefix", text);
    return Ipv4Prefix{*address, static_cast<uint8_t>(length)};
}

bool Ipv4Prefix::overlaps(const Ipv4Prefix& other) const {
    return contains(other.network()) || other.contains(network());
}

std::string Ipv4Prefix::subnet_string() const {
    return network().to_string() + "/" + std::to_string(length);
}

std::string Ipv4Prefix::to_string() const {
    return address.to_string() + "/" + std::to_string(length);
}

std::string mac_of(Ipv4 address) {
    char text[18];
    std::snprintf(text, sizeof text, "02:42:%02x:%02x:%02x:%02x", address.value >> 24, (address.value >> 16) & 0xff,
                  (address.value >> 8) & 0xff, address.value & 0xff);
    return text;
}

Status parse_mac(const std::string& text, uint8_t (&out)[6]) {
    uint8_t bytes[6];
    if (text.size() != 17) return invalid("MAC address", text);
    for (size_t i = 0; i < 6; ++i) {
        const char* first = text.data() + i * 3;
        const auto [end, problem] = std::from_chars(first, first + 2, bytes[i], 16);
        if (problem != std::errc() || end != first + 2) return invalid("MAC address", text);
        if (i < 5 && first[2] != ':' && first[2] != '-') return invalid("MAC address", text);
    }
    if ((bytes[0] & 1) != 0) return invalid("MAC address", text);  // an interface cannot have a group address
    std::copy(std::begin(bytes), std::end(bytes), std::begin(out));
    return ok();
}

}  // namespace slipway::linux_backend
