#include "program.hpp"

#include <Poco/Net/Net.h>
#include <Poco/UnicodeConverter.h>

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>

#include <cstdio>

namespace slipway::cli {

std::vector<std::string> start_program(int, char**) {
    Poco::Net::initializeNetwork();
    ::SetConsoleOutputCP(CP_UTF8);
    // Archives come and go there. Consoles take lines that end in "\n" alone.
    ::_setmode(::_fileno(stdin), _O_BINARY);
    ::_setmode(::_fileno(stdout), _O_BINARY);
    std::vector<std::string> words;
    int count = 0;
    LPWSTR* const all = ::CommandLineToArgvW(::GetCommandLineW(), &count);
    for (int i = count - 1; all != nullptr && i > 0; --i) {
        std::string word;
        Poco::UnicodeConverter::toUTF8(std::wstring(all[i]), word);
        words.push_back(std::move(word));
    }
    ::LocalFree(all);
    return words;
}

}  // namespace slipway::cli
