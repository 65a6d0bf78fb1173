// plugins/windows/src/process/output_hub.hpp - where a process's output goes: the log, a bounded buffer, clients.
#pragma once

#include <process/client.hpp>
#include <process/log_writer.hpp>

#include <mutex>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// Safe on any thread.
class OutputHub {
public:
    OutputHub(std::unique_ptr<LogWriter> log, uint64_t capture_bytes)
        : log_(std::move(log)), capture_bytes_(capture_bytes) {}

    void write(int stream, std::string_view bytes);
    // kConflict once the hub has ended.
    Status add(std::shared_ptr<Client> client);
    std::string captured() const;

    // Wakes writers that a client holds up. Their clients are lost.
    void drop_clients();
    // Writes the log's rest; clients stay.
    void finish_log();
    // Clients read end of file.
    void end();

private:
    std::vector<std::shared_ptr<Client>> clients() const;

    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Client>> clients_;  // guarded by mutex_
    // Clients that left. Their input threads may still wait for the process to read, so nobody who writes its output
    // may wait for them.
    std::vector<std::shared_ptr<Client>> gone_;  // guarded by mutex_
    std::string captured_;                       // guarded by mutex_
    bool ended_ = false;                         // guarded by mutex_
    std::unique_ptr<LogWriter> log_;
    const uint64_t capture_bytes_;
};

}  // namespace slipway::windows_backend
