// slipway_supervisor/log_record.hpp - one record of Docker's json-file log:
//
//   {"log":"text\n","stream":"stdout","attrs":{"tag":"web"},"time":"2026-01-02T03:04:05.123456789Z"}
//
// with "attrs" only when there are any. Control characters, quotes, backslashes and < > & are escaped as Docker's
// writer does; bytes that are not UTF-8 become U+FFFD. The encoder writes through a sink `void(const char*, size_t)`
// and needs no memory of its own.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

namespace slipway::supervisor {

// A line longer than this is split into several records, all but the last without a newline.
constexpr size_t kLogLineBytes = 16 * 1024;

// Length of the UTF-8 sequence at `text`, 0 when there is none: stray, overlong, surrogate, above U+10FFFF or cut off.
inline size_t utf8_length(const unsigned char* text, size_t size) {
    const unsigned char lead = text[0];
    if (lead < 0x80) return 1;
    size_t length = 0;
    unsigned char low = 0x80, high = 0xbf;  // of the second byte
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0) low = 0xa0;
        if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;
    }
    if (length == 0 || length > size || text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i < length; ++i) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return length;
}

// Writes `bytes` as the inside of a JSON string.
template <class Sink>
void write_json_escaped(const char* bytes, size_t size, Sink&& sink) {
    static const char kHex[] = "0123456789abcdef";
    const auto* text = reinterpret_cast<const unsigned char*>(bytes);
    size_t clean = 0;  // start of what needs no change
    size_t i = 0;
    const auto replace = [&](size_t length, const char* with, size_t with_size) {
        if (i > clean) sink(bytes + clean, i - clean);
        sink(with, with_size);
        i += length;
        clean = i;
    };
    while (i < size) {
        const unsigned char c = text[i];
        if (c == '"') {
            replace(1, "\\\"", 2);
        } else if (c == '\\') {
            replace(1, "\\\\", 2);
        } else if (c == '\n') {
            replace(1, "\\n", 2);
        } else if (c == '\r') {
            replace(1, "\\r", 2);
        } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
            const char escape[6] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
            replace(1, escape, 6);
        } else if (c < 0x80) {
            ++i;
        } else if (const size_t length = utf8_length(text + i, size - i); length == 0) {
            replace(1, "\\ufffd", 6);
        } else if (length == 3 && c == 0xe2 && text[i + 1] == 0x80 && (text[i + 2] & ~1u) == 0xa8) {
            replace(3, (text[i + 2] & 1) != 0 ? "\\u2029" : "\\u2028", 6);  // line separators break JavaScript readers
        } else {
            i += length;
        }
    }
    if (size > clean) sink(bytes + clean, size - clean);
}

constexpr size_t kTimestampBytes = 30;  // "2026-01-02T03:04:05.123456789Z"

// UTC, always nine digits of fraction. Own arithmetic (Howard Hinnant's civil calendar) instead of gmtime, which would
// pull in time zone files.
inline void format_timestamp(int64_t unix_ns, char (&out)[kTimestampBytes]) {
    constexpr int64_t kSecond = 1'000'000'000;
    int64_t seconds = unix_ns / kSecond;
    int64_t fraction = unix_ns % kSecond;
    if (fraction < 0) {
        fraction += kSecond;
        --seconds;
    }
    int64_t days = seconds / 86400;
    int64_t rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        --days;
    }
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    const int64_t day = doy - (153 * mp + 2) / 5 + 1;
    const int64_t month = mp < 10 ? mp + 3 : mp - 9;
    const int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);

    const auto digits = [&out](size_t at, size_t count, int64_t value) {
        for (size_t i = count; i-- > 0; value /= 10) out[at + i] = static_cast<char>('0' + value % 10);
    };
    digits(0, 4, year);
    out[4] = '-';
    digits(5, 2, month);
    out[7] = '-';
    digits(8, 2, day);
    out[10] = 'T';
    digits(11, 2, rest / 3600);
    out[13] = ':';
    digits(14, 2, rest / 60 % 60);
    out[16] = ':';
    digits(17, 2, rest % 60);
    out[19] = '.';
    digits(20, 9, fraction);
    out[29] = 'Z';
}

struct LogRecord {
    const char* line = nullptr;
    size_t size = 0;
    bool newline = false;  // the line ended here; a split line's earlier parts have none
    bool is_stderr = false;
    const char* attributes = nullptr;  // a JSON object, written as it is
    size_t attributes_size = 0;        // 0: none
    int64_t unix_ns = 0;
};

template <class Sink>
void write_log_record(const LogRecord& record, Sink&& sink) {
    char time[kTimestampBytes];
    format_timestamp(record.unix_ns, time);
    sink("{\"log\":\"", size_t{8});
    write_json_escaped(record.line, record.size, sink);
    if (record.newline) sink("\\n", size_t{2});
    sink(record.is_stderr ? "\",\"stream\":\"stderr\"" : "\",\"stream\":\"stdout\"", size_t{19});
    if (record.attributes_size > 0) {
        sink(",\"attrs\":", size_t{9});
        sink(record.attributes, record.attributes_size);
    }
    sink(",\"time\":\"", size_t{9});
    sink(static_cast<const char*>(time), kTimestampBytes);
    sink("\"}\n", size_t{3});
}

// Cuts a stream of bytes into lines of at most kLogLineBytes and hands each to `emit(const char*, size_t, bool
// newline)`.
class LineSplitter {
public:
    // `buffer` has kLogLineBytes bytes. It is touched only when a line arrives in pieces.
    explicit LineSplitter(char* buffer = nullptr) : line_(buffer) {}

    template <class Emit>
    void feed(const char* bytes, size_t size, Emit&& emit) {
        while (size > 0) {
            size_t take = 0;
            while (take < size && bytes[take] != '\n') ++take;
            const bool newline = take < size;
            // Whole lines need no copy.
            if (newline && held_ == 0 && take <= kLogLineBytes) {
                emit(bytes, take, true);
            } else {
                append(bytes, take, emit);
                if (newline) {
                    emit(const_cast<const char*>(line_), held_, true);
                    held_ = 0;
                }
            }
            const size_t used = take + (newline ? 1 : 0);
            bytes += used;
            size -= used;
        }
    }

    // The stream ended; what has no newline is a record without one.
    template <class Emit>
    void finish(Emit&& emit) {
        if (held_ > 0) emit(const_cast<const char*>(line_), held_, false);
        held_ = 0;
    }

private:
    template <class Emit>
    void append(const char* bytes, size_t size, Emit&& emit) {
        while (size > 0) {
            const size_t room = kLogLineBytes - held_;
            const size_t part = size < room ? size : room;
            for (size_t i = 0; i < part; ++i) line_[held_ + i] = bytes[i];
            held_ += part;
            bytes += part;
            size -= part;
            if (held_ == kLogLineBytes) {
                emit(const_cast<const char*>(line_), held_, false);
                held_ = 0;
            }
        }
    }

    size_t held_ = 0;
    char* line_;
};

}  // namespace slipway::supervisor
