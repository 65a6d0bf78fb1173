#include <documents/ipv4.hpp>

#include <charconv>

namespace slipway::windows_backend {
namespace {

uint32_t mask_of(unsigned length) {
    return length == 0 ? 0 : ~uint32_t{0} << (32 - length);
}

}  // namespace

std::optional<uint32_t> parse_ipv4(const std::string& text) {
    uint32_t address = 0;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    for (int part = 0; part < 4; ++part) {
        if (part > 0 && (at == end || *at++ != '.')) return std::nullopt;
        unsigned value = 0;
        const auto [next, problem] = std::from_chars(at, end, value);
        if (problem != std::errc() || value > 255 || (next - at > 1 && *at == '0')) return std::nullopt;
        address = address << 8 | value;
        at = next;
    }
    if (at != end) return std::nullopt;
    return address;
}

std::string ipv4_text(uint32_t address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(address >> shift & 0xFF);
        if (shift > 0) text += '.';
    }
    return text;
}

std::optional<Ipv4Subnet> Ipv4Subnet::parse(const std::string& text) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const std::optional<uint32_t> address = parse_ipv4(text.substr(0, slash));
    unsigned length = 0;
    const char* const end = text.data() + text.size();
    const auto [next, problem] = std::from_chars(text.data() + slash + 1, end, length);
    if (!address || problem != std::errc() || next != end || length < 1 || length > 30) return std::nullopt;
    return Ipv4Subnet{*address & mask_of(length), length};
}

std::string Ipv4Subnet::text() const {
    return ipv4_text(address) + "/" + std::to_string(length);
}

uint32_t Ipv4Subnet::last() const {
    return (address | ~mask_of(length)) - 1;
}

bool Ipv4Subnet::contains(uint32_t other) const {
    return (other & mask_of(length)) == address;
}

}  // namespace slipway::windows_backend
