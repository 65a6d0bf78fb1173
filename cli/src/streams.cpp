#include "streams.hpp"

#include <algorithm>

namespace slipway::cli {

void Demultiplexer::feed(const char* data, size_t size) {
    while (size > 0) {
        if (left_ == 0) {
            const size_t take = std::min(size, 8 - header_.size());
            header_.append(data, take);
            data += take;
            size -= take;
            if (header_.size() < 8) return;
            const auto* bytes = reinterpret_cast<const unsigned char*>(header_.data());
            stream_ = bytes[0] == 2 ? 2 : 1;
            left_ = size_t{bytes[4]} << 24 | size_t{bytes[5]} << 16 | size_t{bytes[6]} << 8 | bytes[7];
            header_.clear();
            continue;
        }
        const size_t take = std::min(size, left_);
        sink_(stream_, data, take);
        data += take;
        size -= take;
        left_ -= take;
    }
}

}  // namespace slipway::cli
