// cli/src/streams.hpp - the streams of a container as they come over HTTP.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace slipway::cli {

// Takes Docker's multiplexed stream apart: frames of {1 or 2, 0, 0, 0, 32-bit big-endian size} and that many bytes.
class Demultiplexer {
public:
    // `sink(stream, data, size)`: stream 1 is stdout, 2 stderr.
    using Sink = std::function<void(int, const char*, size_t)>;
    explicit Demultiplexer(Sink sink) : sink_(std::move(sink)) {}
    void feed(const char* data, size_t size);

private:
    Sink sink_;
    std::string header_;
    size_t left_ = 0;  // of the current frame
    int stream_ = 1;
};

}  // namespace slipway::cli
