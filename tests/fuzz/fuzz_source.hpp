// tests/fuzz/fuzz_source.hpp - the bytes of a fuzz target's input as a stream that the ABI reads from.
#pragma once

#include <slipway/base.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace slipway::fuzz {

// Points into the fuzzer's buffer; use it within one call of the target.
class FuzzSource {
public:
    FuzzSource(const uint8_t* data, size_t size) : data_(data), left_(size) {}

    // Reads on from where this object is, so it must stay where it is.
    slw_source source() { return {sizeof(slw_source), 0, this, &read}; }

private:
    static int64_t read(void* ctx, void* buffer, uint64_t capacity) {
        auto* const self = static_cast<FuzzSource*>(ctx);
        const size_t n = std::min<size_t>(self->left_, capacity);
        std::memcpy(buffer, self->data_, n);
        self->data_ += n;
        self->left_ -= n;
        return static_cast<int64_t>(n);
    }

    const uint8_t* data_;
    size_t left_;
};

}  // namespace slipway::fuzz
