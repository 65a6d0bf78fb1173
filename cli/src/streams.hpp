// cli/src/streams.hpp - moves bytes between the user's terminal and a container.
#pragma once

#include "client.hpp"

#include <functional>
#include <string>

namespace slipway::cli {

// Takes Docker's multiplexed stream apart: frames of {1 or 2, 0, 0, 0, 32-bit big-endian size} and that many bytes.
class Demultiplexer {
public:
    // `sink(stream, data, size)`: stream 1 is stdout, 2 stderr.
    using Sink = std::function<void(int, const char*, size_t)>;
    explicit Demultiplexer(Sink sink) : sink_(std::move(sink)) {}
    void feed(const char* data, size_t size);

private:
    Sink sink_;
    std::string header_;
    size_t left_ = 0;  // of the current frame
    int stream_ = 1;
};

// Writes everything to descriptor 1 or 2; false when nobody reads it any more.
bool write_all(int fd, const char* data, size_t size);

// Puts the terminal into raw mode until it goes out of scope. Does nothing when stdin is no terminal.
class RawTerminal {
public:
    explicit RawTerminal(bool wanted);
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

private:
    bool active_ = false;
};

// Passes bytes both ways until the container closes its side. stdin's end half-closes the connection. In terminal mode,
// `on_resize(rows, cols)` is called at the beginning and whenever the window changes.
void pump(Upgraded& connection, bool with_stdin, bool tty, const std::function<void(int rows, int cols)>& on_resize);

}  // namespace slipway::cli
