#include <observe/ps_columns.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iomanip>
#include <sstream>

namespace slipway::linux_backend {
namespace {

using Process = ProcessStat;
using Context = PsContext;

template <class Integer>
std::string decimal(Integer value) {
    return std::to_string(value);
}

std::string two(uint64_t value) {
    return value < 10 ? "0" + decimal(value) : decimal(value);
}

std::string name_or_number(const IdNames& names, uint32_t id) {
    const auto found = names.find(id);
    return found == names.end() ? decimal(id) : found->second;
}

uint64_t cpu_seconds(const Process& p, const Context& c) {
    return (p.user_time + p.system_time) / c.machine.ticks_per_second;
}

uint64_t elapsed_seconds(const Process& p, const Context& c) {
    if (c.machine.uptime_ticks <= p.start_time) return 0;
    return (c.machine.uptime_ticks - p.start_time) / c.machine.ticks_per_second;
}

// Processor time per thousand of the time since the start.
uint64_t cpu_permille(const Process& p, const Context& c) {
    const uint64_t elapsed = elapsed_seconds(p, c);
    return elapsed == 0 ? 0 : (p.user_time + p.system_time) * 1000 / c.machine.ticks_per_second / elapsed;
}

std::string tenths(uint64_t permille) {
    return decimal(permille / 10) + "." + decimal(permille % 10);
}

// [days-]hours:minutes:seconds; `hours_always` as for TIME, else only when there are some, as for ELAPSED.
std::string duration(uint64_t seconds, bool hours_always) {
    const uint64_t days = seconds / 86400, hours = seconds / 3600 % 24;
    std::string text = days > 0 ? two(days) + "-" : "";
    if (hours_always || days > 0 || hours > 0) text += two(hours) + ":";
    return text + two(seconds / 60 % 60) + ":" + two(seconds % 60);
}

std::string local_time(int64_t when, const char* format) {
    const auto seconds = static_cast<time_t>(when);
    tm parts{};
    if (localtime_r(&seconds, &parts) == nullptr) return "?";
    std::ostringstream text;
    text << std::put_time(&parts, format);
    return text.str();
}

int64_t started_at(const Process& p, const Context& c) {
    return static_cast<int64_t>(c.machine.boot_time + p.start_time / c.machine.ticks_per_second);
}

// The time today, the day this year, else the year.
std::string short_start(const Process& p, const Context& c) {
    const int64_t started = started_at(p, c);
    const auto same = [&](const char* format) { return local_time(started, format) == local_time(c.now, format); };
    if (!same("%Y")) return local_time(started, "%Y");
    return local_time(started, same("%j") ? "%H:%M" : "%b%d");
}

std::string recent_start(const Process& p, const Context& c) {
    const int64_t started = started_at(p, c);
    return local_time(started, c.now - started < 86400 ? "%H:%M" : "%b%d");
}

std::string long_start(const Process& p, const Context& c) {
    return local_time(started_at(p, c), "%a %b %e %H:%M:%S %Y");
}

// The kernel's numbers of terminals: Documentation/admin-guide/devices.txt.
std::string terminal(const Process& p, const Context&) {
    const uint64_t major = p.terminal >> 8 & 0xfff, minor = (p.terminal & 0xff) | (p.terminal >> 12 & 0xfff00);
    if (major >= 136 && major <= 143) return "pts/" + decimal(minor + (major - 136) * 256);
    if (major == 4) return minor < 64 ? "tty" + decimal(minor) : "ttyS" + decimal(minor - 64);
    if (major == 5 && minor == 1) return "console";
    if (major == 229) return "hvc" + decimal(minor);
    return "?";
}

std::string state_with_flags(const Process& p, const Context&) {
    std::string text(1, p.state);
    if (p.nice < 0) text += '<';
    if (p.nice > 0) text += 'N';
    if (p.locked_kib > 0) text += 'L';
    if (p.session == p.pid) text += 's';
    if (p.threads > 1) text += 'l';
    if (p.foreground == p.pgrp) text += '+';
    return text;
}

std::string command_name(const Process& p, const Context&) {
    return printable_text(p.name) + (p.state == 'Z' ? " <defunct>" : "");
}

std::string command_line(const Process& p, const Context& c) {
    const std::string arguments = p.state == 'Z' ? "" : read_arguments(c.proc, p.pid, c.argument_limit);
    if (!arguments.empty()) return printable_text(arguments);
    return "[" + printable_text(p.name) + "]" + (p.state == 'Z' ? " <defunct>" : "");
}

std::string wait_channel(const Process& p, const Context& c) {
    const std::string text = read_proc(c.proc + "/" + decimal(p.pid) + "/wchan", 256);
    return text.empty() || text == "0" ? "-" : printable_text(text);
}

std::string control_groups(const Process& p, const Context& c) {
    std::string text = read_proc(c.proc + "/" + decimal(p.pid) + "/cgroup", 16 * 1024);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ',');
    return text.empty() ? "-" : printable_text(text);
}

std::string memory_share(const Process& p, const Context& c) {
    return tenths(c.machine.memory_bytes == 0
                      ? 0
                      : std::min<uint64_t>(p.resident_bytes / 1024 * 1000 / (c.machine.memory_bytes / 1024), 999));
}

std::string hexadecimal(uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof(text), "%llx", static_cast<unsigned long long>(value));
    return text;
}

