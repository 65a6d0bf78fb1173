// The simulated host as a library of Windows: functions under the names of computecore.dll, computenetwork.dll and
// computestorage.dll, which libraries of those names forward to. It is there from the moment it is loaded.
//
//   SLIPWAY_SIMULATOR_RULES   in the environment: rules for failures (injection.hpp)
//   SLIPWAY_SIMULATOR_REPORT  a file that gets {"leaks": [...], "violations": [...], "calls": {...}} while the process
//                             runs, and when it exits by itself
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

// Whole or not at all: a process that is ended from outside leaves what was written shortly before. Mutex held.
void write_report(Host& host) {
    const char* const path = std::getenv("SLIPWAY_SIMULATOR_REPORT");
    if (path == nullptr) return;
    close_dropped_disks(host);
    const std::string text =
        json{{"leaks", host.leaks()}, {"violations", host.violations}, {"calls", host.injection.counts()}}.dump();
    static auto& written = *new std::string;
    if (text == written) return;
    const std::string fresh = std::string(path) + ".new";
    std::ofstream file(fresh);
    file << text;
    file.close();
    if (file && MoveFileExA(fresh.c_str(), path, MOVEFILE_REPLACE_EXISTING)) written = text;
}

// Runs when the program calls exit, while all threads still live. When the library is told about the end, in DllMain,
// they have been ended wherever they were: whatever they held then stays locked, and already the making of a
// std::locale, of which every stream has one, waits for such a lock for ever.
int __cdecl write_last_report() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    write_report(host);
    host.at_rest = nullptr;
    return 0;
}

// By the C runtime of the program: this library's own list of functions for its end is worked off in DllMain.
void report_at_exit() {
    HMODULE here = nullptr;  // stays loaded until then
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                       reinterpret_cast<LPCWSTR>(&write_last_report), &here);
    using OnExit = int(__cdecl*)();
    using Register = OnExit(__cdecl*)(OnExit);
    const FARPROC found = GetProcAddress(GetModuleHandleW(L"msvcrt.dll"), "_onexit");
    if (found != nullptr) reinterpret_cast<Register>(reinterpret_cast<void*>(found))(write_last_report);
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
        simulated::Host::get().at_rest = simulated::write_report;
        simulated::take_rules();
        simulated::fill_table();
        simulated::report_at_exit();
    }
    return TRUE;
}
