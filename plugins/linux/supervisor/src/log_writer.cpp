#include "log_writer.hpp"

#include <slipway_supervisor/plan.hpp>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys.hpp"

namespace slipway::supervisor {

LogWriter g_log;

namespace {

constexpr size_t kBufferBytes = 32 * 1024;
char g_records[kBufferBytes];
char g_lines[2][kLogLineBytes];
char g_attributes[kLogAttributesBytes];

size_t count_lines(const char* bytes, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; ++i) count += bytes[i] == '\n' ? 1 : 0;
    return count;
}

}  // namespace

struct LogWriter::Preamble {
    FixedText<384> head;  // up to the members of "attrs" that say how much is missing
    FixedText<64> tail;   // from behind "attrs"
    iovec parts[4];
    int count = 0;
    size_t size = 0;

    void add(const char* bytes, size_t length) {
        parts[count++] = {const_cast<char*>(bytes), length};
        size += length;
    }
};

bool LogWriter::open(int directory, const char* name, uint64_t max_bytes, uint32_t max_files, const char* attributes) {
    if (strlen(name) + 15 > sizeof(name_)) {  // room for ".4294967295.gz"
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(name_, name, strlen(name) + 1);
    const size_t size = strlen(attributes);
    attributes_size_ = size <= sizeof(g_attributes) ? size : 0;
    memcpy(g_attributes, attributes, attributes_size_);
    directory_ = directory;
    lines_[0] = LineSplitter(g_lines[0]);
    lines_[1] = LineSplitter(g_lines[1]);
    max_bytes_ = max_bytes;
    max_files_ = max_files == 0 ? 1 : max_files;
    if (reopen(0)) return true;
    directory_ = -1;
    return false;
}

// An earlier writer may have been killed within a record, so the end is looked at.
bool LogWriter::reopen(int extra_flags) {
    file_ = openat(directory_, name_, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | extra_flags, 0640);
    struct stat info {};
    written_ = file_ >= 0 && fstat(file_, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
    char last = '\n';
    if (written_ > 0) (void)!pread(file_, &last, 1, static_cast<off_t>(written_ - 1));
    torn_ = last != '\n';
    continues_ = false;
    return file_ >= 0;
}

void LogWriter::write(unsigned stream, const char* bytes, size_t size) {
    if (!opened()) return;
    lines_[stream].feed(bytes, size,
                        [&](const char* line, size_t length, bool newline) { record(stream, line, length, newline); });
}

void LogWriter::finish(unsigned stream) {
    if (!opened()) return;
    lines_[stream].finish(
        [&](const char* line, size_t length, bool newline) { record(stream, line, length, newline); });
}

void LogWriter::record(unsigned stream, const char* line, size_t size, bool newline) {
    const LogRecord record{line, size, newline, stream == 1, g_attributes, attributes_size_, unix_now_ns()};
    if (max_bytes_ > 0) {
        // A first pass measures, so that the file never passes its limit by more than a single record's first.
        size_t length = 0;
        write_log_record(record, [&](const char*, size_t part) { length += part; });
        if (written_ > 0 && written_ + length > max_bytes_) rotate();
    }
    write_log_record(record, [this](const char* bytes, size_t part) { append(bytes, part); });
    if (skips_) ++lost_records_;
    skips_ = false;
}

void LogWriter::append(const char* bytes, size_t size) {
    while (size > 0 && !skips_) {
        if (buffered_ == kBufferBytes) {
            flush();
            continue;  // which may have lost the beginning of this record
        }
        const size_t room = kBufferBytes - buffered_;
        const size_t part = size < room ? size : room;
        memcpy(g_records + buffered_, bytes, part);
        buffered_ += part;
        written_ += part;
        bytes += part;
        size -= part;
    }
    lost_bytes_ += size;
}

void LogWriter::flush() {
    if (buffered_ > 0) put(false);
}

void LogWriter::end() {
    if (opened() && (buffered_ > 0 || lost_records_ > 0)) put(lost_records_ > 0);
}

// The record stands on stderr, where no program's output ends up in a pipe by accident, and carries the numbers for
// programs among its attributes.
void LogWriter::put_loss(Preamble& preamble) const {
    char time[kTimestampBytes];
    format_timestamp(unix_now_ns(), time);
    const auto records = static_cast<int64_t>(lost_records_), bytes = static_cast<int64_t>(lost_bytes_);
    preamble.head.add("{\"log\":\"slipway: ").add_number(records).add(" log records (").add_number(bytes);
    preamble.head.add(" bytes) are missing here: ")
        .add(strerrordesc_np(lost_error_))
        .add("\\n\",\"stream\":\"stderr\"");
    preamble.head.add(",\"attrs\":{\"slipway.lost.records\":\"").add_number(records);
    preamble.head.add("\",\"slipway.lost.bytes\":\"").add_number(bytes).add("\"");
    const bool has_others = attributes_size_ > 2;
    preamble.head.add(has_others ? "," : "}");
    preamble.tail.add(",\"time\":\"").add(time, kTimestampBytes).add("\"}\n");
    preamble.add(preamble.head.get(), preamble.head.size());
    if (has_others) preamble.add(g_attributes + 1, attributes_size_ - 1);
    preamble.add(preamble.tail.get(), preamble.tail.size());
}

// Writes the buffer behind what must stand before it. `loss_alone`: there need not be anything in the buffer.
void LogWriter::put(bool loss_alone) {
    if (file_ < 0) {
        if (!reopen(0)) return count_lost(0, errno);
        written_ += buffered_;
    }
    Preamble preamble;
    if (torn_) preamble.add("\n", 1);
    // Not within a record.
    if (lost_records_ > 0 && !continues_ && (buffered_ > 0 || loss_alone)) put_loss(preamble);
    iovec parts[5];
    for (int i = 0; i < preamble.count; ++i) parts[i] = preamble.parts[i];
    parts[preamble.count] = {g_records, buffered_};
    const int count = preamble.count + 1;
    const size_t total = preamble.size + buffered_;

    size_t done = 0;
    int error = 0;
    char last = '\n';
    for (int i = 0; done < total;) {
        const ssize_t wrote = writev(file_, parts + i, count - i);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            error = wrote < 0 ? errno : ENOSPC;
            break;
        }
        done += static_cast<size_t>(wrote);
        for (auto rest = static_cast<size_t>(wrote); rest > 0;) {
            const size_t part = rest < parts[i].iov_len ? rest : parts[i].iov_len;
            char* const base = static_cast<char*>(parts[i].iov_base);
            if (part > 0) last = base[part - 1];
            parts[i].iov_base = base + part;
            parts[i].iov_len -= part;
            rest -= part;
            if (parts[i].iov_len == 0 && i + 1 < count) ++i;
        }
    }
    written_ += preamble.size;
    if (done >= preamble.size && preamble.size > (torn_ ? 1u : 0u)) lost_records_ = lost_bytes_ = 0;
    if (error == 0) {
        torn_ = false;
        continues_ = last != '\n';
        buffered_ = 0;
        return;
    }
    torn_ = done > 0 ? last != '\n' : torn_ || continues_;
    count_lost(done > preamble.size ? done - preamble.size : 0, error);
}

// Drops what is in the buffer behind its first `done` bytes.
void LogWriter::count_lost(size_t done, int error) {
    lost_error_ = error;
    lost_records_ += count_lines(g_records + done, buffered_ - done);
    lost_bytes_ += buffered_ - done;
    skips_ = buffered_ > 0 && g_records[buffered_ - 1] != '\n';
    buffered_ = 0;
    continues_ = false;
    struct stat info {};
    written_ = file_ >= 0 && fstat(file_, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

// name.N-1 -> name.N, ..., name -> name.1, a new name; "name.N.gz", which others have made of them, likewise. The
// oldest falls off the end. Those others hold the lock for two renames: until then this file grows a little longer.
void LogWriter::rotate() {
    const int lock = openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(lock);
        return;
    }
    flush();
    if (file_ >= 0) close(file_);
    if (max_files_ > 1) shift();
    reopen(O_TRUNC);
    if (lock >= 0) close(lock);
}

// Number by number, so that no reader that goes through the names upwards misses one. Missing ones are the normal case.
void LogWriter::shift() const {
    for (uint32_t number = max_files_ - 1; number >= 1; --number) {
        for (const char* suffix : {"", ".gz"}) {
            FixedText<sizeof(name_)> from;
            FixedText<sizeof(name_)> to;
            from.add(name_);
            if (number > 1) from.add(".").add_number(number - 1).add(suffix);
            to.add(name_).add(".").add_number(number).add(suffix);
            if (number == max_files_ - 1) (void)unlinkat(directory_, to.get(), 0);
            // The current file is never compressed.
            if (number > 1 || *suffix == 0) (void)renameat(directory_, from.get(), directory_, to.get());
        }
    }
}

}  // namespace slipway::supervisor
