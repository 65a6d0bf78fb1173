// tests/unit/api/support/connection.hpp - a client's stream socket, on every platform.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace Poco::Net {
class StreamSocket;
}

namespace slipway::test {

class Connection {
public:
    // To a path, or to ADDRESS:PORT. Reads give up after 10 s, so that a hanging server fails a test instead of
    // stopping it.
    explicit Connection(const std::string& address);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // All of it, unless the other side is gone.
    void send(std::string_view bytes);
    void end_writing();
    // What is there, waiting for it; 0 at the end, on failure, and when nothing came in time.
    size_t receive(void* to, size_t capacity);

private:
    std::unique_ptr<Poco::Net::StreamSocket> socket_;
};

}  // namespace slipway::test
