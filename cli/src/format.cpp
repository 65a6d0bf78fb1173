#include "format.hpp"

#include "client.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace slipway::cli {

std::string printable(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            result += c;
        } else {
            char escaped[5];
            std::snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
            result += escaped;
        }
    }
    return result;
}

std::string human_size(uint64_t bytes) {
    static constexpr std::array<const char*, 6> kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = static_cast<double>(bytes);
    size_t unit = 0;
    while (value >= 1000 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof(text), "%.3g%s", value, kUnits[unit]);
    return text;
}

std::string human_duration(int64_t seconds) {
    const auto plural = [](int64_t n, const char* unit) { return std::to_string(n) + " " + unit; };
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return plural(seconds, "seconds");
    const int64_t minutes = seconds / 60;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return plural(minutes, "minutes");
    const int64_t hours = (minutes + 30) / 60;
    if (hours == 1) return "About an hour";
    if (hours < 48) return plural(hours, "hours");
    if (hours < 24 * 7 * 2) return plural(hours / 24, "days");
    if (hours < 24 * 30 * 2) return plural(hours / 24 / 7, "weeks");
    if (hours < 24 * 365 * 2) return plural(hours / 24 / 30, "months");
    return plural(hours / 24 / 365, "years");
}

int64_t parse_size(const std::string& option, const std::string& text) {
    const auto bad = [&] {
        return CommandError("invalid size '" + printable(text) + "' for " + option + ": use a number with b, k, m or g",
                            125);
    };
    size_t used = 0;
    double value = 0;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        throw bad();
    }
    std::string unit = text.substr(used);
    std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return std::tolower(c); });
    if (unit.size() > 1 && unit.back() == 'b') unit.pop_back();
    static constexpr std::array<std::pair<const char*, int>, 6> kUnits = {
        {{"", 0}, {"b", 0}, {"k", 10}, {"m", 20}, {"g", 30}, {"t", 40}}};
    for (const auto& [name, shift] : kUnits) {
        const double bytes = std::ldexp(value, shift);
        if (unit == name && std::isfinite(bytes) && std::abs(bytes) < 9e18) return static_cast<int64_t>(bytes);
    }
    throw bad();
}

std::string short_id(const std::string& id) {
    const size_t colon = id.find(':');
    return id.substr(colon == std::string::npos ? 0 : colon + 1, 12);
}

void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
    std::vector<size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line += std::string(widths[i] - row[i].size() + 3, ' ');
        }
        out << line << '\n';
    }
}

std::filesystem::path path_of(const std::string& name) {
    return std::filesystem::path(std::u8string(name.begin(), name.end()));
}

}  // namespace slipway::cli
