#include "dispatch.hpp"
#include "errors.hpp"
#include "http/detach_keys.hpp"
#include "http/frames.hpp"
#include "http/json_body.hpp"
#include "http/json_keys.hpp"
#include "http/query.hpp"
#include "render/duration.hpp"
#include "router.hpp"
#include "version.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace slipway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Query query(std::string_view text) {
    return std::move(*Query::parse(text));
}

TEST(Routing, GreedyNamesMayHoldSlashes) {
    PathParts parts;
    const Route* route = find_route(all_routes(), "GET", "/images/example.org/a/b:1/json", kNewest, parts);
    ASSERT_NE(route, nullptr);
    EXPECT_EQ(parts["name"], "example.org/a/b:1");
    ASSERT_NE(find_route(all_routes(), "POST", "/containers/a/b/start", kNewest, parts), nullptr);
    EXPECT_EQ(parts["name"], "a/b");
}

TEST(Routing, FixedPathsWinOverNames) {
    PathParts parts;
    const Route* create = find_route(all_routes(), "POST", "/containers/create", kNewest, parts);
    ASSERT_NE(create, nullptr);
    EXPECT_TRUE(parts.empty());
    EXPECT_EQ(find_route(all_routes(), "GET", "/images/json", kNewest, parts)->pattern, "/images/json");
}

TEST(Routing, UnknownPathsMethodsAndEmptyNamesHaveNoRoute) {
    PathParts parts;
    EXPECT_EQ(find_route(all_routes(), "GET", "/nonsense", kNewest, parts), nullptr);
    EXPECT_EQ(find_route(all_routes(), "PATCH", "/containers/json", kNewest, parts), nullptr);
    EXPECT_EQ(find_route(all_routes(), "POST", "/containers//start", kNewest, parts), nullptr);
    EXPECT_EQ(find_route(all_routes(), "GET", "/", kNewest, parts), nullptr);
}

TEST(Routing, RoutesHaveAFirstVersion) {
    PathParts parts;
    EXPECT_EQ(find_route(all_routes(), "POST", "/containers/prune", {1, 24}, parts), nullptr);
    EXPECT_NE(find_route(all_routes(), "POST", "/containers/prune", {1, 25}, parts), nullptr);
}

TEST(Versions, SplitPrefix) {
    EXPECT_EQ(split_version("/v1.51/info").path, "/info");
    EXPECT_EQ(split_version("/v1.51/info").version, (ApiVersion{1, 51}));
    EXPECT_EQ(split_version("/info").version, std::nullopt);
    EXPECT_EQ(split_version("/version").path, "/version");
    EXPECT_EQ(split_version("/v1.x/info").path, "/v1.x/info");
}

TEST(Versions, TextsNameBothSides) {
    EXPECT_EQ(check_version(split_version("/v1.10/info"), kOldest).error().message(),
              "client version 1.10 is too old. Minimum supported API version is 1.22, please upgrade your client to a "
              "newer version");
    EXPECT_EQ(check_version(split_version("/v1.99/info"), kOldest).error().message(),
              "client version 1.99 is too new. Maximum supported API version is 1.51");
    EXPECT_TRUE(check_version(split_version("/v1.22/info"), kOldest).has_value());
    EXPECT_TRUE(check_version(split_version("/v1.51/info"), kOldest).has_value());
}

TEST(Errors, CodesBecomeStatuses) {
    EXPECT_EQ(status_for(ErrorCode::kInvalidArgument), 400);
    EXPECT_EQ(status_for(ErrorCode::kExecNotFound), 400);
    EXPECT_EQ(status_for(ErrorCode::kNotFound), 404);
    EXPECT_EQ(status_for(ErrorCode::kConflict), 409);
    EXPECT_EQ(status_for(ErrorCode::kNotModified), 304);
    EXPECT_EQ(status_for(ErrorCode::kUnimplemented), 501);
    EXPECT_EQ(status_for(ErrorCode::kDeadlineExceeded), 500);
}

TEST(Errors, BodiesFollowTheProfile) {
    EXPECT_EQ(error_body(Profile::kModern, "no \"x\"").text, "{\"message\":\"no \\\"x\\\"\"}\n");
    EXPECT_EQ(error_body(Profile::kLegacy, "no x").text, "no x\n");
    EXPECT_EQ(error_body(Profile::kLegacy, "no x").content_type, "text/plain; charset=utf-8");
}

