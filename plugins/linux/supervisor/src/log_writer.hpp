// log_writer.hpp - the json-file log: buffered records, rotation by size. One per process: its buffers are static,
// apart from what is always in use, so that pages nobody needs are never touched.
#pragma once

#include <slipway_supervisor/log_record.hpp>

#include <stddef.h>
#include <stdint.h>

namespace slipway::supervisor {

class LogWriter {
public:
    // Opens `name` in `directory` for appending. False with errno. Not opened: everything is dropped.
    bool open(int directory, const char* name, uint64_t max_bytes, uint32_t max_files);

    // Bytes of one stream, 0 for stdout and 1 for stderr.
    void write(unsigned stream, const char* bytes, size_t size);
    void finish(unsigned stream);
    // Hands everything to the kernel. Called whenever the loop is about to wait, so that no reader sees old news.
    void flush();

private:
    void record(unsigned stream, const char* line, size_t size, bool newline);
    void append(const char* bytes, size_t size);
    void rotate();
    bool reopen(int extra_flags);

    int directory_ = -1;
    int file_ = -1;
    uint64_t max_bytes_ = 0;
    uint64_t written_ = 0;  // bytes in the current file, buffered ones included
    uint32_t max_files_ = 1;
    size_t buffered_ = 0;
    char name_[256] = {};
    LineSplitter lines_[2];
};

}  // namespace slipway::supervisor
