#include "machine.hpp"

#include <windows.h>

#include <tlhelp32.h>

#include <filesystem>

namespace conformance {
namespace {

namespace fs = std::filesystem;

}  // namespace

const void* library_symbol(const std::string& path, const char* symbol, std::string& why) {
    static const HMODULE library = LoadLibraryExW(fs::path(std::u8string(path.begin(), path.end())).c_str(), nullptr,
                                                  LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
    static const DWORD error = library == nullptr ? GetLastError() : 0;
    if (library == nullptr) {
        why = "LoadLibrary failed with " + std::to_string(error);
        return nullptr;
    }
    const auto found = reinterpret_cast<const void*>(GetProcAddress(library, symbol));
    if (found == nullptr) why = std::string("the library exports no ") + symbol;
    return found;
}

size_t open_descriptors() {
    DWORD count = 0;
    return GetProcessHandleCount(GetCurrentProcess(), &count) ? count : 0;
}

size_t live_threads() {
    const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    size_t count = 0;
    THREADENTRY32 entry{};
    entry.dwSize = sizeof(entry);
    for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry)) {
        if (entry.th32OwnerProcessID == GetCurrentProcessId()) ++count;
    }
    CloseHandle(snapshot);
    return count;
}

unsigned own_process_id() {
    return GetCurrentProcessId();
}

std::string new_directory() {
    static unsigned next = 0;
    std::error_code failure;
    const fs::path made = fs::temp_directory_path() / ("slipway-conformance-" + std::to_string(GetCurrentProcessId()) +
                                                       "-" + std::to_string(++next));
    fs::create_directory(made, failure);
    const std::u8string text = made.u8string();
    return failure ? std::string() : std::string(text.begin(), text.end());
}

}  // namespace conformance
