// api/src/dispatch.hpp - from a parsed request to its reply: version, route, handler, error.
#pragma once

#include "exchange.hpp"

#include <string>

namespace slipway::api {

// The header lines every reply carries.
std::string common_headers(const Facts& facts);

// Answers `request`, whatever happens inside the handler.
void dispatch(const ServerContext& server, const Request& request, Body& body, Response& response, Client& client);

// kPermissionDenied for what a web page could send to a TCP listener: a foreign Host (DNS rebinding), a foreign Origin,
// a cross-site fetch.
Status check_browser(const Request& request);

}  // namespace slipway::api
