#include "support/stream_copy.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace slipway::test {

StreamCopy::StreamCopy(slw_os_handle of) : handle_(::dup(static_cast<int>(of))) {}

StreamCopy::~StreamCopy() {
    if (handle_ != SLW_NO_HANDLE) ::close(static_cast<int>(handle_));
}

bool StreamCopy::send(std::string_view bytes) const {
    return ::send(static_cast<int>(handle_), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

std::string StreamCopy::receive(size_t count) const {
    std::string bytes(count, '\0');
    const ssize_t got = ::recv(static_cast<int>(handle_), bytes.data(), count, MSG_WAITALL);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
}

}  // namespace slipway::test
