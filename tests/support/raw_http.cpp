#include <support/raw_http.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
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

// -1: nobody there.
int connected(const std::string& socket_name) {
    sockaddr_un local{};
    sockaddr_in loopback{};
    const bool is_path = socket_name.starts_with('/');
    if (is_path) {
        local.sun_family = AF_UNIX;
        std::strncpy(local.sun_path, socket_name.c_str(), sizeof(local.sun_path) - 1);
    } else {
        const size_t colon = socket_name.find(':');
        loopback.sin_family = AF_INET;
        loopback.sin_addr.s_addr = inet_addr(socket_name.substr(0, colon).c_str());
        loopback.sin_port = htons(static_cast<uint16_t>(std::atoi(socket_name.c_str() + colon + 1)));
    }
    const int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int failed = is_path ? connect(fd, reinterpret_cast<sockaddr*>(&local), sizeof(local))
                               : connect(fd, reinterpret_cast<sockaddr*>(&loopback), sizeof(loopback));
    if (failed == 0) return fd;
    close(fd);
    return -1;
}

}  // namespace

RawRequest::RawRequest(const std::string& socket_name, const std::string& method, const std::string& path,
                       const std::string& body)
    : fd_(connected(socket_name)) {
    if (fd_ < 0) return;
    const std::string host = socket_name.starts_with('/') ? "d" : socket_name;
    std::string text = method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n";
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
