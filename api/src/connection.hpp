// api/src/connection.hpp - serves one accepted connection: request after request until it ends or is handed over.
#pragma once

#include "dispatch.hpp"
#include "net/registry.hpp"

#include <string>

namespace slipway::api {

struct ConnectionContext {
    ServerContext server;
    std::string common_headers;
    ConnectionRegistry& registry;
};

// `check_browser_headers` for connections that a web page on this machine could have made.
// Returns true when the stream was handed over: its owner then closes the descriptor without shutting it down.
bool serve_connection(const ConnectionContext& context, slw_os_handle descriptor, bool check_browser_headers);

}  // namespace slipway::api
