#include <observe/proc_file.hpp>

#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace slipway::linux_backend {
namespace {

constexpr std::string_view kBlanks = " \t\n";

int64_t signed_of(std::string_view text) {
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// The rest of the line that begins with `key`.
std::string_view line_after(std::string_view text, std::string_view key) {
    size_t at = text.starts_with(key) ? 0 : text.find(std::string("\n").append(key));
    if (at == std::string_view::npos) return {};
    if (text[at] == '\n') ++at;
    text.remove_prefix(at + key.size());
    return text.substr(0, text.find('\n'));
}

// Fields of proc_pid_stat(5), counted from 3, which is the first behind the name.
class StatFields {
public:
    explicit StatFields(std::string_view text) : words_(words_of(text)) {}
    bool complete() const { return words_.size() >= kNeeded; }
    uint64_t number(size_t field) const { return number_of(words_[field - 3]); }
    int64_t integer(size_t field) const { return signed_of(words_[field - 3]); }
    pid_t id(size_t field) const { return static_cast<pid_t>(integer(field)); }
    char letter(size_t field) const { return words_[field - 3].front(); }

private:
    static constexpr size_t kNeeded = 40 - 3 + 1;  // up to rt_priority
    std::vector<std::string_view> words_;
};

void read_ids(std::string_view line, uint32_t& real, uint32_t& effective) {
    const auto words = words_of(line);
    if (words.size() < 2) return;
    real = static_cast<uint32_t>(number_of(words[0]));
    effective = static_cast<uint32_t>(number_of(words[1]));
}

}  // namespace

std::string read_proc(const std::string& path, size_t limit) {
    std::string text;
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!fd) return text;
    char buffer[4096];
    while (text.size() < limit) {
        const ssize_t got = ::read(fd.get(), buffer, std::min(sizeof(buffer), limit - text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        text.append(buffer, static_cast<size_t>(got));
    }
    return text;
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
        const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(kBlanks, end);
    }
    return words;
}

uint64_t number_of(std::string_view text) {
    uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc() && end == text.data() + text.size() ? value : 0;
}

std::optional<ProcessStat> parse_process(std::string_view stat, std::string_view status) {
    // The name may hold blanks, brackets and line ends: it reaches to the last bracket.
    const size_t open = stat.find('(');
    const size_t close = stat.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
    const StatFields fields(stat.substr(close + 1));
    if (!fields.complete()) return std::nullopt;

    static const auto kPageBytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    ProcessStat process;
    process.pid = static_cast<pid_t>(signed_of(stat));
    process.name = stat.substr(open + 1, close - open - 1);
    process.state = fields.letter(3);
    process.ppid = fields.id(4);
    process.pgrp = fields.id(5);
    process.session = fields.id(6);
    process.terminal = fields.number(7);
    process.foreground = fields.id(8);
    process.flags = fields.number(9);
    process.user_time = fields.number(14);
    process.system_time = fields.number(15);
    process.priority = fields.integer(18);
    process.nice = fields.integer(19);
    process.threads = fields.number(20);
    process.start_time = fields.number(22);
    process.virtual_bytes = fields.number(23);
    process.resident_bytes = fields.number(24) * kPageBytes;
    process.processor = fields.integer(39);
    process.realtime_priority = fields.integer(40);

    read_ids(line_after(status, "Uid:"), process.ruid, process.uid);
    read_ids(line_after(status, "Gid:"), process.rgid, process.gid);
    if (const auto locked = words_of(line_after(status, "VmLck:")); !locked.empty()) {
        process.locked_kib = number_of(locked.front());
    }
    return process;
}

std::optional<ProcessStat> read_process(const std::string& proc, pid_t pid) {
    const std::string directory = proc + "/" + std::to_string(pid);
    const std::string status = read_proc(directory + "/status");
    // Without it the owner would be wrong: the process has ended in between.
    if (status.empty()) return std::nullopt;
    return parse_process(read_proc(directory + "/stat"), status);
}

std::string read_arguments(const std::string& proc, pid_t pid, size_t limit) {
    std::string text = read_proc(proc + "/" + std::to_string(pid) + "/cmdline", limit);
    while (!text.empty() && text.back() == '\0') text.pop_back();
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

MachineFacts read_machine(const std::string& proc) {
    MachineFacts machine;
    if (const long ticks = ::sysconf(_SC_CLK_TCK); ticks > 0) machine.ticks_per_second = static_cast<uint64_t>(ticks);
    // A line per processor, and one per interrupt that can be very long.
    const std::string stat = read_proc(proc + "/stat", 4 << 20);
    const auto total = words_of(line_after(stat, "cpu "));
    // user, nice, system, idle, iowait, irq, softirq: what Docker sums up. Guests' time is in the first two already.
    for (size_t i = 0; i < std::min<size_t>(total.size(), 7); ++i) machine.cpu_ticks += number_of(total[i]);
    for (size_t at = stat.find("\ncpu"); at != std::string::npos; at = stat.find("\ncpu", at + 1))
        ++machine.cpus_online;
    if (const auto boot = words_of(line_after(stat, "btime ")); !boot.empty()) {
        machine.boot_time = number_of(boot.front());
    }
    // "12345.67 ...": hundredths, whatever the length of a tick.
    const std::string uptime = read_proc(proc + "/uptime");
    const std::string_view seconds = std::string_view(uptime).substr(0, uptime.find(' '));
    const size_t point = seconds.find('.');
    machine.uptime_ticks = number_of(seconds.substr(0, point)) * machine.ticks_per_second;
    if (point != std::string_view::npos) {
        machine.uptime_ticks += number_of(seconds.substr(point + 1)) * machine.ticks_per_second / 100;
    }
    const std::string memory = read_proc(proc + "/meminfo");
    if (const auto all = words_of(line_after(memory, "MemTotal:")); !all.empty()) {
        machine.memory_bytes = number_of(all.front()) * 1024;
    }
    return machine;
}

}  // namespace slipway::linux_backend
