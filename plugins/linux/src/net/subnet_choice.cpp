#include <net/subnet_choice.hpp>

#include <algorithm>

namespace slipway::linux_backend {

namespace {

constexpr uint32_t quad(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    return a << 24 | b << 16 | c << 8 | d;
}

std::vector<Ipv4Prefix> candidates() {
    std::vector<Ipv4Prefix> list;
    for (uint32_t second = 26; second <= 31; ++second) list.push_back({{quad(172, second, 0, 1)}, 16});
    for (uint32_t second = 201; second <= 220; ++second) list.push_back({{quad(10, second, 0, 1)}, 16});
    for (uint32_t third = 112; third <= 240; third += 16) list.push_back({{quad(192, 168, third, 1)}, 20});
    return list;
}

}  // namespace

std::optional<Ipv4Prefix> choose_subnet(const std::vector<Ipv4Prefix>& used) {
    for (const Ipv4Prefix& candidate : candidates()) {
        const auto overlaps = [&](const Ipv4Prefix& other) { return other.overlaps(candidate); };
        if (std::none_of(used.begin(), used.end(), overlaps)) return candidate;
    }
    return std::nullopt;
}

}  // namespace slipway::linux_backend
