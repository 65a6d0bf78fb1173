// tests/support/raw_http.hpp - HTTP without a client program: thousands of requests cost little, and
// a connection may end when the test wants it to.
#pragma once

#include <chrono>
#include <string>

namespace slipway::testing {

struct HttpReply {
    int status = 0;  // 0: the connection ended without an answer, or `timeout` passed
    std::string head, body;
    bool ok() const { return status >= 200 && status < 300; }
};

class RawRequest {
public:
    // Connects and sends; `socket` is the path of a unix socket, or ADDRESS:PORT; `body` is JSON, empty for none.
    RawRequest(const std::string& socket, const std::string& method, const std::string& path,
               const std::string& body = "");
    ~RawRequest() { hang_up(); }
    RawRequest(const RawRequest&) = delete;
    RawRequest& operator=(const RawRequest&) = delete;

    // Reads the whole answer.
    HttpReply read(std::chrono::milliseconds timeout = std::chrono::milliseconds(30'000));
    // Some bytes as they come, head and framing included: at most `size`, waiting for the first of them. 0 at the end
    // of the stream, and after `timeout`.
    size_t receive(char* to, size_t size, std::chrono::milliseconds timeout = std::chrono::milliseconds(30'000)) const;
    // Closes the connection as it is.
    void hang_up();

private:
    int fd_ = -1;
};

inline HttpReply raw_http(const std::string& socket, const std::string& method, const std::string& path,
                          const std::string& body = "",
                          std::chrono::milliseconds timeout = std::chrono::milliseconds(30'000)) {
    return RawRequest(socket, method, path, body).read(timeout);
}

}  // namespace slipway::testing
