#include "http/request.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::api {
namespace {

Error bad(std::string text) {
    return Error(ErrorCode::kInvalidArgument, "malformed request: " + std::move(text));
}

bool is_token_char(char c) {
    const auto u = static_cast<unsigned char>(c);
    if ((u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z')) return true;
    return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool has_control(std::string_view text, bool allow_tab) {
    return std::any_of(text.begin(), text.end(), [allow_tab](char c) {
        const auto u = static_cast<unsigned char>(c);
        return (u < 0x20 && !(allow_tab && c == '\t')) || u == 0x7f;
    });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// The next line without its CRLF; nullopt when it does not end in CRLF or holds a stray CR or LF.
std::optional<std::string_view> take_line(std::string_view& rest) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r') return std::nullopt;
    const std::string_view line = rest.substr(0, end - 1);
    if (line.find('\r') != std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
    return line;
}

Status parse_target(std::string_view target, Request& out) {
    // Proxies send the absolute form; the authority is of no interest here.
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const size_t slash = target.find('/', scheme.size());
        target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
    if (!target.starts_with('/')) return bad("request target must begin with '/'");
    if (target.find('#') != std::string_view::npos) return bad("request target holds a fragment");
    const size_t question = target.find('?');
    if (question != std::string_view::npos) out.raw_query = target.substr(question + 1);
    std::optional<std::string> path = percent_decode(target.substr(0, question), false);
    if (!path) return bad("bad percent-encoding in the path");
    out.path = std::move(*path);
    return ok();
}

Status parse_request_line(std::string_view line, Request& out) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return bad("bad request line");
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(method) || method.size() > 16) return bad("bad method");
    if (target.find(' ') != std::string_view::npos || has_control(target, false)) return bad("bad request target");
    if (version == "HTTP/1.0") {
        out.http_1_0 = true;
    } else if (version != "HTTP/1.1") {
        return bad("only HTTP/1.0 and HTTP/1.1 are spoken here");
    }
    out.method = method;
    return parse_target(target, out);
}

Status parse_header_line(std::string_view line, Request& out) {
    if (line.front() == ' ' || line.front() == '\t') return bad("folded header line");
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return bad("header line without a colon");
    const std::string_view name = line.substr(0, colon);
    if (!is_token(name)) return bad("bad header name");
    const std::string_view value = trim(line.substr(colon + 1));
    if (has_control(value, true)) return bad("control character in header '" + std::string(name) + "'");
    out.headers.emplace_back(to_lower(name), std::string(value));
    return ok();
}

Status parse_content_length(std::string_view value, Request& out) {
    if (value.empty() || !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return bad("bad Content-Length");
    }
    uint64_t length = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (failure != std::errc() || end != value.data() + value.size()) return bad("Content-Length out of range");
    out.has_content_length = true;
    out.content_length = length;
    return ok();
}

// RFC 9112 6: one way to say how long the body is, or the connection cannot be trusted.
Status find_framing(Request& out) {
    size_t lengths = 0;
    size_t codings = 0;
    for (const auto& [name, value] : out.headers) {
        if (name == "content-length") {
            ++lengths;
            if (Status parsed = parse_content_length(value, out); !parsed) return parsed;
        } else if (name == "transfer-encoding") {
            ++codings;
            if (!equals_ignoring_case(value, "chunked")) return bad("unsupported Transfer-Encoding");
        }
    }
    if (lengths > 1 || codings > 1) return bad("repeated body length");
    if (lengths == 1 && codings == 1) return bad("both Content-Length and Transfer-Encoding");
    if (codings == 1 && out.http_1_0) return bad("Transfer-Encoding in HTTP/1.0");
    if (codings == 1) {
        out.body_kind = BodyKind::kChunked;
    } else if (out.content_length > 0) {
        out.body_kind = BodyKind::kFixed;
    }
    return ok();
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return &value;
    }
    return nullptr;
}

bool Request::header_has_token(std::string_view name, std::string_view token) const {
    for (const auto& [key, value] : headers) {
        if (key != name) continue;
        std::string_view rest = value;
        for (;;) {
            const size_t comma = rest.find(',');
            if (equals_ignoring_case(trim(rest.substr(0, comma)), token)) return true;
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return false;
}

Result<Request> parse_head(std::string_view head, size_t max_headers) {
    Request request;
    request.headers.reserve(12);
    const std::optional<std::string_view> first = take_line(head);
    if (!first) return bad("line does not end in CRLF");
    if (Status parsed = parse_request_line(*first, request); !parsed) return std::move(parsed).error();
    while (!head.empty()) {
        const std::optional<std::string_view> line = take_line(head);
        if (!line || line->empty()) return bad("line does not end in CRLF");
        if (request.headers.size() == max_headers) return bad("too many headers");
        if (Status parsed = parse_header_line(*line, request); !parsed) return std::move(parsed).error();
    }
    if (Status framed = find_framing(request); !framed) return std::move(framed).error();
    request.keep_alive = request.http_1_0 ? request.header_has_token("connection", "keep-alive")
                                          : !request.header_has_token("connection", "close");
    request.expects_continue = request.header_has_token("expect", "100-continue");
    return request;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] == '%') {
            unsigned value = 0;
            if (i + 2 >= text.size()) return std::nullopt;
            const char* digits = text.data() + i + 1;
            const auto [end, failure] = std::from_chars(digits, digits + 2, value, 16);
            if (failure != std::errc() || end != digits + 2 || value == 0) return std::nullopt;
            out += static_cast<char>(value);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && to_lower(a) == to_lower(b);
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

}  // namespace slipway::api
