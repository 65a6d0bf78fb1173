// api/src/exchange.hpp - one request with everything a handler needs to answer it.
#pragma once

#include "errors.hpp"
#include "http/body.hpp"
#include "http/json_body.hpp"
#include "http/query.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "version.hpp"

#include <slipway/api/server.hpp>

#include <map>
#include <string>

namespace slipway::api {

// What all requests share.
struct ServerContext {
    core::Engine& engine;
    const Facts& facts;
    const ServerOptions& options;
    const std::vector<std::string>& addresses;
    const std::function<bool()>& is_stopping;
};

struct Exchange {
    const ServerContext& server;
    const Request& request;
    ApiVersion version;
    Profile profile;
    std::map<std::string, std::string, std::less<>> path_parts;
    Query query;
    Body& body;
    Response& response;
    Client& client;

    core::Engine& engine() const { return server.engine; }
    const std::string& part(std::string_view name) const { return path_parts.find(name)->second; }
    bool at_least(int minor) const { return version >= ApiVersion{1, minor}; }

    // True when nobody waits for the reply any more; for loops that run long.
    bool is_over() const { return server.is_stopping() || client.is_gone(); }

    void reply_json(int status, const nlohmann::json& document) {
        response.send(status, "application/json", to_text(document) + "\n");
    }
};

// A handler sends its reply, or returns an error before anything was sent.
using Handler = Status (*)(Exchange&);

// The request body as JSON: nullopt when there is none. kInvalidArgument for malformed JSON or a Content-Type that is
// not application/json; kResourceExhausted when too large (the connection's loop answers 413).
Result<std::optional<nlohmann::json>> read_json(Exchange& exchange);

}  // namespace slipway::api