// The flags ps shows: forked without an execution, and has used privileges.
std::string visible_flags(const Process& p, const Context&) {
    return hexadecimal(p.flags >> 6 & 7);
}

std::string nice_value(const Process& p, const Context&) {
    return p.realtime_priority > 0 ? "-" : decimal(p.nice);
}

std::string virtual_pages(const Process& p, const Context&) {
    static const auto kPageBytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    return decimal(p.virtual_bytes / kPageBytes);
}

constexpr PsColumn kColumns[] = {
    {"pid", "PID", [](const Process& p, const Context&) { return decimal(p.pid); }},
    {"tgid", "TGID", [](const Process& p, const Context&) { return decimal(p.pid); }},
    {"ppid", "PPID", [](const Process& p, const Context&) { return decimal(p.ppid); }},
    {"pgid", "PGID", [](const Process& p, const Context&) { return decimal(p.pgrp); }},
    {"pgrp", "PGRP", [](const Process& p, const Context&) { return decimal(p.pgrp); }},
    {"sid", "SID", [](const Process& p, const Context&) { return decimal(p.session); }},
    {"sess", "SESS", [](const Process& p, const Context&) { return decimal(p.session); }},
    {"session", "SESS", [](const Process& p, const Context&) { return decimal(p.session); }},
    {"tpgid", "TPGID", [](const Process& p, const Context&) { return decimal(p.foreground); }},
    {"user", "USER", [](const Process& p, const Context& c) { return name_or_number(c.users, p.uid); }},
    {"uname", "USER", [](const Process& p, const Context& c) { return name_or_number(c.users, p.uid); }},
    {"euser", "EUSER", [](const Process& p, const Context& c) { return name_or_number(c.users, p.uid); }},
    {"ruser", "RUSER", [](const Process& p, const Context& c) { return name_or_number(c.users, p.ruid); }},
    {"uid", "UID", [](const Process& p, const Context&) { return decimal(p.uid); }},
    {"euid", "EUID", [](const Process& p, const Context&) { return decimal(p.uid); }},
    {"ruid", "RUID", [](const Process& p, const Context&) { return decimal(p.ruid); }},
    {"group", "GROUP", [](const Process& p, const Context& c) { return name_or_number(c.groups, p.gid); }},
    {"egroup", "EGROUP", [](const Process& p, const Context& c) { return name_or_number(c.groups, p.gid); }},
    {"rgroup", "RGROUP", [](const Process& p, const Context& c) { return name_or_number(c.groups, p.rgid); }},
    {"gid", "GID", [](const Process& p, const Context&) { return decimal(p.gid); }},
    {"egid", "EGID", [](const Process& p, const Context&) { return decimal(p.gid); }},
    {"rgid", "RGID", [](const Process& p, const Context&) { return decimal(p.rgid); }},
    {"comm", "COMMAND", command_name},
    {"ucmd", "CMD", command_name},
    {"ucomm", "COMMAND", command_name},
    {"args", "COMMAND", command_line},
    {"command", "COMMAND", command_line},
    {"cmd", "CMD", command_line},
    {"time", "TIME", [](const Process& p, const Context& c) { return duration(cpu_seconds(p, c), true); }},
    {"cputime", "TIME", [](const Process& p, const Context& c) { return duration(cpu_seconds(p, c), true); }},
    {"bsdtime", "TIME",
     [](const Process& p, const Context& c) {
         return decimal(cpu_seconds(p, c) / 60) + ":" + two(cpu_seconds(p, c) % 60);
     }},
    {"etime", "ELAPSED", [](const Process& p, const Context& c) { return duration(elapsed_seconds(p, c), false); }},
    {"etimes", "ELAPSED", [](const Process& p, const Context& c) { return decimal(elapsed_seconds(p, c)); }},
    {"stime", "STIME", short_start},
    {"start_time", "START", short_start},
    {"bsdstart", "START", recent_start},
    {"lstart", "STARTED", long_start},
    {"tty", "TT", terminal},
    {"tt", "TT", terminal},
    {"tname", "TTY", terminal},
    {"stat", "STAT", state_with_flags},
    {"state", "S", [](const Process& p, const Context&) { return std::string(1, p.state); }},
    {"s", "S", [](const Process& p, const Context&) { return std::string(1, p.state); }},
    {"pcpu", "%CPU", [](const Process& p, const Context& c) { return tenths(cpu_permille(p, c)); }},
    {"%cpu", "%CPU", [](const Process& p, const Context& c) { return tenths(cpu_permille(p, c)); }},
    {"c", "C",
     [](const Process& p, const Context& c) { return decimal(std::min<uint64_t>(cpu_permille(p, c) / 10, 99)); }},
    {"pmem", "%MEM", memory_share},
    {"%mem", "%MEM", memory_share},
    {"rss", "RSS", [](const Process& p, const Context&) { return decimal(p.resident_bytes / 1024); }},
    {"rssize", "RSS", [](const Process& p, const Context&) { return decimal(p.resident_bytes / 1024); }},
    {"rsz", "RSZ", [](const Process& p, const Context&) { return decimal(p.resident_bytes / 1024); }},
    {"vsz", "VSZ", [](const Process& p, const Context&) { return decimal(p.virtual_bytes / 1024); }},
    {"vsize", "VSZ", [](const Process& p, const Context&) { return decimal(p.virtual_bytes / 1024); }},
    {"sz", "SZ", virtual_pages},
    {"nice", "NI", nice_value},
    {"ni", "NI", nice_value},
    {"pri", "PRI", [](const Process& p, const Context&) { return decimal(39 - p.priority); }},
    {"opri", "PRI", [](const Process& p, const Context&) { return decimal(60 + p.priority); }},
    {"rtprio", "RTPRIO",
     [](const Process& p, const Context&) {
         return p.realtime_priority > 0 ? decimal(p.realtime_priority) : std::string("-");
     }},
    {"psr", "PSR", [](const Process& p, const Context&) { return decimal(p.processor); }},
    {"wchan", "WCHAN", wait_channel},
    {"nlwp", "NLWP", [](const Process& p, const Context&) { return decimal(p.threads); }},
    {"thcount", "THCNT", [](const Process& p, const Context&) { return decimal(p.threads); }},
    {"cgroup", "CGROUP", control_groups},
    {"f", "F", visible_flags},
    {"flags", "F", visible_flags},
    // Not an address since Linux has hidden them.
    {"addr", "ADDR", [](const Process&, const Context&) { return std::string("-"); }},
};

