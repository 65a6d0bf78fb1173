#include "http/detach_keys.hpp"

namespace slipway::api {
namespace {

Error unknown(std::string_view key) {
    return Error(ErrorCode::kInvalidArgument, "Unknown character: '" + std::string(key) + "'");
}

Result<char> parse_key(std::string_view key) {
    constexpr std::string_view kCtrl = "ctrl-";
    if (key.size() == 1) return key.front();
    if (key == "DEL") return '\x7f';
    if (!key.starts_with(kCtrl) || key.size() != kCtrl.size() + 1) return unknown(key);
    const char c = key.back();
    if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 1);
    if (c == '@') return '\0';
    if (c >= '[' && c <= '_') return static_cast<char>(c - '[' + 27);
    return unknown(key);
}

}  // namespace

Result<std::string> parse_detach_keys(std::string_view text) {
    if (text.empty()) return std::string(kDefaultDetachKeys);
    std::string out;
    for (;;) {
        const size_t comma = text.find(',');
        const Result<char> key = parse_key(text.substr(0, comma));
        if (!key) return key.error();
        out += *key;
        if (comma == std::string_view::npos) return out;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace slipway::api
