// tests/support/injected_calls.hpp - the system calls a test can let fail, each with an error it can really give.
#pragma once

#include <span>
#include <string>

namespace slipway::testing {

struct InjectedCall {
    int number;
    const char* name;
    int error;  // what a sweep lets it fail with
};

// Left out, because a failure of theirs means nothing or is none of the program's doing: close and munmap (always give
// back), exit, waits (the child is there until it is waited for), clocks, futexes, memory of the allocator.
std::span<const InjectedCall> injected_calls();

// Null when the call is not in the table.
const InjectedCall* find_injected_call(int number);

}  // namespace slipway::testing
