#include "dispatch.hpp"

#include "router.hpp"

#include <exception>

namespace slipway::api {
namespace {

// "localhost", "127.x.y.z" or "[::1]", with or without a port.
bool names_loopback(std::string_view host) {
    if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
    const std::string_view name = host.substr(0, host.find(':'));
    if (equals_ignoring_case(name, "localhost")) return true;
    // Digits and dots only: "127.0.0.1.example.org" is a name that somebody else controls.
    return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

void reply_error(Response& response, Profile profile, int status, std::string_view message) {
    if (status == 304) {
        response.send_empty(304);
        return;
    }
    const ErrorBody body = error_body(profile, message);
    response.send(status, body.content_type, body.text);
}

Error absent_feature(std::string_view feature) {
    std::string text = "not implemented in this version of Slipway: ";
    text += feature;
    return Error(ErrorCode::kUnimplemented, std::move(text));
}

Status run_handler(const Route& route, Exchange& exchange) {
    if (route.handler == nullptr) return absent_feature(route.absent);
    // Nothing above this may see an exception: it would take the connection's thread down without a reply.
    try {
        return route.handler(exchange);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::kResourceExhausted, "out of memory");
    } catch (const std::exception& failure) {
        return Error(ErrorCode::kInternal, failure.what());
    }
}

void finish_failed(const Error& error, Exchange& exchange) {
    if (exchange.response.is_begun()) {
        exchange.response.close_after();  // too late for a status; the client sees the stream break off
        return;
    }
    int status = status_for(error.code());
    if (exchange.body.was_too_large()) {
        status = 413;
        exchange.response.close_after();
    }
    // A failed start has put more into it.
    if (!exchange.response.has("Slipway-Error")) exchange.response.set("Slipway-Error", error_facts(error));
    reply_error(exchange.response, exchange.profile, status, error.message());
}

}  // namespace

std::string common_headers(const Facts& facts) {
    return std::string("Api-Version: ") + kMaxApiVersion + "\r\nDocker-Experimental: false\r\nOstype: " + facts.os +
           "\r\nServer: Slipway/" + facts.version + " (" + facts.os + ")\r\n";
}

Status check_browser(const Request& request) {
    const std::string* host = request.header("host");
    if (host == nullptr || !names_loopback(*host)) {
        return Error(ErrorCode::kPermissionDenied,
                     "the Host header '" + (host ? *host : std::string()) + "' does not name a loopback address");
    }
    if (const std::string* origin = request.header("origin")) {
        const size_t scheme = origin->find("://");
        if (scheme == std::string::npos || origin->substr(scheme + 3) != *host) {
            return Error(ErrorCode::kPermissionDenied, "requests from other origins are refused");
        }
    }
    const std::string* site = request.header("sec-fetch-site");
    if (site != nullptr && *site == "cross-site") {
        return Error(ErrorCode::kPermissionDenied, "cross-site requests are refused");
    }
    return ok();
}

void dispatch(const ServerContext& server, const Request& request, Body& body, Response& response, Client& client) {
    const VersionedPath versioned = split_version(request.path);
    const ApiVersion version = versioned.version.value_or(kNewest);
    const Profile profile = version < kModernFrom ? Profile::kLegacy : Profile::kModern;
    const ApiVersion minimum = parse_version(server.options.min_api_version).value_or(kOldest);
    if (Status supported = check_version(versioned, minimum); !supported) {
        return reply_error(response, profile, 400, supported.error().message());
    }
    PathParts parts;
    const Route* route = find_route(all_routes(), request.method, versioned.path, version, parts);
    if (route == nullptr) return reply_error(response, profile, 404, "page not found");
    Result<Query> query = Query::parse(request.raw_query);
    if (!query) return reply_error(response, profile, 400, query.error().message());

    Exchange exchange{server, request, version, profile, std::move(parts), std::move(*query), body, response, client};
    if (Status done = run_handler(*route, exchange); !done) finish_failed(done.error(), exchange);
}

}  // namespace slipway::api
