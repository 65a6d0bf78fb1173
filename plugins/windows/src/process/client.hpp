// plugins/windows/src/process/client.hpp - one attached client.
#pragma once

#include <slipway/stdio.h>
#include <sys/stream.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace slipway::windows_backend {

// Where a client's input goes. Runs on the client's thread.
struct InputTarget {
    std::function<void(std::string_view)> write;
    std::function<void()> end;  // the client closed its writing side
};

// Output is written by whoever has it, blocking, so that a client that does not read holds the container's writes up.
// Input is read by a thread of its own. Ended by end() and the destructor.
class Client {
public:
    // `tty` is the container's: without one detach keys mean nothing. The preamble, if asked for, is written first.
    //   kInvalidArgument  unknown flags, multiplexed on a terminal
    static Result<std::shared_ptr<Client>> open(const slw_attach_request& request, bool tty, InputTarget input);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // `stream` is 1 for stdout and 2 for stderr; each has a thread that writes. False once the client is gone.
    bool write(int stream, std::string_view bytes);
    // The client reads end of file after the last byte. Its thread ends.
    void end();
    // Wakes a writer that the client holds up; the client is lost.
    void drop();

private:
    Client(std::unique_ptr<Stream> stream, uint32_t flags, std::string keys, InputTarget input);
    void read_input();
    // The bytes to pass on; true in `detached` when the keys are complete.
    std::string without_keys(std::string_view bytes, bool& detached);

    std::unique_ptr<Stream> stream_;
    std::mutex writing_;  // held for a whole frame, also while the client does not read
    const uint32_t flags_;
    const std::string keys_;
    size_t matched_ = 0;  // of keys_; the input thread's own
    InputTarget input_;
    std::atomic<bool> gone_{false};
    std::thread reader_;
};

}  // namespace slipway::windows_backend
