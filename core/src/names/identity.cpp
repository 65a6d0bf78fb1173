#include "names/identity.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

namespace slipway::core {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

constexpr std::array<std::string_view, 64> kAdjectives{
    "able",  "agile",  "airy",    "amber",  "ample",  "azure",  "bold",   "brave",  "breezy", "bright", "brisk",
    "calm",  "candid", "clear",   "clever", "coral",  "crisp",  "dapper", "daring", "deft",   "eager",  "early",
    "fair",  "fleet",  "fresh",   "gentle", "glad",   "golden", "grand",  "hale",   "handy",  "hardy",  "honest",
    "ivory", "jolly",  "keen",    "kind",   "lively", "loyal",  "lucid",  "merry",  "mild",   "neat",   "nimble",
    "noble", "opal",   "patient", "placid", "proud",  "quick",  "quiet",  "rapid",  "ready",  "serene", "silver",
    "smart", "snug",   "solid",   "spry",   "steady", "sturdy", "sunny",  "trim",   "witty"};

// Things of ships and harbours.
constexpr std::array<std::string_view, 64> kNouns{
    "anchor", "ballast", "barge",   "beacon",  "berth",   "boom",    "bosun",   "bow",     "brig",     "buoy",
    "cabin",  "canal",   "canoe",   "capstan", "captain", "cleat",   "clipper", "compass", "coral",    "corsair",
    "cove",   "crane",   "current", "cutter",  "deck",    "delta",   "dinghy",  "dock",    "dory",     "fathom",
    "ferry",  "fjord",   "galley",  "gull",    "halyard", "harbor",  "hawser",  "helm",    "hull",     "jetty",
    "jib",    "keel",    "ketch",   "lagoon",  "lantern", "lugger",  "mast",    "mooring", "oar",      "pier",
    "pilot",  "pinnace", "quay",    "raft",    "reef",    "rigging", "rudder",  "sail",    "schooner", "sextant",
    "sloop",  "tide",    "tiller",  "yawl"};

// FNV-1a, 64 bits: spreads the id's digits; nothing here needs to resist an adversary.
uint64_t spread(std::string_view text) {
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return hash ^ (hash >> 29);
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string generate_id() {
    // libstdc++'s random_device reads the processor's or the kernel's generator on every call; it keeps no state here.
    std::random_device source;
    std::string id(64, '0');
    do {
        for (size_t at = 0; at < id.size(); at += 8) {
            uint32_t bits = source();
            for (size_t i = 0; i < 8; ++i, bits >>= 4) id[at + i] = kHexDigits[bits & 15];
        }
    } while (std::all_of(id.begin(), id.begin() + 12, [](char c) { return c >= '0' && c <= '9'; }));
    return id;
}

bool is_full_id(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of(kHexDigits) == std::string_view::npos;
}

std::string short_id(std::string_view id) {
    return std::string(id.substr(0, 12));
}

std::string made_up_name(std::string_view id, unsigned attempt) {
    const uint64_t hash = spread(id);
    std::string name(kAdjectives[hash % kAdjectives.size()]);
    name += '_';
    name += kNouns[(hash >> 32) % kNouns.size()];
    if (attempt > 0) name += '_' + std::to_string(attempt + 1);
    return name;
}

Result<std::string> check_container_name(std::string_view name) {
    std::string_view bare = name;
    if (!bare.empty() && bare.front() == '/') bare.remove_prefix(1);
    const bool valid = bare.size() >= 2 && bare.size() <= 255 && is_letter_or_digit(bare.front()) &&
                       std::all_of(bare.begin() + 1, bare.end(),
                                   [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; });
    if (!valid) {
        return Error(ErrorCode::kInvalidArgument, "Invalid container name (" + std::string(name.substr(0, 512)) +
                                                      "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
    return std::string(bare);
}

}  // namespace slipway::core
