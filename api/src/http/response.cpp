#include "http/response.hpp"

#include <array>
#include <charconv>

namespace slipway::api {

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        default:
            return "Status";
    }
}

Response::Response(Client& client, const Request& request, std::string_view common)
    : client_(client),
      common_(common),
      head_only_(request.method == "HEAD"),
      http_1_0_(request.http_1_0),
      keep_alive_(request.keep_alive) {}

bool Response::has(std::string_view name) const {
    const std::string line = std::string(name) + ": ";
    return extra_.starts_with(line) || extra_.find("\r\n" + line) != std::string::npos;
}

void Response::set(std::string_view name, std::string_view value) {
    extra_.append(name).append(": ");
    for (const char c : value) extra_ += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    extra_ += "\r\n";
}

std::string Response::head(int status) const {
    std::string text;
    text.reserve(256 + common_.size() + extra_.size());
    text.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\n");
    text.append(common_).append(extra_);
    if (!keep_alive_) {
        text.append("Connection: close\r\n");
    } else if (http_1_0_) {
        text.append("Connection: keep-alive\r\n");
    }
    return text;
}

void Response::send(int status, std::string_view content_type, std::string_view body) {
    std::string text = head(status);
    text.append("Content-Type: ").append(content_type).append("\r\n");
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    begun_ = true;
    if (!client_.send(text, head_only_ ? std::string_view() : body)) failed_ = true;
}

void Response::send_empty(int status) {
    std::string text = head(status);
    // 204 and 304 have no body by definition; a length beside them confuses old proxies.
    if (status != 204 && status != 304) text.append("Content-Length: 0\r\n");
    text.append("\r\n");
    begun_ = true;
    if (!client_.send(text)) failed_ = true;
}

void Response::begin_stream(int status, std::string_view content_type) {
    chunked_ = !http_1_0_;
    if (!chunked_) keep_alive_ = false;
    std::string text = head(status);
    text.append("Content-Type: ").append(content_type).append("\r\n");
    if (chunked_) text.append("Transfer-Encoding: chunked\r\n");
    text.append("\r\n");
    begun_ = true;
    streaming_ = true;
    if (!client_.send(text)) failed_ = true;
}

bool Response::write(std::string_view data) {
    if (failed_) return false;
    if (data.empty() || head_only_) return true;
    if (!chunked_) {
        failed_ = !client_.send(data);
        return !failed_;
    }
    std::array<char, 24> size;
    const auto [end, failure] = std::to_chars(size.data(), size.data() + size.size(), data.size(), 16);
    (void)failure;  // 24 characters hold any size
    std::string chunk;
    chunk.reserve(data.size() + 32);
    chunk.append(size.data(), end).append("\r\n").append(data).append("\r\n");
    failed_ = !client_.send(chunk);
    return !failed_;
}

void Response::end_stream() {
    if (!streaming_) return;
    streaming_ = false;
    if (chunked_ && !failed_ && !head_only_ && !client_.send("0\r\n\r\n")) failed_ = true;
}

std::string Response::upgrade_head(std::string_view status_line, std::string_view lines) const {
    std::string text;
    text.append(status_line).append("\r\n").append(lines).append(common_).append(extra_).append("\r\n");
    return text;
}

}  // namespace slipway::api
