// plugins/linux/src/spec/seccomp_compiler.hpp - turns seccomp rules into a BPF program.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/seccomp_cache.hpp>
#include <spec/seccomp_rules.hpp>

namespace slipway::linux_backend {

// Whether this kernel has the x32 system calls. Debian's lacks them, and then their part of a program is one
// instruction, which saves a third of what loading it costs.
bool kernel_has_x32();

// Runs of calls with the same fate become intervals, found by a balanced search: the kernel runs a program for every
// call number when it is loaded, so its depth is what a start pays (performance.md 2.6: 0.13 ms instead of 0.8).
//
// A call of an architecture that is not listed kills the process. When the default is an error, calls beyond the
// highest one listed get ENOSYS instead, as runc does it: a new C library asks for new calls and falls back.
//   kInvalidArgument  the program would exceed the kernel's 4096 instructions
Result<SeccompProgram> compile_seccomp(const SeccompRules& rules, bool with_x32);

}  // namespace slipway::linux_backend
