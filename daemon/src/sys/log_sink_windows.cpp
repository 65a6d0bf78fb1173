#include "sys/log_sink.hpp"

#include "sys/event_log_windows.hpp"

#include <Poco/UnicodeConverter.h>

#include <windows.h>

namespace slipway::daemon {
namespace {

HANDLE g_event_log = nullptr;  // set before there are threads

WORD event_type(core::LogLevel level) {
    switch (level) {
        case core::LogLevel::kError:
            return EVENTLOG_ERROR_TYPE;
        case core::LogLevel::kWarn:
            return EVENTLOG_WARNING_TYPE;
        default:
            return EVENTLOG_INFORMATION_TYPE;
    }
}

std::wstring source_key(const std::wstring& name) {
    return L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" + name;
}

bool set_value(HKEY key, const wchar_t* name, DWORD type, const void* data, size_t size) {
    return ::RegSetValueExW(key, name, 0, type, static_cast<const BYTE*>(data), static_cast<DWORD>(size)) ==
           ERROR_SUCCESS;
}

}  // namespace

void log_to_event_log(const std::wstring& name) {
    g_event_log = ::RegisterEventSourceW(nullptr, name.c_str());
}

bool register_event_source(const std::wstring& name) {
    HKEY key = nullptr;
    if (::RegCreateKeyExW(HKEY_LOCAL_MACHINE, source_key(name).c_str(), 0, nullptr, 0, KEY_SET_VALUE, nullptr, &key,
                          nullptr) != ERROR_SUCCESS) {
        return false;
    }
    // A file of Windows whose messages, numbers 1 to 1000, are the text alone.
    static constexpr wchar_t kMessages[] = L"%SystemRoot%\\System32\\EventCreate.exe";
    const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    const bool done = set_value(key, L"EventMessageFile", REG_EXPAND_SZ, kMessages, sizeof(kMessages)) &&
                      set_value(key, L"TypesSupported", REG_DWORD, &types, sizeof(types));
    ::RegCloseKey(key);
    return done;
}

void unregister_event_source(const std::wstring& name) {
    ::RegDeleteKeyW(HKEY_LOCAL_MACHINE, source_key(name).c_str());
}

void write_log_line(core::LogLevel level, const std::string& line) {
    const HANDLE errors = ::GetStdHandle(STD_ERROR_HANDLE);
    DWORD wrote = 0;
    DWORD mode = 0;
    const bool is_console = ::GetConsoleMode(errors, &mode) != 0;
    if (g_event_log == nullptr && !is_console) {
        ::WriteFile(errors, line.data(), static_cast<DWORD>(line.size()), &wrote, nullptr);
        return;
    }
    std::wstring wide;
    Poco::UnicodeConverter::toUTF16(line, wide);
    if (g_event_log == nullptr) {
        ::WriteConsoleW(errors, wide.data(), static_cast<DWORD>(wide.size()), &wrote, nullptr);
        return;
    }
    constexpr DWORD kEventId = 1;
    const wchar_t* text = wide.c_str();
    ::ReportEventW(g_event_log, event_type(level), 0, kEventId, nullptr, 1, 0, &text, nullptr);
}

}  // namespace slipway::daemon
