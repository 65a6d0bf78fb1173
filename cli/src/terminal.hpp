// cli/src/terminal.hpp - moves bytes between the user's terminal and a container.
#pragma once

#include "client.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace slipway::cli {

// Writes everything to stdout (1) or stderr (2); false when nobody reads it any more.
bool write_all(int stream, const char* data, size_t size);

// Puts the terminal into raw mode until it goes out of scope. Does nothing when stdin is no terminal.
class RawTerminal {
public:
    explicit RawTerminal(bool wanted);
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

private:
    struct Saved;
    std::unique_ptr<Saved> saved_;
};

// Rows and columns of the terminal that stdout is; zeros when it is none.
std::pair<int, int> terminal_size();

// Passes bytes both ways until the container closes its side. stdin's end half-closes the connection. In terminal mode,
// `on_resize(rows, cols)` is called at the beginning and whenever the window changes.
void pump(Upgraded& connection, bool with_stdin, bool tty, const std::function<void(int rows, int cols)>& on_resize);

}  // namespace slipway::cli
