// core/src/log/forward/log_position.hpp - a place in a log that rotates, and the file that keeps it.
#pragma once

#include "log/log_file.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>

namespace slipway::core {

// Behind a record, in the file that begins with a certain line, whatever its name is by now.
struct LogPosition {
    LogSignature file;
    uint64_t offset = 0;
    friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

// One position, written in place: cheap enough for every batch, and whole for whoever reads it after the writer was
// killed, because a single write of that size is.
class PositionFile {
public:
    explicit PositionFile(std::filesystem::path path) : path_(std::move(path)) {}

    // nullopt when there is none, or none that can be read.
    std::optional<LogPosition> load() const;
    // kSystem; the position kept before stays then, or none.
    Status save(const LogPosition& position);

private:
    const std::filesystem::path path_;
    std::ofstream stream_;
};

}  // namespace slipway::core
