#include "support/connection.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <algorithm>

namespace slipway::test {
namespace {

#if defined(MSG_NOSIGNAL)
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;
#endif

}  // namespace

Connection::Connection(const std::string& address)
    : socket_(std::make_unique<Poco::Net::StreamSocket>(Poco::Net::SocketAddress(address))) {
    socket_->setReceiveTimeout(Poco::Timespan(10, 0));
}

Connection::~Connection() = default;

void Connection::send(std::string_view bytes) {
    try {
        while (!bytes.empty()) {
            const int sent = socket_->sendBytes(bytes.data(), static_cast<int>(bytes.size()), kSendFlags);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
    } catch (const Poco::Exception&) {
        return;
    }
}

void Connection::end_writing() {
    socket_->shutdownSend();
}

size_t Connection::receive(void* to, size_t capacity) {
    try {
        return static_cast<size_t>(std::max(socket_->receiveBytes(to, static_cast<int>(capacity)), 0));
    } catch (const Poco::Exception&) {
        return 0;
    }
}

}  // namespace slipway::test
