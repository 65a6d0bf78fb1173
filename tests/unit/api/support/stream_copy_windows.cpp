#include "support/stream_copy.hpp"

#include <slipway/core/overlapped.hpp>

namespace slipway::test {

namespace overlapped = core::overlapped;

StreamCopy::StreamCopy(slw_os_handle of) : handle_(overlapped::duplicate(of).value()) {}

StreamCopy::~StreamCopy() {
    if (handle_ != SLW_NO_HANDLE) overlapped::close(handle_);
}

bool StreamCopy::send(std::string_view bytes) const {
    return overlapped::write(handle_, bytes, overlapped::kNoDeadline) == overlapped::Outcome::kDone;
}

std::string StreamCopy::receive(size_t count) const {
    std::string bytes(count, '\0');
    size_t total = 0;
    for (size_t got = 0; total < count; total += got) {
        const auto outcome =
            overlapped::read(handle_, bytes.data() + total, count - total, overlapped::kNoDeadline, got);
        if (outcome != overlapped::Outcome::kDone) break;
    }
    bytes.resize(total);
    return bytes;
}

}  // namespace slipway::test
