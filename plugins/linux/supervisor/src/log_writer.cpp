#include "log_writer.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.hpp"

namespace slipway::supervisor {

LogWriter g_log;

namespace {

constexpr size_t kBufferBytes = 32 * 1024;
char g_records[kBufferBytes];
char g_lines[2][kLogLineBytes];

}  // namespace

bool LogWriter::open(int directory, const char* name, uint64_t max_bytes, uint32_t max_files) {
    if (strlen(name) + 12 > sizeof(name_)) {  // room for ".4294967295"
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(name_, name, strlen(name) + 1);
    directory_ = directory;
    lines_[0] = LineSplitter(g_lines[0]);
    lines_[1] = LineSplitter(g_lines[1]);
    max_bytes_ = max_bytes;
    max_files_ = max_files == 0 ? 1 : max_files;
    return reopen(0);
}

bool LogWriter::reopen(int extra_flags) {
    file_ = openat(directory_, name_, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | extra_flags, 0640);
    struct stat info {};
    written_ = file_ >= 0 && fstat(file_, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
    return file_ >= 0;
}

void LogWriter::write(unsigned stream, const char* bytes, size_t size) {
    if (file_ < 0) return;
    lines_[stream].feed(bytes, size,
                        [&](const char* line, size_t length, bool newline) { record(stream, line, length, newline); });
}

void LogWriter::finish(unsigned stream) {
    if (file_ < 0) return;
    lines_[stream].finish(
        [&](const char* line, size_t length, bool newline) { record(stream, line, length, newline); });
}

void LogWriter::record(unsigned stream, const char* line, size_t size, bool newline) {
    const int64_t now = unix_now_ns();
    if (max_bytes_ > 0) {
        // A first pass measures, so that the file never passes its limit by more than a single record's first.
        size_t length = 0;
        write_log_record(line, size, newline, stream == 1, now, [&](const char*, size_t part) { length += part; });
        if (written_ > 0 && written_ + length > max_bytes_) rotate();
        if (file_ < 0) return;
    }
    write_log_record(line, size, newline, stream == 1, now,
                     [this](const char* bytes, size_t part) { append(bytes, part); });
}

void LogWriter::append(const char* bytes, size_t size) {
    written_ += size;
    while (size > 0) {
        if (buffered_ == kBufferBytes) flush();
        const size_t room = kBufferBytes - buffered_;
        const size_t part = size < room ? size : room;
        memcpy(g_records + buffered_, bytes, part);
        buffered_ += part;
        bytes += part;
        size -= part;
    }
}

// A full disk loses log records, never the container: what cannot be written is dropped.
void LogWriter::flush() {
    size_t done = 0;
    while (done < buffered_) {
        const ssize_t wrote = ::write(file_, g_records + done, buffered_ - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) break;
        done += static_cast<size_t>(wrote);
    }
    buffered_ = 0;
}

// name.N-1 -> name.N, ..., name -> name.1, a new name. The oldest falls off the end.
void LogWriter::rotate() {
    flush();
    close(file_);
    if (max_files_ == 1) {
        reopen(O_TRUNC);
        return;
    }
    for (uint32_t number = max_files_ - 1; number >= 1; --number) {
        FixedText<sizeof(name_)> from;
        FixedText<sizeof(name_)> to;
        from.add(name_);
        if (number > 1) from.add(".").add_number(number - 1);
        to.add(name_).add(".").add_number(number);
        (void)renameat(directory_, from.get(), directory_, to.get());  // missing ones are the normal case at first
    }
    reopen(O_TRUNC);
}

}  // namespace slipway::supervisor
