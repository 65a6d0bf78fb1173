// plugins/windows/src/layers/file_time.hpp - times of files: 100 ns since 1601 on Windows, seconds since 1970 with
// decimals in a tar stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace slipway::windows_backend {

// What Windows calls FILE_BASIC_INFO. A time of 0 means: leave it as it is.
struct BasicInfo {
    int64_t creation = 0;
    int64_t access = 0;
    int64_t write = 0;
    int64_t change = 0;
    uint32_t attributes = 0;  // FILE_ATTRIBUTE_*

    bool operator==(const BasicInfo&) const = default;
};

constexpr uint32_t kAttributeReadOnly = 0x1;
constexpr uint32_t kAttributeDirectory = 0x10;
constexpr uint32_t kAttributeArchive = 0x20;
constexpr uint32_t kAttributeNormal = 0x80;
constexpr uint32_t kAttributeReparsePoint = 0x400;

// Nothing outside the years 1601 to 30827.
std::optional<int64_t> file_time_of_seconds(int64_t seconds, uint32_t nanoseconds = 0);
// "1465332245.1234567"; what is finer than 100 ns is dropped. Nothing when it is no such text.
std::optional<int64_t> file_time_of_pax(const std::string& text);
std::string pax_of_file_time(int64_t time);

// Whole seconds since 1970, rounded down, and the rest in units of 100 ns.
struct UnixTime {
    int64_t seconds;
    uint32_t ticks;
};
UnixTime unix_time_of(int64_t file_time);

}  // namespace slipway::windows_backend
