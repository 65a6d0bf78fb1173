// plugins/linux/src/observe/proc_file.hpp - what the kernel tells about processes and the machine, read from procfs.
//
// Nothing of a container runs for it. Names and arguments are the container's own words: their length is bounded here,
// and who shows them makes them printable.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::linux_backend {

// At most `limit` bytes of a file; empty when it cannot be read.
std::string read_proc(const std::string& path, size_t limit = 64 * 1024);

// The parts between blanks.
std::vector<std::string_view> words_of(std::string_view text);

// A decimal number; 0 for anything else.
uint64_t number_of(std::string_view text);

// One process, from /proc/<pid>/stat and /proc/<pid>/status. Times are in clock ticks.
struct ProcessStat {
    pid_t pid = 0, ppid = 0, pgrp = 0, session = 0, foreground = 0;
    std::string name;  // as the process set it
    char state = '?';
    uint64_t terminal = 0;  // device number, 0 for none
    uint64_t flags = 0;
    uint64_t user_time = 0, system_time = 0;
    uint64_t start_time = 0;  // since boot
    int64_t priority = 0, nice = 0;
    uint64_t threads = 0;
    uint64_t virtual_bytes = 0, resident_bytes = 0, locked_kib = 0;
    int64_t processor = 0, realtime_priority = 0;
    uint32_t uid = 0, gid = 0;    // effective
    uint32_t ruid = 0, rgid = 0;  // real
};

// `proc` is where procfs is mounted. nullopt: there is no such process (any more).
std::optional<ProcessStat> read_process(const std::string& proc, pid_t pid);

// From the text of the two files alone.
std::optional<ProcessStat> parse_process(std::string_view stat, std::string_view status);

// The arguments with blanks between them, at most `limit` bytes; empty for zombies and threads of the kernel.
std::string read_arguments(const std::string& proc, pid_t pid, size_t limit);

// The machine as a whole.
struct MachineFacts {
    uint64_t ticks_per_second = 100;
    uint64_t boot_time = 0;     // Unix seconds
    uint64_t uptime_ticks = 0;  // since boot
    uint64_t memory_bytes = 0;  // 0: unknown
    uint64_t cpu_ticks = 0;     // of all processors since boot, idle ones included
    uint32_t cpus_online = 0;
};
MachineFacts read_machine(const std::string& proc);

}  // namespace slipway::linux_backend
