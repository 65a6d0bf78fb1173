// plugins/windows/src/process/log_writer.hpp - the json-file log of a container, as Docker writes it.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace slipway::windows_backend {

struct LogTarget {
    std::string path;  // absolute; its parent exists. Empty: no log
    uint64_t max_bytes = 0;
    uint32_t max_files = 1;
    std::string attributes = {};  // a JSON object that each record carries; empty: none
};

// One record per line, {"log":"...\n","stream":"stdout","attrs":{...},"time":"..."}; lines beyond 16 KiB are split. A
// full disk loses records, never the container. Safe on any thread.
class LogWriter {
public:
    // kInvalidArgument when the attributes are no JSON object, kSystem when the file cannot be opened.
    static Result<std::unique_ptr<LogWriter>> open(LogTarget target);

    // `stream` is 1 for stdout and 2 for stderr.
    void write(int stream, std::string_view bytes);
    // The rest of lines without an end.
    void finish();

private:
    LogWriter(LogTarget target, nlohmann::ordered_json attributes)
        : target_(std::move(target)), attributes_(std::move(attributes)) {}
    void record(int stream, std::string_view line);
    void rotate();

    std::mutex mutex_;
    const LogTarget target_;
    nlohmann::ordered_json attributes_;
    std::ofstream file_;  // guarded by mutex_, as is all below
    uint64_t written_ = 0;
    std::string rest_[2];
};

}  // namespace slipway::windows_backend