// Bytes of the UTF-8 character at the start of `text` that may be shown, 0 for none.
size_t shown_bytes(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    const bool is_control = first == 0xc2 && byte(1) < 0xa0;
    const bool is_overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool is_no_character = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
    return is_control || is_overlong || is_no_character ? 0 : length;
}

}  // namespace

const PsColumn* find_ps_column(std::string_view name) {
    const auto* const found = std::find_if(std::begin(kColumns), std::end(kColumns),
                                           [&](const PsColumn& column) { return column.name == name; });
    return found == std::end(kColumns) ? nullptr : found;
}

IdNames parse_id_names(std::string_view database) {
    IdNames names;
    while (!database.empty()) {
        const std::string_view line = database.substr(0, database.find('\n'));
        database.remove_prefix(std::min(line.size() + 1, database.size()));
        const size_t name_end = line.find(':');
        if (name_end == 0 || name_end == std::string_view::npos) continue;
        const size_t id_start = line.find(':', name_end + 1);
        if (id_start == std::string_view::npos) continue;
        const std::string_view id = line.substr(id_start + 1, line.find(':', id_start + 1) - id_start - 1);
        if (id.empty() || id.find_first_not_of("0123456789") != std::string_view::npos) continue;
        // The first of several names for one number counts, as in getpwuid(3).
        names.emplace(static_cast<uint32_t>(number_of(id)), printable_text(line.substr(0, name_end)));
    }
    return names;
}

std::string printable_text(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        // Nearly everything is plain text, and there can be megabytes of it.
        const auto* const odd =
            std::find_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c - 0x20) >= 0x5f; });
        shown.append(text.begin(), odd);
        text.remove_prefix(static_cast<size_t>(odd - text.begin()));
        if (text.empty()) break;
        const size_t bytes = shown_bytes(text);
        if (bytes == 0) {
            shown += '?';
        } else {
            shown.append(text.substr(0, bytes));
        }
        text.remove_prefix(std::max<size_t>(bytes, 1));
    }
    return shown;
}

}  // namespace slipway::linux_backend
