#include "handlers/upgrade.hpp"

namespace slipway::api {

std::string upgrade_head(const Exchange& exchange, bool tty) {
    const bool upgrade =
        exchange.request.header_has_token("connection", "upgrade") && exchange.request.header("upgrade") != nullptr;
    const std::string_view type = upgrade && !tty && exchange.at_least(42) ? "application/vnd.docker.multiplexed-stream"
                                                                           : "application/vnd.docker.raw-stream";
    const std::string content_type = "Content-Type: " + std::string(type) + "\r\n";
    if (upgrade) {
        return exchange.response.upgrade_head("HTTP/1.1 101 UPGRADED",
                                              content_type + "Connection: Upgrade\r\nUpgrade: tcp\r\n");
    }
    return exchange.response.upgrade_head("HTTP/1.1 200 OK", content_type);
}

}  // namespace slipway::api
