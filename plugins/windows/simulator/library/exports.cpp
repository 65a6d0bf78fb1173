// The simulated host as a library of Windows: functions under the names of computecore.dll, computenetwork.dll and
// computestorage.dll, which libraries of those names forward to. It is there from the moment it is loaded.
//
//   SLIPWAY_SIMULATOR_RULES   in the environment: rules for failures (injection.hpp)
//   SLIPWAY_SIMULATOR_REPORT  a file that gets {"leaks": [...], "violations": [...], "calls": {...}} when the process
//                             ends by itself
#include "disks.hpp"

#include <simulator/host.hpp>
#include <simulator/simulator.hpp>

#include <windows.h>

#include <objbase.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

// A function whose name is exported jumps to where its pointer leads: all calling conventions of x64 are one, so what
// is passed need not be known.
#define SIMULATED_FUNCTION(name, result, parameters)                                                         \
    extern "C" {                                                                                             \
    [[gnu::used]] void* slipway_to_##name = nullptr;                                                         \
    }                                                                                                        \
    __asm__(".section .drectve,\"yn\"\n\t.ascii \" -export:" #name "\"\n\t.text\n\t.globl " #name "\n" #name \
            ":\n\tjmp *slipway_to_" #name "(%rip)\n");
SLW_COMPUTECORE(SIMULATED_FUNCTION)
SLW_COMPUTENETWORK(SIMULATED_FUNCTION)
SLW_COMPUTESTORAGE(SIMULATED_FUNCTION)
#undef SIMULATED_FUNCTION

namespace slipway::simulated_hcs {
namespace {

// Text that the caller frees with LocalFree or CoTaskMemFree.
char16_t* system_text(const std::u16string& text, TextOwner owner) {
    const size_t size = (text.size() + 1) * sizeof(char16_t);
    void* const copy = owner == TextOwner::kHcs ? LocalAlloc(LMEM_FIXED, size) : CoTaskMemAlloc(size);
    if (copy != nullptr) std::memcpy(copy, text.c_str(), size);
    return static_cast<char16_t*>(copy);
}

void take_rules() {
    const char* const rules = std::getenv("SLIPWAY_SIMULATOR_RULES");
    if (rules != nullptr) inject(json::parse(rules));
}

void write_report() {
    const char* const path = std::getenv("SLIPWAY_SIMULATOR_REPORT");
    Host& host = Host::get();
    if (path == nullptr) return;
    // Other threads are gone by now, perhaps with the mutex: then nobody needs it any more.
    const bool locked = host.mutex.try_lock();
    close_dropped_disks(host);
    std::ofstream(path) << json{
        {"leaks", host.leaks()}, {"violations", host.violations}, {"calls", host.injection.counts()}};
    if (locked) host.mutex.unlock();
}

void fill_table() {
    // Kept for good: callers of a system library cannot tell when they are done with it. Its end is not left to a
    // destructor either: the process ends the host's thread first, perhaps while it holds the mutex, and disconnecting
    // would wait for that for ever.
    static const auto& simulated = *new std::shared_ptr<const raw::HostApi>(connect());
    raw::HostApi table = *simulated;
    take_real_disk_handles(table);
#define SIMULATED_FILL(name, result, parameters) slipway_to_##name = reinterpret_cast<void*>(table.name);
    SLW_COMPUTECORE(SIMULATED_FILL)
    SLW_COMPUTENETWORK(SIMULATED_FILL)
    SLW_COMPUTESTORAGE(SIMULATED_FILL)
#undef SIMULATED_FILL
}

}  // namespace
}  // namespace slipway::simulated_hcs

extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
    namespace simulated = slipway::simulated_hcs;
    if (reason == DLL_PROCESS_ATTACH) {
        simulated::Host::get().outside_text = simulated::system_text;
        simulated::take_rules();
        simulated::fill_table();
    }
    if (reason == DLL_PROCESS_DETACH) simulated::write_report();
    return TRUE;
}
