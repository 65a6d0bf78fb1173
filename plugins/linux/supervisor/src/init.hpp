// init.hpp - the reaper that stays as a container's first process when HostConfig.Init asks for one.
#pragma once

namespace slipway::supervisor {

// What it is executed as, and how this program knows what it is to be. Docker's name, which tools look for; there is no
// such file.
constexpr char kInitName[] = "/sbin/docker-init";

// Hands every signal on to the command, whose pidfd is `command`, takes away what its descendants leave behind, and
// ends when the command has: with its code, or 128 and the number of the signal. All signals are blocked on entry, and
// the descriptor after `command` is the pipe that keeps the command waiting.
[[noreturn]] void run_init(int command);

}  // namespace slipway::supervisor
