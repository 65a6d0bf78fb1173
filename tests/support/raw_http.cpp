#include <support/raw_http.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace slipway::testing {
namespace {

std::string without_chunks(const std::string& body) {
    std::string result;
    for (size_t at = 0; at < body.size();) {
        const size_t end = body.find("\r\n", at);
        if (end == std::string::npos) break;
        const size_t size = std::strtoul(body.c_str() + at, nullptr, 16);
        if (size == 0) break;
        result += body.substr(end + 2, size);
        at = end + 2 + size + 2;
    }
    return result;
}

HttpReply parse(const std::string& text) {
    HttpReply reply;
    const size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos || !text.starts_with("HTTP/1.1 ")) return reply;
    reply.head = text.substr(0, end);
    reply.status = std::atoi(reply.head.c_str() + std::strlen("HTTP/1.1 "));
    reply.body = text.substr(end + 4);
    if (reply.head.find("chunked") != std::string::npos) reply.body = without_chunks(reply.body);
    return reply;
}

}  // namespace

RawRequest::RawRequest(const std::string& socket_path, const std::string& method, const std::string& path,
                       const std::string& body) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path.c_str(), sizeof(address.sun_path) - 1);
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
        hang_up();
        return;
    }
    std::string text = method + " " + path + " HTTP/1.1\r\nHost: d\r\nConnection: close\r\n";
    if (!body.empty()) text += "Content-Type: application/json\r\n";
    if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n" + body;
    if (send(fd_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) hang_up();
}

HttpReply RawRequest::read(std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    std::string text;
    while (fd_ >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd wait{fd_, POLLIN, 0};
        if (left.count() <= 0 || poll(&wait, 1, static_cast<int>(left.count())) != 1) return {};
        char buffer[16384];
        const ssize_t size = recv(fd_, buffer, sizeof(buffer), 0);
        if (size <= 0) break;
        text.append(buffer, static_cast<size_t>(size));
    }
    return parse(text);
}

size_t RawRequest::receive(char* to, size_t size, std::chrono::milliseconds timeout) const {
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(timeout.count())) != 1) return 0;
    const ssize_t got = recv(fd_, to, size, 0);
    return got > 0 ? static_cast<size_t>(got) : 0;
}

void RawRequest::hang_up() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace slipway::testing
