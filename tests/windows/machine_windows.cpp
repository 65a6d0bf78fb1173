#include <winsock2.h>

#include "machine.hpp"

#include <windows.h>
#include <ws2tcpip.h>

#include <filesystem>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

SOCKET socket_of(slw_os_handle handle) {
    return static_cast<SOCKET>(handle);
}

void start_sockets() {
    static const int started = [] {
        WSADATA data{};
        return WSAStartup(MAKEWORD(2, 2), &data);
    }();
    (void)started;
}

}  // namespace

// Sockets on loopback, as the daemon's clients are.
Connection::Connection() {
    start_sockets();
    const SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int size = sizeof(address);
    bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener, 1);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    const SOCKET here = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    connect(here, reinterpret_cast<sockaddr*>(&address), size);
    here_ = static_cast<slw_os_handle>(here);
    there_ = static_cast<slw_os_handle>(accept(listener, nullptr, nullptr));
    closesocket(listener);
}

Connection::~Connection() {
    closesocket(socket_of(here_));
    closesocket(socket_of(there_));
}

void Connection::send(const std::string& bytes) const {
    ::send(socket_of(here_), bytes.data(), static_cast<int>(bytes.size()), 0);
}

void Connection::end_writing() const {
    shutdown(socket_of(here_), SD_SEND);
}

std::string Connection::read_all(std::chrono::milliseconds limit) const {
    std::string text;
    const auto end = std::chrono::steady_clock::now() + limit;
    char buffer[4096];
    while (std::chrono::steady_clock::now() < end) {
        const DWORD slice = 100;
        setsockopt(socket_of(here_), SOL_SOCKET, SO_RCVTIMEO, reinterpret_cast<const char*>(&slice), sizeof(slice));
        const int got = recv(socket_of(here_), buffer, sizeof(buffer), 0);
        if (got < 0 && WSAGetLastError() == WSAETIMEDOUT) continue;
        if (got <= 0) return text;
        text.append(buffer, static_cast<size_t>(got));
    }
    return text + "<no end of file>";
}

LastingFile::LastingFile(const std::string& path) {
    const HANDLE file =
        CreateFileW(fs::path(path).c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
    works_ = file != INVALID_HANDLE_VALUE;
    file_ = static_cast<slw_os_handle>(reinterpret_cast<intptr_t>(file));
}

LastingFile::~LastingFile() {
    CloseHandle(reinterpret_cast<HANDLE>(static_cast<intptr_t>(file_)));
}

std::string new_directory() {
    static unsigned next = 0;
    std::error_code failure;
    const std::string name = "slipway-windows-" + std::to_string(GetCurrentProcessId()) + "-" + std::to_string(++next);
    const fs::path made = fs::temp_directory_path() / name;
    fs::create_directory(made, failure);
    return failure ? std::string() : made.string();
}

std::vector<std::string> does(const std::vector<std::string>& steps) {
    wchar_t own[MAX_PATH] = {};
    GetModuleFileNameW(nullptr, own, MAX_PATH);
    std::vector<std::string> command = {(fs::path(own).parent_path() / "slipway-test-command.exe").string()};
    command.insert(command.end(), steps.begin(), steps.end());
    return command;
}

}  // namespace slipway::windows_backend
