#include "net/tcp_address.hpp"

#include <Poco/Net/IPAddress.h>

#include <charconv>

namespace slipway::api {
namespace {

constexpr std::string_view kScheme = "tcp://";

Result<TcpAddress> parse_tcp(const std::string& text) {
    const Error malformed(ErrorCode::kInvalidArgument, "'tcp://" + text + "' is not of the form tcp://ADDRESS:PORT");
    const size_t colon = text.rfind(':');
    if (colon == std::string::npos) return malformed;
    TcpAddress out;
    out.host = text.substr(0, colon);
    if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
        out.host = out.host.substr(1, out.host.size() - 2);
    }
    const char* first = text.data() + colon + 1;
    const char* last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(first, last, out.port);
    if (failure != std::errc() || end != last) return malformed;
    if (out.host == "localhost") out.host = "127.0.0.1";
    return out;
}

}  // namespace

std::string TcpAddress::shown(uint16_t real_port) const {
    return std::string(kScheme) + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(real_port);
}

Result<TcpAddress> check_tcp(const std::string& host, const ListenOptions& options) {
    Result<TcpAddress> address = parse_tcp(host.substr(kScheme.size()));
    if (!address) return address;
    if (!options.insecure_loopback) {
        return Error(ErrorCode::kPermissionDenied,
                     "refusing to listen on '" + host +
                         "': plain TCP has no access control, so every local user and program would be root; say "
                         "--insecure-loopback to allow it on loopback addresses");
    }
    Poco::Net::IPAddress numeric;
    if (address->host.empty() || !Poco::Net::IPAddress::tryParse(address->host, numeric)) {
        return Error(ErrorCode::kInvalidArgument, "'" + host + "': the address must be numeric or localhost");
    }
    if (!numeric.isLoopback()) {
        return Error(ErrorCode::kPermissionDenied,
                     "refusing to listen on '" + host +
                         "': the API gives root to whoever reaches it, and TCP with TLS is not implemented yet; use a "
                         "unix socket, or a loopback address with --insecure-loopback");
    }
    address->is_v6 = numeric.family() == Poco::Net::IPAddress::IPv6;
    return address;
}

}  // namespace slipway::api
