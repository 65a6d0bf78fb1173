// tests/support/process.hpp - runs programs for tests: with a time limit, byte-exact pipes, or on a terminal.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace slipway::testing {

struct RunResult {
    int exit_code = -1;  // 128 + signal when killed by one; -1 when it could not be started
    bool timed_out = false;
    std::string out, err;
};

struct RunOptions {
    std::string input;                          // written to stdin, which is then closed
    std::chrono::milliseconds timeout{60'000};  // the program is killed after it
    std::vector<std::string> environment;       // "K=V", added to ours
};

// Runs argv[0] (searched in PATH) to its end.
RunResult run(const std::vector<std::string>& argv, const RunOptions& options = {});

// A program in the background with its output in files of the test's own; killed when it goes out of scope.
class Background {
public:
    // `output` receives stdout and stderr; "/dev/null" to drop them.
    static Background start(const std::vector<std::string>& argv, const std::string& output,
                            const std::vector<std::string>& environment = {});
    Background(Background&& other) noexcept;
    Background& operator=(Background&& other) noexcept;
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background();

    pid_t pid() const { return pid_; }
    bool running();
    void signal(int signum) const;
    // Waits for its end; nullopt after `timeout`.
    std::optional<int> wait(std::chrono::milliseconds timeout);

private:
    explicit Background(pid_t pid) : pid_(pid) {}
    pid_t pid_ = -1;
    std::optional<int> status_;
};

// A program on a pseudo terminal, as a person would use it.
class Terminal {
public:
    static Terminal start(const std::vector<std::string>& argv, unsigned short rows, unsigned short cols,
                          const std::vector<std::string>& environment = {});
    Terminal(Terminal&& other) noexcept;
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal();

    void type(const std::string& keys) const;
    void resize(unsigned short rows, unsigned short cols) const;
    // Reads until `text` was seen; false after `timeout`. What was read so far is in screen().
    bool expect(const std::string& text, std::chrono::milliseconds timeout = std::chrono::milliseconds(10'000));
    const std::string& screen() const { return screen_; }
    void forget() { screen_.clear(); }
    std::optional<int> wait(std::chrono::milliseconds timeout);

private:
    Terminal(pid_t pid, int master) : pid_(pid), master_(master) {}
    pid_t pid_;
    int master_;
    std::string screen_;
    std::optional<int> status_;
};

// Polls `done` every 20 ms until it is true; false after `timeout`.
template <class Condition>
bool eventually(Condition&& done, std::chrono::milliseconds timeout = std::chrono::milliseconds(10'000));

// The whole of a small file; empty when it cannot be read.
std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

}  // namespace slipway::testing

#include <thread>

namespace slipway::testing {

template <class Condition>
bool eventually(Condition&& done, std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace slipway::testing
