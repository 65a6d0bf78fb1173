// cli/src/client.hpp - talks HTTP to the daemon.
#pragma once

#include <nlohmann/json.hpp>

#include <Poco/Net/StreamSocket.h>

#include <functional>
#include <istream>
#include <map>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace Poco::Net {
class HTTPClientSession;
class HTTPResponse;
}  // namespace Poco::Net

namespace slipway::cli {

// Something to tell the user and an exit code to end with.
class CommandError : public std::runtime_error {
public:
    explicit CommandError(const std::string& message, int exit_code = 1)
        : std::runtime_error(message), exit_code_(exit_code) {}
    int exit_code() const { return exit_code_; }

private:
    int exit_code_;
};

struct Reply {
    int status = 0;
    std::string body;
    std::map<std::string, std::string> headers;
    bool ok() const { return status >= 200 && status < 300; }
    // The daemon's message, whichever form it came in.
    std::string message() const;
};

// A hijacked connection: raw bytes both ways. `early` was received together with the response head.
struct Upgraded {
    Poco::Net::StreamSocket socket;
    std::string early;
    bool multiplexed = false;
};

using Query = std::map<std::string, std::string>;
// For parameters that may come several times.
using QueryList = std::vector<std::pair<std::string, std::string>>;

// One daemon. A connection per call; methods may be called from several threads.
class Client {
public:
    // `host`: "unix:///path", on Windows "npipe:////./pipe/name", or "tcp://address:port". Throws CommandError on
    // anything else.
    explicit Client(std::string host);

    // Throws CommandError when the daemon cannot be reached; any status is returned.
    Reply call(const std::string& method, const std::string& path, const Query& query = {},
               const nlohmann::json& body = nullptr) const;
    // As call(), but anything else than success throws with the daemon's message.
    Reply expect(const std::string& method, const std::string& path, const Query& query = {},
                 const nlohmann::json& body = nullptr, int exit_code = 1) const;
    nlohmann::json get_json(const std::string& path, const Query& query = {}) const;

    // Sends a POST and returns once the head of the reply is there, which for `wait` means that the daemon is watching.
    // The function returned reads the body; it may be called once, while this client lives.
    std::function<std::string()> begin(const std::string& path, const Query& query, int exit_code) const;

    // Sends `body` as a stream and hands every line of the reply to `on_line` as it comes.
    void upload(const std::string& path, const QueryList& query, std::istream& body,
                const std::function<void(const std::string&)>& on_line) const;
    // Streams the reply's bytes to `on_data`; throws on failure.
    void stream(const std::string& path, const Query& query,
                const std::function<void(const char*, size_t, bool multiplexed)>& on_data) const;
    // Hands the body of the reply to a GET to `read`, and sends what `write` writes as the body of a PUT; both throw
    // the daemon's message when it refuses.
    void receive(const std::string& path, const Query& query, const std::function<void(std::istream&)>& read) const;
    void put(const std::string& path, const Query& query, const std::function<void(std::ostream&)>& write) const;
    Upgraded upgrade(const std::string& path, const Query& query, const nlohmann::json& body = nullptr) const;

    const std::string& host() const { return host_; }

private:
    Poco::Net::StreamSocket connect() const;
    // A connection without time limits.
    std::shared_ptr<Poco::Net::HTTPClientSession> open_session() const;
    void get(const std::string& path, const Query& query,
             const std::function<void(std::istream&, const Poco::Net::HTTPResponse&)>& read) const;

    std::string host_;
};

// "/containers/" + reference, safe for a URL.
std::string container_path(const std::string& reference, const std::string& rest = "");

}  // namespace slipway::cli
