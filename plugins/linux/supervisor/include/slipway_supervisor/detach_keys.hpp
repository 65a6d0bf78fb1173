// slipway_supervisor/detach_keys.hpp - recognises the key sequence with which a terminal client leaves.
#pragma once

#include <slipway_supervisor/control.hpp>

#include <string.h>

namespace slipway::supervisor {

// Bytes that might belong to the sequence are held back until it is complete or broken; then they pass.
class DetachKeys {
public:
    void set(const char* keys, size_t size) {
        size_ = size <= kMaxDetachKeys ? size : 0;
        memcpy(keys_, keys, size_);
        matched_ = 0;
    }

    // Copies what may pass from `in` to `out`, which has room for size + kMaxDetachKeys bytes, and stores how many in
    // `*passed`. True when the sequence was completed; the rest of the input is then dropped.
    bool filter(const char* in, size_t size, char* out, size_t* passed) {
        size_t count = 0;
        for (size_t i = 0; i < size; ++i) {
            if (size_ == 0) {
                out[count++] = in[i];
                continue;
            }
            if (in[i] != keys_[matched_] && matched_ > 0) {
                memcpy(out + count, keys_, matched_);
                count += matched_;
                matched_ = 0;
            }
            if (in[i] != keys_[matched_]) {
                out[count++] = in[i];
            } else if (++matched_ == size_) {
                matched_ = 0;
                *passed = count;
                return true;
            }
        }
        *passed = count;
        return false;
    }

private:
    size_t size_ = 0;
    size_t matched_ = 0;
    char keys_[kMaxDetachKeys] = {};
};

}  // namespace slipway::supervisor
