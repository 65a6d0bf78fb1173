#include "terminal.hpp"

#include "streams.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace slipway::cli {
namespace {

volatile sig_atomic_t window_changed = 1;  // once at the beginning

void on_window_change(int) {
    window_changed = 1;
}

void report_size(const std::function<void(int, int)>& on_resize) {
    window_changed = 0;
    const auto [rows, columns] = terminal_size();
    if (rows > 0) on_resize(rows, columns);
}

}  // namespace

bool write_all(int stream, const char* data, size_t size) {
    while (size > 0) {
        const ssize_t n = write(stream, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        size -= static_cast<size_t>(n);
    }
    return true;
}

struct RawTerminal::Saved {
    termios modes;
};

RawTerminal::RawTerminal(bool wanted) {
    termios modes;
    if (!wanted || tcgetattr(STDIN_FILENO, &modes) != 0) return;
    termios raw = modes;
    cfmakeraw(&raw);
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0) saved_ = std::make_unique<Saved>(Saved{modes});
}

RawTerminal::~RawTerminal() {
    if (saved_) tcsetattr(STDIN_FILENO, TCSANOW, &saved_->modes);
}

std::pair<int, int> terminal_size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {0, 0};
    return {size.ws_row, size.ws_col};
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
