// tests/windows/machine.hpp - what these tests ask the operating system. One file per system.
#pragma once

#include <slipway/slipway.h>

#include <chrono>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// Two ends of a connection: one for the backend, one for the test.
class Connection {
public:
    Connection();
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    slw_os_handle there() const { return there_; }
    void send(const std::string& bytes) const;
    void end_writing() const;
    // Until end of file or the limit.
    std::string read_all(std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

private:
    slw_os_handle here_ = -1, there_ = -1;
};

// A new directory; empty when none can be made.
std::string new_directory();

// A new file that nobody can remove while this lives.
class LastingFile {
public:
    explicit LastingFile(const std::string& path);
    ~LastingFile();
    LastingFile(const LastingFile&) = delete;
    LastingFile& operator=(const LastingFile&) = delete;

    bool works() const { return works_; }  // false: this machine has no such files

private:
    slw_os_handle file_ = -1;
    bool works_ = false;
};

// slipway-test-command with these steps (tests/fixtures/command).
std::vector<std::string> does(const std::vector<std::string>& steps);

}  // namespace slipway::windows_backend