TEST(Errors, FactsAreOneLineOfAscii) {
    const Error error = Error(ErrorCode::kSystem, "x").with_os(SLW_OS_ERRNO, 13).with_resource("/srv/\n\xc3\xa9");
    const std::string facts = error_facts(error);
    EXPECT_EQ(facts.find('\n'), std::string::npos);
    EXPECT_THAT(facts, HasSubstr(R"("os":{"code":13,"domain":"errno"})"));
}

TEST(QueryParameters, FlagsFollowDockersTruth) {
    const Query q = query("a=1&b=0&c&d=True&e=NONE&f=no");
    EXPECT_TRUE(q.flag("a"));
    EXPECT_FALSE(q.flag("b"));
    EXPECT_FALSE(q.flag("c"));
    EXPECT_TRUE(q.flag("d"));
    EXPECT_FALSE(q.flag("e"));
    EXPECT_FALSE(q.flag("f"));
    EXPECT_FALSE(q.flag("absent"));
    EXPECT_TRUE(q.flag("absent", true));
}

TEST(QueryParameters, NumbersAreChecked) {
    EXPECT_EQ(**query("t=-1").integer("t"), -1);
    EXPECT_FALSE(query("t=").integer("t")->has_value());
    EXPECT_FALSE(query("t=5s").integer("t").has_value());
    EXPECT_FALSE(query("t=99999999999999999999").integer("t").has_value());
}

TEST(QueryParameters, FiltersComeInTwoForms) {
    const core::Filters expected{{"status", {"exited", "running"}}};
    EXPECT_EQ(*query("filters=%7B%22status%22%3A%5B%22running%22%2C%22exited%22%5D%7D").filters({"status"}), expected);
    EXPECT_EQ(*query(R"(filters={"status":{"running":true,"exited":true,"dead":false}})").filters({"status"}),
              expected);
    EXPECT_EQ(query(R"(filters={"colour":["red"]})").filters({"status"}).error().message(), "invalid filter 'colour'");
    EXPECT_EQ(query("filters=nonsense").filters({"status"}).error().message(), "invalid filter");
    EXPECT_EQ(query("filters=[1]").filters({"status"}).error().message(), "invalid filter");
    EXPECT_EQ(query(R"(filters={"status":[1]})").filters({"status"}).error().message(), "invalid filter");
}

TEST(QueryParameters, BadEscapesAndFloodsAreRefused) {
    EXPECT_FALSE(Query::parse("a=%zz").has_value());
    EXPECT_FALSE(Query::parse("a=%00").has_value());
    std::string flood;
    for (int i = 0; i < 1001; ++i) flood += "a=b&";
    EXPECT_FALSE(Query::parse(flood).has_value());
}

TEST(DetachKeys, BecomeBytes) {
    EXPECT_EQ(*parse_detach_keys(""), "\x10\x11");
    EXPECT_EQ(*parse_detach_keys("ctrl-a,b"),
              "\x01"
              "b");
    EXPECT_EQ(*parse_detach_keys("ctrl-@,ctrl-[,ctrl-_"), std::string("\0\x1b\x1f", 3));
    EXPECT_EQ(*parse_detach_keys("DEL"), "\x7f");
    EXPECT_EQ(parse_detach_keys("ctrl-").error().message(), "Unknown character: 'ctrl-'");
    EXPECT_EQ(parse_detach_keys("a,,b").error().message(), "Unknown character: ''");
}

TEST(Frames, HaveEightByteHeaders) {
    const std::string text = frame(StreamId::kStderr, std::string(300, 'x'));
    EXPECT_EQ(text.substr(0, 8), std::string("\x02\0\0\0\0\0\x01\x2c", 8));
    EXPECT_EQ(text.size(), 308U);
}

