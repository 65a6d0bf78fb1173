#include "engine/client_stream.hpp"

#include <slipway/core/overlapped.hpp>

namespace slipway::core {

namespace {
constexpr std::chrono::seconds kWriteTimeout{10};
}

ClientStream& ClientStream::operator=(ClientStream&& other) noexcept {
    if (this != &other) {
        close();
        handle_ = std::exchange(other.handle_, -1);
    }
    return *this;
}

Result<ClientStream> ClientStream::duplicate(int64_t handle) {
    const Result<slw_os_handle> copy = overlapped::duplicate(handle);
    if (!copy) return copy.error();
    return ClientStream(*copy);
}

Status ClientStream::write_all(std::string_view bytes) const {
    switch (overlapped::write(handle_, bytes, overlapped::Clock::now() + kWriteTimeout)) {
        case overlapped::Outcome::kDone:
            return ok();
        case overlapped::Outcome::kTimeout:
            return Error(ErrorCode::kDeadlineExceeded, "the client does not read");
        default:
            return Error(ErrorCode::kSystem, "write to the client: the connection is closed");
    }
}

bool ClientStream::is_peer_gone() const {
    return overlapped::is_peer_gone(handle_, false);
}

void ClientStream::close() {
    if (handle_ != SLW_NO_HANDLE) overlapped::close(std::exchange(handle_, SLW_NO_HANDLE));
}

}  // namespace slipway::core
