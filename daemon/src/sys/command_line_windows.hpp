// daemon/src/sys/command_line_windows.hpp - command lines of Windows.
#pragma once

#include <string>

namespace slipway::daemon {

// One argument as the runtime of C takes command lines apart: backslashes mean something before quotes alone.
inline std::wstring quote_argument(const std::wstring& argument) {
    std::wstring out = L"\"";
    size_t backslashes = 0;
    for (const wchar_t c : argument) {
        if (c == L'"') out.append(backslashes + 1, L'\\');
        backslashes = c == L'\\' ? backslashes + 1 : 0;
        out += c;
    }
    out.append(backslashes, L'\\');
    return out + L"\"";
}

}  // namespace slipway::daemon
