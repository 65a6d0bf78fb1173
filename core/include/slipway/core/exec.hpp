// core/include/slipway/core/exec.hpp - further processes in running containers ("docker exec"), as the engine knows
// them. They are not stored: an exec is forgotten when its container ends, and when the daemon does.
#pragma once

#include <slipway/core/clock.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace slipway::core {

// What was asked for when it was created.
struct ExecConfig {
    std::vector<std::string> command;
    std::vector<std::string> env;  // added to the container's
    std::string user;              // empty: the container's
    std::string working_dir;       // empty: the container's
    std::string detach_keys;       // raw bytes, for a client on a terminal
    bool tty = false;
    bool privileged = false;
    bool attach_stdin = false, attach_stdout = false, attach_stderr = false;
    uint16_t rows = 0, cols = 0;  // of the terminal; 0: 24x80
};

struct StartExec {
    bool detach = false;          // nobody gets its output
    uint16_t rows = 0, cols = 0;  // replace those of the configuration unless 0
    int64_t stream_handle = -1;   // connected socket; borrowed, duplicated before start_exec() returns
    std::string early_input;      // bytes already read from the client beyond the request
    // Called once nothing but the start itself can fail any more; the API sends its response head there, so what fails
    // afterwards is told on the stream. Answers false when the client has gone. May be empty.
    std::function<bool()> accepted;
};

enum class ExecState { kCreated, kRunning, kExited };

struct ExecInfo {
    std::string id;
    std::string container_id;
    ExecConfig config;
    ExecState state = ExecState::kCreated;
    int64_t pid = 0;        // 0 unless running
    int32_t exit_code = 0;  // valid when exited
    UnixNanos finished_at = 0;
};

}  // namespace slipway::core
