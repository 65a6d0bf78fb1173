#include "trace.hpp"

#include "client.hpp"
#include "format.hpp"

#include <algorithm>
#include <cstdio>

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string milliseconds(int64_t ns) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f", static_cast<double>(ns) / 1e6);
    return text;
}

// A bar from `offset` to `offset + duration` on a scale of `total`, at least one cell wide.
std::string bar(int64_t offset, int64_t duration, int64_t total, int width, char cell) {
    const auto cells = [&](int64_t ns) { return static_cast<int>(ns * width / std::max<int64_t>(total, 1)); };
    const int begin = std::min(cells(offset), width - 1);
    const int length = std::clamp(cells(offset + duration) - begin, 1, width - begin);
    return std::string(static_cast<size_t>(begin), ' ') + std::string(static_cast<size_t>(length), cell);
}

}  // namespace

void print_trace(std::ostream& out, const json& inspect, int columns) {
    const json state = inspect.value("State", json::object()).value("Slipway", json::object());
    const json start = state.value("LastStart", json());
    const std::string name = printable(inspect.value("Name", std::string("?")).substr(1));
    if (!start.is_object())
        throw CommandError("container '" + name + "' was never started, so there is nothing to show");

    const json phases = start.value("Phases", json::array());
    const int64_t total = start.value("TotalNs", int64_t{0});
    out << name << ": start " << (start.value("Succeeded", false) ? "succeeded" : "failed") << " after "
        << milliseconds(total) << " ms, " << start.value("Began", std::string()) << "\n\n";

    size_t name_width = 5;
    for (const json& phase : phases) name_width = std::max(name_width, phase.value("Name", std::string()).size());
    const int width = std::max(20, columns - static_cast<int>(name_width) - 30);
    for (const json& phase : phases) {
        const std::string phase_name = phase.value("Name", std::string());
        const bool failed = phase.value("Failed", false);
        const int64_t duration = phase.value("DurationNs", int64_t{0});
        char line[128];
        std::snprintf(line, sizeof(line), "%-*s %9s ms  ", static_cast<int>(name_width), phase_name.c_str(),
                      milliseconds(duration).c_str());
        std::string drawn = bar(phase.value("OffsetNs", int64_t{0}), duration, total, width, failed ? 'x' : '#');
        if (failed) drawn += "  failed";
        if (phase.value("Undone", false)) drawn += "  undone";
        if (const std::string undo = phase.value("UndoError", std::string()); !undo.empty()) {
            drawn += " (undo failed: " + printable(undo) + ")";
        }
        out << line << drawn << '\n';
    }
    const json error = start.value("Error", json());
    if (error.is_object()) {
        out << "\nerror in phase " << error.value("phase", std::string("?")) << ": "
            << printable(error.value("message", std::string())) << '\n';
        if (const std::string hint = error.value("hint", std::string()); !hint.empty()) {
            out << "hint: " << printable(hint) << '\n';
        }
    }
}

}  // namespace slipway::cli
