#include "http/request.hpp"
#include "http/body.hpp"

#include <gtest/gtest.h>

namespace slipway::api {
namespace {

Result<Request> parse(const std::string& head) {
    return parse_head(head, 100);
}

std::string why(const std::string& head) {
    const Result<Request> parsed = parse(head);
    return parsed ? "accepted" : parsed.error().message();
}

TEST(RequestHead, SplitsTargetAndDecodesPath) {
    const Result<Request> request = parse("GET /v1.51/images/a%2Fb/json?x=%41&y HTTP/1.1\r\nHost: localhost\r\n");
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->method, "GET");
    EXPECT_EQ(request->path, "/v1.51/images/a/b/json");
    EXPECT_EQ(request->raw_query, "x=%41&y");
    EXPECT_TRUE(request->keep_alive);
    EXPECT_EQ(request->body_kind, BodyKind::kNone);
}

TEST(RequestHead, TakesAbsoluteTargets) {
    const Result<Request> request = parse("GET http://docker/_ping HTTP/1.1\r\nHost: localhost\r\n");
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->path, "/_ping");
}

TEST(RequestHead, RefusesAmbiguousFraming) {
    const std::string start = "POST /x HTTP/1.1\r\n";
    EXPECT_NE(why(start + "Content-Length: 5\r\nContent-Length: 5\r\n"), "accepted");
    EXPECT_NE(why(start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "accepted");
    EXPECT_NE(why(start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "accepted");
    EXPECT_NE(why(start + "Transfer-Encoding: gzip, chunked\r\n"), "accepted");
    EXPECT_NE(why(start + "Content-Length: +5\r\n"), "accepted");
    EXPECT_NE(why(start + "Content-Length: 5, 5\r\n"), "accepted");
    EXPECT_NE(why(start + "Content-Length: 99999999999999999999\r\n"), "accepted");
    EXPECT_NE(why(start + "Content-Length: -1\r\n"), "accepted");
}

TEST(RequestHead, RefusesSloppyLines) {
    EXPECT_NE(why("GET /x HTTP/1.1\nHost: localhost\r\n"), "accepted");          // bare LF
    EXPECT_NE(why("GET /x HTTP/1.1\r\nHost: localhost\r\n b\r\n"), "accepted");  // folded
    EXPECT_NE(why("GET /x HTTP/1.1\r\nHost : a\r\n"), "accepted");               // space before the colon
    EXPECT_NE(why("GET /x HTTP/1.1\r\nHost\r\n"), "accepted");                   // no colon
    EXPECT_NE(why("GET /x HTTP/1.1\r\nA: b\rc\r\n"), "accepted");                // stray CR
    EXPECT_NE(why(std::string("GET /x HTTP/1.1\r\nA: b\0c\r\n", 25)), "accepted");
    EXPECT_NE(why("GET /x HTTP/2.0\r\n"), "accepted");
    EXPECT_NE(why("GET  /x HTTP/1.1\r\n"), "accepted");
    EXPECT_NE(why("GET x HTTP/1.1\r\n"), "accepted");
    EXPECT_NE(why("GET /%00 HTTP/1.1\r\n"), "accepted");
    EXPECT_NE(why("GET /%4 HTTP/1.1\r\n"), "accepted");
    EXPECT_NE(why("PRI * HTTP/2.0\r\n"), "accepted");
}

TEST(RequestHead, CountsHeaders) {
    std::string head = "GET /x HTTP/1.1\r\n";
    for (int i = 0; i < 100; ++i) head += "A: b\r\n";
    EXPECT_EQ(why(head), "accepted");
    EXPECT_EQ(why(head + "A: b\r\n"), "malformed request: too many headers");
}

TEST(RequestHead, FindsTokensWhateverTheirCase) {
    const Result<Request> request = parse("GET /x HTTP/1.1\r\nConnection: keep-alive, UPGRADE\r\n");
    ASSERT_TRUE(request.has_value());
    EXPECT_TRUE(request->header_has_token("connection", "upgrade"));
    EXPECT_FALSE(request->header_has_token("connection", "grade"));
}

}  // namespace
}  // namespace slipway::api
