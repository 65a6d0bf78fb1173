// log_writer.hpp - the json-file log: buffered records, rotation by size. One per process: its buffers are static,
// apart from what is always in use, so that pages nobody needs are never touched.
//
// A full disk loses log records, never the container: what cannot be written is dropped and counted, and what is
// written next begins with a record that says so (see put_loss()). A record that was cut in the middle stays in the
// file as a line of its own that no reader takes for a record; it is never cut off, because somebody may be reading.
#pragma once

#include <slipway_supervisor/log_record.hpp>

#include <stddef.h>
#include <stdint.h>

namespace slipway::supervisor {

class LogWriter {
public:
    // Opens `name` in `directory` for appending. `attributes` is a JSON object for every record, or empty; at most
    // kLogAttributesBytes are copied. False with errno. Not opened: everything is dropped.
    bool open(int directory, const char* name, uint64_t max_bytes, uint32_t max_files, const char* attributes);

    // Bytes of one stream, 0 for stdout and 1 for stderr.
    void write(unsigned stream, const char* bytes, size_t size);
    void finish(unsigned stream);
    // Hands everything to the kernel. Called whenever the loop is about to wait, so that no reader sees old news.
    void flush();
    // The last flush: says what was lost even when nothing follows.
    void end();

private:
    // What is written besides records: a line's end, and the four parts of a record about what was lost.
    struct Preamble;

    bool opened() const { return directory_ >= 0; }
    void record(unsigned stream, const char* line, size_t size, bool newline);
    void append(const char* bytes, size_t size);
    void put_loss(Preamble& preamble) const;
    void put(bool loss_alone);
    void count_lost(size_t done, int error);
    void rotate();
    void shift() const;
    bool reopen(int extra_flags);

    int directory_ = -1;
    int file_ = -1;
    uint64_t max_bytes_ = 0;
    uint64_t written_ = 0;  // bytes in the current file, buffered ones included
    uint32_t max_files_ = 1;
    size_t buffered_ = 0;
    size_t attributes_size_ = 0;
    uint64_t lost_records_ = 0, lost_bytes_ = 0;  // since the last record that said so
    int lost_error_ = 0;
    bool torn_ = false;       // the file ends within a record whose rest will never come
    bool continues_ = false;  // the file ends within a record whose rest is at the front of the buffer
    bool skips_ = false;      // the beginning of the record being put together was lost: its rest is dropped
    char name_[256] = {};
    LineSplitter lines_[2];
};

}  // namespace slipway::supervisor
