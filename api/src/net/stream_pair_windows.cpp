#include "net/stream_pair.hpp"

#include <utility>

namespace slipway::api {

Result<StreamPair> StreamPair::make() {
    return Error(ErrorCode::kUnimplemented, "not implemented on Windows: attaching over a web socket");
}

StreamPair::StreamPair(StreamPair&& other) noexcept
    : near_(std::exchange(other.near_, SLW_NO_HANDLE)), far_(std::exchange(other.far_, SLW_NO_HANDLE)) {}

StreamPair::~StreamPair() = default;

void StreamPair::close_far_end() {}

int64_t StreamPair::read(void*, size_t) const {
    return -1;
}

bool StreamPair::write(std::string_view, const std::function<bool()>&) const {
    return false;
}

void StreamPair::cut() const {}

}  // namespace slipway::api
