#include "streams.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace slipway::cli {
namespace {

termios saved_terminal;
volatile sig_atomic_t window_changed = 1;  // once at the beginning

void on_window_change(int) {
    window_changed = 1;
}

void report_size(const std::function<void(int, int)>& on_resize) {
    window_changed = 0;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) on_resize(size.ws_row, size.ws_col);
}

}  // namespace

void Demultiplexer::feed(const char* data, size_t size) {
    while (size > 0) {
        if (left_ == 0) {
            const size_t take = std::min(size, 8 - header_.size());
            header_.append(data, take);
            data += take;
            size -= take;
            if (header_.size() < 8) return;
            const auto* bytes = reinterpret_cast<const unsigned char*>(header_.data());
            stream_ = bytes[0] == 2 ? 2 : 1;
            left_ = size_t{bytes[4]} << 24 | size_t{bytes[5]} << 16 | size_t{bytes[6]} << 8 | bytes[7];
            header_.clear();
            continue;
        }
        const size_t take = std::min(size, left_);
        sink_(stream_, data, take);
        data += take;
        size -= take;
        left_ -= take;
    }
}

bool write_all(int fd, const char* data, size_t size) {
    while (size > 0) {
        const ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        size -= static_cast<size_t>(n);
    }
    return true;
}

RawTerminal::RawTerminal(bool wanted) {
    if (!wanted || tcgetattr(STDIN_FILENO, &saved_terminal) != 0) return;
    termios raw = saved_terminal;
    cfmakeraw(&raw);
    active_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

RawTerminal::~RawTerminal() {
    if (active_) tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
}

void pump(Upgraded& connection, bool with_stdin, bool tty, const std::function<void(int, int)>& on_resize) {
    Demultiplexer demultiplexer([](int stream, const char* data, size_t size) { write_all(stream, data, size); });
    const auto deliver = [&](const char* data, size_t size) {
        if (connection.multiplexed) {
            demultiplexer.feed(data, size);
        } else {
            write_all(STDOUT_FILENO, data, size);
        }
    };
    const bool follow_window = tty && isatty(STDOUT_FILENO) == 1;
    if (follow_window) {
        struct sigaction action {};
        action.sa_handler = on_window_change;  // without SA_RESTART: poll must wake up
        sigaction(SIGWINCH, &action, nullptr);
    }
    signal(SIGPIPE, SIG_IGN);
    RawTerminal raw(tty && with_stdin && isatty(STDIN_FILENO) == 1);

    deliver(connection.early.data(), connection.early.size());
    const int remote = connection.socket.impl()->sockfd();
    bool input_open = with_stdin;
    char buffer[65536];
    for (;;) {
        if (follow_window && window_changed != 0) report_size(on_resize);
        pollfd fds[2] = {{remote, POLLIN, 0}, {input_open ? STDIN_FILENO : -1, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return;
        }
        if (fds[0].revents != 0) {
            const ssize_t n = recv(remote, buffer, sizeof(buffer), 0);
            if (n <= 0) return;
            deliver(buffer, static_cast<size_t>(n));
        }
        if (fds[1].revents != 0) {
            const ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));
            if (n <= 0 || !write_all(remote, buffer, static_cast<size_t>(n))) {
                shutdown(remote, SHUT_WR);
                input_open = false;
            }
        }
    }
}

}  // namespace slipway::cli
