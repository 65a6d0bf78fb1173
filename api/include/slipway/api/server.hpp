// api/include/slipway/api/server.hpp - the Docker Engine API over HTTP.
#pragma once

#include <slipway/api/facts.hpp>
#include <slipway/api/listener.hpp>
#include <slipway/core/engine.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace slipway::api {

inline constexpr const char* kMaxApiVersion = "1.51";
inline constexpr const char* kMinApiVersion = "1.22";

struct ServerOptions {
    std::string min_api_version = kMinApiVersion;  // "1.24" turns the legacy profile off
    size_t max_head_bytes = 64 * 1024;             // request line and headers together
    size_t max_header_count = 100;
    size_t max_json_bytes = 4 * 1024 * 1024;                  // bodies of JSON routes; more is 413
    std::chrono::milliseconds head_timeout{10'000};           // from the first byte of a request to the end of its head
    std::chrono::milliseconds first_request_timeout{60'000};  // a new connection that says nothing
    std::chrono::milliseconds idle_timeout{180'000};          // between two requests of one connection
    std::chrono::milliseconds body_timeout{60'000};           // without a byte while a body is expected
    int max_connections = 2048;  // each has a thread with a small stack while it lives; idle ones give way first
};

// Serves the listeners until stop(). Thread-safe; the engine must outlive it.
class Server {
public:
    // Starts to accept. `facts` is copied.
    static Result<std::unique_ptr<Server>> start(core::Engine& engine, Facts facts, ServerOptions options,
                                                 std::vector<Listener> listeners);
    // As stop().
    ~Server();

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::vector<std::string> addresses() const;

    // Stops accepting, ends open streams, gives running requests at most `grace`, then cuts their connections and waits
    // for their threads. Call Engine::shut_down() first, so that waits inside the engine end.
    void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(2000));

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::api
