// daemon/src/sys/captured_run.hpp - runs a program to its end, or to a limit, and keeps what it printed.
#pragma once

#include <slipway/cpp/error.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace slipway::daemon {

struct CapturedRun {
    bool in_time = true;  // else it was killed
    std::string crash;    // "SIGSEGV" or "exception 0xc0000005"; empty when it ended by itself
    int exit_code = 0;    // when it did
    std::string output, errors;
};

// Each output is kept up to some 64 KiB. On POSIX a program that leaves children behind which hold its output makes the
// run last until the limit; on Windows they end with it. kSystem when it cannot be started.
Result<CapturedRun> run_captured(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                                 std::chrono::milliseconds limit);

// For a process whose crash is an answer: no core file, no window that waits for somebody.
void forgo_crash_reports();

}  // namespace slipway::daemon
