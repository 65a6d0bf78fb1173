#include "terminal.hpp"

#include "streams.hpp"

#include <windows.h>

#include <Poco/Net/NetException.h>
#include <Poco/UnicodeConverter.h>

#include <array>
#include <thread>

namespace slipway::cli {
namespace {

HANDLE handle_of(int stream) {
    return ::GetStdHandle(stream == 2 ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
}

bool is_console(HANDLE handle) {
    DWORD mode = 0;
    return ::GetConsoleMode(handle, &mode) != 0;
}

bool edits_lines(HANDLE console) {
    DWORD mode = 0;
    return ::GetConsoleMode(console, &mode) != 0 && (mode & ENABLE_LINE_INPUT) != 0;
}

// The next bytes of stdin, UTF-8 when it is a console; empty at its end.
std::string read_input() {
    const HANDLE input = ::GetStdHandle(STD_INPUT_HANDLE);
    DWORD got = 0;
    if (is_console(input)) {
        std::array<wchar_t, 4096> text;
        if (!::ReadConsoleW(input, text.data(), static_cast<DWORD>(text.size()), &got, nullptr)) return {};
        // A line that begins with Ctrl-Z is the end of input where lines are edited; ReadFile would see to that, this
        // does not.
        constexpr wchar_t kCtrlZ = 0x1A;
        if (edits_lines(input) && got > 0 && text[0] == kCtrlZ) return {};
        std::string out;
        Poco::UnicodeConverter::toUTF8(std::wstring(text.data(), got), out);
        return out;
    }
    std::array<char, 65536> bytes;
    if (!::ReadFile(input, bytes.data(), static_cast<DWORD>(bytes.size()), &got, nullptr)) return {};
    return {bytes.data(), got};
}

// A read of stdin cannot be interrupted reliably, so this thread is left behind when the container is done: it shares
// nothing but the socket.
void forward_input(Poco::Net::StreamSocket socket) {
    std::thread([socket]() mutable {
        try {
            for (std::string bytes = read_input(); !bytes.empty(); bytes = read_input()) {
                for (size_t sent = 0; sent < bytes.size();) {
                    sent += static_cast<size_t>(
                        socket.sendBytes(bytes.data() + sent, static_cast<int>(bytes.size() - sent)));
                }
            }
            socket.shutdownSend();
        } catch (const Poco::Exception&) {
            // The container closed its side, which the other direction shows.
        }
    }).detach();
}

}  // namespace

bool write_all(int stream, const char* data, size_t size) {
    while (size > 0) {
        DWORD wrote = 0;
        const auto step = static_cast<DWORD>(size > (1U << 20) ? 1U << 20 : size);
        if (!::WriteFile(handle_of(stream), data, step, &wrote, nullptr) || wrote == 0) return false;
        data += wrote;
        size -= wrote;
    }
    return true;
}

struct RawTerminal::Saved {
    DWORD input = 0, output = 0;
    UINT output_page = 0;
};

RawTerminal::RawTerminal(bool wanted) {
    const HANDLE input = ::GetStdHandle(STD_INPUT_HANDLE);
    const HANDLE output = ::GetStdHandle(STD_OUTPUT_HANDLE);
    Saved saved;
    if (!wanted || !::GetConsoleMode(input, &saved.input)) return;
    saved.output_page = ::GetConsoleOutputCP();
    const bool shows = ::GetConsoleMode(output, &saved.output) != 0;
    const DWORD cooked = ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_PROCESSED_INPUT;
    if (!::SetConsoleMode(input, (saved.input & ~cooked) | ENABLE_VIRTUAL_TERMINAL_INPUT)) return;
    if (shows) {
        ::SetConsoleMode(output, saved.output | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING |
                                     DISABLE_NEWLINE_AUTO_RETURN);
        ::SetConsoleOutputCP(CP_UTF8);
    }
    saved_ = std::make_unique<Saved>(saved);
}

RawTerminal::~RawTerminal() {
    if (!saved_) return;
    ::SetConsoleMode(::GetStdHandle(STD_INPUT_HANDLE), saved_->input);
    ::SetConsoleMode(::GetStdHandle(STD_OUTPUT_HANDLE), saved_->output);
    ::SetConsoleOutputCP(saved_->output_page);
}

std::pair<int, int> terminal_size() {
    CONSOLE_SCREEN_BUFFER_INFO info{};
    if (!::GetConsoleScreenBufferInfo(::GetStdHandle(STD_OUTPUT_HANDLE), &info)) return {0, 0};
    return {info.srWindow.Bottom - info.srWindow.Top + 1, info.srWindow.Right - info.srWindow.Left + 1};
}

void pump(Upgraded& connection, bool with_stdin, bool tty, const std::function<void(int, int)>& on_resize) {
    Demultiplexer demultiplexer([](int stream, const char* data, size_t size) { write_all(stream, data, size); });
    const auto deliver = [&](const char* data, size_t size) {
        if (connection.multiplexed) {
            demultiplexer.feed(data, size);
        } else {
            write_all(1, data, size);
        }
    };
    RawTerminal raw(tty && with_stdin);
    deliver(connection.early.data(), connection.early.size());
    if (with_stdin) forward_input(connection.socket);
    // Windows tells nobody that a window changed who does not read its input as events.
    const Poco::Timespan look(250'000);
    std::pair<int, int> size;
    std::array<char, 65536> buffer;
    try {
        for (;;) {
            if (const auto now = tty ? terminal_size() : size; now != size) {
                size = now;
                on_resize(size.first, size.second);
            }
            if (!connection.socket.poll(look, Poco::Net::Socket::SELECT_READ)) continue;
            const int got = connection.socket.receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
            if (got <= 0) return;
            deliver(buffer.data(), static_cast<size_t>(got));
        }
    } catch (const Poco::Exception&) {
        // A connection that breaks is one that ends.
    }
}

}  // namespace slipway::cli
