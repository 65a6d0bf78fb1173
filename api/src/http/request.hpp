// api/src/http/request.hpp - the head of an HTTP/1.x request, parsed strictly: whatever two parsers could read in two
// ways is refused, so nothing can be smuggled past a reader in front of this one.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::api {

// How the length of a request body is given.
enum class BodyKind { kNone, kFixed, kChunked };

struct Request {
    std::string method;
    std::string path;       // percent-decoded, begins with '/'
    std::string raw_query;  // after '?', not decoded
    bool http_1_0 = false;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order

    BodyKind body_kind = BodyKind::kNone;
    bool has_content_length = false;
    uint64_t content_length = 0;
    bool keep_alive = true;
    bool expects_continue = false;

    // The first header of that name (lower case), or null.
    const std::string* header(std::string_view name) const;
    // True when a comma-separated header holds `token`, whatever its case.
    bool header_has_token(std::string_view name, std::string_view token) const;
};

// Parses everything before the empty line; `head` ends with the CRLF of the last header line. kInvalidArgument says
// what is wrong: bare LF or CR, folded lines, control characters, space before the colon, repeated or differing
// lengths, a length beside chunked, any transfer coding but a sole "chunked", more than `max_headers` headers.
Result<Request> parse_head(std::string_view head, size_t max_headers);

// Decodes %XX. nullopt when malformed or when the result holds a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);

}  // namespace slipway::api