TEST(JsonBody, RefusesWhatCouldHurt) {
    EXPECT_FALSE(parse_json("{\"a\":\"\xff\"}").has_value());
    EXPECT_FALSE(parse_json("{} x").has_value());
    EXPECT_FALSE(parse_json("").has_value());
    EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')).has_value());
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')).has_value());
    EXPECT_TRUE(parse_json(R"({"a":"[[[\"[[","a":1})").has_value());
    EXPECT_EQ((*parse_first_json("{\"a\":1} trailing"))["a"], 1);
}

TEST(JsonKeys, S31_NoneMayBeThereTwice) {
    const auto message = [](std::string_view text) {
        const Status unique = refuse_repeated_keys(text);
        return unique ? std::string() : unique.error().message();
    };
    const std::string twice = "invalid JSON: the key 'a' is there more than once in an object";
    EXPECT_EQ(message(R"({"a":1,"a":1})"), twice);
    EXPECT_EQ(message(R"({"a":1,"b":{"a":2},"a":3})"), twice);
    EXPECT_EQ(message(R"({"b":[{"c":{"a":1,"x":2,"a":3}}]})"), twice);
    EXPECT_EQ(message(R"({"a":1,"\u0061":2})"), twice) << "written differently";
    EXPECT_EQ(message(R"({"a":1,"a":2} trailing)"), twice);
    EXPECT_EQ(message(R"({"":1,"":2})"), "invalid JSON: the key '' is there more than once in an object");
    const std::string longest(5000, 'k');
    EXPECT_LT(message("{\"" + longest + "\":1,\"" + longest + "\":2}").size(), 300U);
    for (const char* fine : {R"({"a":{"a":{"a":1}}})", R"([{"a":1},{"a":1}])", R"({"a":"a","b":"\"a\":1,\"a\":1"})",
                             R"({"a":1,"A":2,"a ":3})", R"({"a":1} {"a":2})", "[]", "5", "", R"({"a":1,"b)"}) {
        EXPECT_EQ(message(fine), "") << fine;
    }
}

TEST(JsonKeys, S31_ManyAreReadInTime) {
    std::string text = "{";
    for (int i = 0; text.size() < (size_t{4} << 20); ++i) text += "\"" + std::to_string(i) + "\":{},";
    text += "\"last\":0}";
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(refuse_repeated_keys(text).has_value());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(JsonBody, NeverFailsToPrint) {
    EXPECT_EQ(to_text({{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}");
}

TEST(Durations, AreDockersWords) {
    constexpr int64_t kSecond = 1'000'000'000;
    EXPECT_EQ(human_duration(0), "Less than a second");
    EXPECT_EQ(human_duration(kSecond), "1 second");
    EXPECT_EQ(human_duration(59 * kSecond), "59 seconds");
    EXPECT_EQ(human_duration(60 * kSecond), "About a minute");
    EXPECT_EQ(human_duration(50 * 60 * kSecond), "50 minutes");
    EXPECT_EQ(human_duration(3600 * kSecond), "About an hour");
    EXPECT_EQ(human_duration(5 * 3600 * kSecond), "5 hours");
    EXPECT_EQ(human_duration(72 * 3600 * kSecond), "3 days");
    EXPECT_EQ(human_duration(int64_t{24 * 21} * 3600 * kSecond), "3 weeks");
}

TEST(BrowserCheck, OnlyLoopbackHostsAndOwnOrigins) {
    const auto check = [](std::vector<std::pair<std::string, std::string>> headers) {
        Request request;
        request.headers = std::move(headers);
        return check_browser(request).has_value();
    };
    EXPECT_TRUE(check({{"host", "localhost:2375"}}));
    EXPECT_TRUE(check({{"host", "127.0.0.1:2375"}}));
    EXPECT_TRUE(check({{"host", "[::1]:2375"}}));
    EXPECT_FALSE(check({{"host", "evil.example"}}));
    EXPECT_FALSE(check({{"host", "127.0.0.1.nip.io"}}));
    EXPECT_FALSE(check({{"host", ""}}));
    EXPECT_FALSE(check({}));
    EXPECT_FALSE(check({{"host", "localhost"}, {"origin", "https://evil.example"}}));
    EXPECT_FALSE(check({{"host", "localhost"}, {"origin", "null"}}));
    EXPECT_TRUE(check({{"host", "localhost"}, {"origin", "http://localhost"}}));
    EXPECT_FALSE(check({{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}));
}

}  // namespace
}  // namespace slipway::api
