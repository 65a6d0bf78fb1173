#include "model/signals.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace slipway::core {

namespace {

// signal(7), x86 and arm numbering.
constexpr std::array<std::pair<std::string_view, int32_t>, 35> kSignals{{
    {"HUP", 1},   {"INT", 2},    {"QUIT", 3},    {"ILL", 4},   {"TRAP", 5},  {"ABRT", 6},  {"IOT", 6},
    {"BUS", 7},   {"FPE", 8},    {"KILL", 9},    {"USR1", 10}, {"SEGV", 11}, {"USR2", 12}, {"PIPE", 13},
    {"ALRM", 14}, {"TERM", 15},  {"STKFLT", 16}, {"CHLD", 17}, {"CLD", 17},  {"CONT", 18}, {"STOP", 19},
    {"TSTP", 20}, {"TTIN", 21},  {"TTOU", 22},   {"URG", 23},  {"XCPU", 24}, {"XFSZ", 25}, {"VTALRM", 26},
    {"PROF", 27}, {"WINCH", 28}, {"IO", 29},     {"POLL", 29}, {"PWR", 30},  {"SYS", 31},  {"RTMIN", 34},
}};
constexpr int32_t kRealTimeMin = 34, kRealTimeMax = 64;

bool to_number(std::string_view text, int32_t& out) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc() && end == text.data() + text.size();
}

// "RTMIN", "RTMIN+3", "RTMAX", "RTMAX-2".
bool real_time(std::string_view name, int32_t& out) {
    const bool from_min = name.starts_with("RTMIN");
    if (!from_min && !name.starts_with("RTMAX")) return false;
    int32_t offset = 0;
    if (name.size() > 5 && (name[5] != (from_min ? '+' : '-') || !to_number(name.substr(6), offset))) return false;
    if (offset < 0 || offset > kRealTimeMax - kRealTimeMin) return false;
    out = from_min ? kRealTimeMin + offset : kRealTimeMax - offset;
    return true;
}

}  // namespace

Result<int32_t> parse_signal(std::string_view text) {
    int32_t number = 0;
    if (to_number(text, number)) {
        if (number >= 1 && number <= kRealTimeMax) return number;
    } else {
        std::string name(text.substr(0, 32));
        for (char& c : name) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        }
        std::string_view bare = name;
        if (bare.starts_with("SIG")) bare.remove_prefix(3);
        if (real_time(bare, number)) return number;
        for (const auto& [known, value] : kSignals) {
            if (known == bare) return value;
        }
    }
    return Error(ErrorCode::kInvalidArgument, "invalid signal: " + std::string(text.substr(0, 64)));
}

}  // namespace slipway::core
