// tests/conformance/src/machine.hpp - what the kit asks the operating system. One file per system.
#pragma once

#include <cstddef>
#include <string>

namespace conformance {

// An exported symbol of the library, which is loaded on the first call and stays. Null with `why` when there is none.
const void* library_symbol(const std::string& path, const char* symbol, std::string& why);

// Descriptors or handles that are open in this process, and threads that live in it.
size_t open_descriptors();
size_t live_threads();

unsigned own_process_id();

// A new directory that only this user may enter; empty when none can be made.
std::string new_directory();

}  // namespace conformance
