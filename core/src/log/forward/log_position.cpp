#include "log/forward/log_position.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <string>

namespace slipway::core {

namespace {

// Tells a position from the remains of one.
uint64_t check_of(const LogPosition& position) {
    return position.file.length * 3 + position.file.hash * 5 + position.offset * 7 + 11;
}

}  // namespace

std::optional<LogPosition> PositionFile::load() const {
    std::ifstream in(path_, std::ios::binary);
    std::string text;
    std::getline(in, text);
    LogPosition position;
    uint64_t check = 0;
    const int count = std::sscanf(text.c_str(), "%16" SCNx64 " %16" SCNx64 " %16" SCNx64 " %16" SCNx64,
                                  &position.file.length, &position.file.hash, &position.offset, &check);
    if (count != 4 || check != check_of(position)) return std::nullopt;
    return position;
}

Status PositionFile::save(const LogPosition& position) {
    if (!stream_.is_open()) {
        // Not truncated: what is there stays until it is replaced by something of the same size.
        stream_.open(path_, std::ios::binary | std::ios::in | std::ios::out);
        if (!stream_.is_open()) stream_.open(path_, std::ios::binary | std::ios::out);
    }
    std::array<char, 80> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n",
                      position.file.length, position.file.hash, position.offset, check_of(position));
    stream_.clear();
    stream_.seekp(0);
    stream_.write(text.data(), size);
    stream_.flush();
    if (stream_) return ok();
    stream_.close();
    return Error(ErrorCode::kSystem, "write '" + path_.string() + "' failed").with_resource(path_.string());
}

}  // namespace slipway::core
