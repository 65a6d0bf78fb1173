#include "http/web_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::api {
namespace {

using testing::HasSubstr;

Request handshake(std::vector<std::pair<std::string, std::string>> changed = {}) {
    Request request;
    request.method = "GET";
    request.headers = {{"host", "localhost"},
                       {"upgrade", "WebSocket"},
                       {"connection", "keep-alive, Upgrade"},
                       {"sec-websocket-version", "13"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    for (auto& [name, value] : changed) {
        std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
        if (!value.empty()) request.headers.emplace_back(name, value);
    }
    return request;
}

// A client's frame: masked.
std::string masked(int first_byte, std::string_view payload, std::string_view mask = "\x11\x22\x33\x44") {
    std::string frame = web_socket_frame(WebSocketOpcode::kBinary, payload);
    frame[0] = static_cast<char>(first_byte);
    frame[1] = static_cast<char>(frame[1] | 0x80);
    const size_t head = frame.size() - payload.size();
    for (size_t i = 0; i < payload.size(); ++i) frame[head + i] = static_cast<char>(frame[head + i] ^ mask[i % 4]);
    return frame.insert(head, mask);
}

struct Collected {
    std::string data, control;
    WebSocketReader::Handlers handlers{[this](std::string_view bytes) {
                                           data += bytes;
                                           return true;
                                       },
                                       [this](WebSocketOpcode opcode, std::string_view payload) {
                                           control += std::to_string(static_cast<int>(opcode)) + ":";
                                           control += payload;
                                           return opcode != WebSocketOpcode::kClose;
                                       }};
};

TEST(WebSocket, AnswersTheKeyAsTheStandardsExampleSays) {
    const auto accepted = accept_web_socket(handshake());

    ASSERT_TRUE(accepted);
    EXPECT_THAT(*accepted, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
}

TEST(WebSocket, PagesOfOtherSitesAreRefusedOnAnyListener) {
    EXPECT_TRUE(accept_web_socket(handshake({{"origin", "http://LOCALHOST"}})));
    for (const char* origin : {"http://example.org", "null", "localhost", "https://localhost:1", "file://"}) {
        const auto accepted = accept_web_socket(handshake({{"origin", origin}}));
        ASSERT_FALSE(accepted) << origin;
        EXPECT_EQ(accepted.error().code(), ErrorCode::kPermissionDenied) << origin;
    }
    EXPECT_FALSE(accept_web_socket(handshake({{"origin", "http://localhost"}, {"host", ""}})));
}

TEST(WebSocket, OtherHandshakesAreRefused) {
    const std::vector<std::pair<std::string, std::string>> wrong = {{"upgrade", "tcp"},
                                                                    {"upgrade", ""},
                                                                    {"connection", "close"},
                                                                    {"sec-websocket-version", ""},
                                                                    {"sec-websocket-version", "8"},
                                                                    {"sec-websocket-key", ""},
                                                                    {"sec-websocket-key", "short"},
                                                                    {"sec-websocket-key", "dGhlIHNhbXBsZSBub25j\"Q=="}};
    for (const auto& header : wrong) {
        const auto accepted = accept_web_socket(handshake({header}));
        ASSERT_FALSE(accepted) << header.first << ": " << header.second;
        EXPECT_EQ(accepted.error().code(), ErrorCode::kInvalidArgument);
    }
}

TEST(WebSocket, FramesSayTheirLengthInTheShortestWay) {
    using namespace std::string_literals;
    EXPECT_EQ(web_socket_frame(WebSocketOpcode::kText, "hi"), "\x81\x02hi");
    EXPECT_EQ(web_socket_frame(WebSocketOpcode::kBinary, std::string(125, 'x')).substr(0, 2), "\x82\x7d"s);
    EXPECT_EQ(web_socket_frame(WebSocketOpcode::kBinary, std::string(126, 'x')).substr(0, 4), "\x82\x7e\x00\x7e"s);
    EXPECT_EQ(web_socket_frame(WebSocketOpcode::kBinary, std::string(65536, 'x')).substr(0, 10),
              "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s);
    EXPECT_EQ(web_socket_close(WebSocketStatus::kNormal), "\x88\x02\x03\xe8"s);
}

TEST(WebSocket, AReasonToCloseIsCutBetweenCharacters) {
    const std::string frame = web_socket_close(WebSocketStatus::kInternal, std::string(122, 'x') + "\xc3\xa4rgerlich");

    EXPECT_EQ(frame.size(), 2U + 2 + 122);
}

TEST(WebSocket, ReadsFramesOfAllLengthsByteByByte) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{125}, size_t{126}, size_t{65535}, size_t{65536}}) {
        std::string text;
        for (size_t i = 0; i < size; ++i) text += static_cast<char>(i * 7);
        const std::string frame = masked(0x82, text) + masked(0x82, "end");
        Collected whole, pieces;
        WebSocketReader reader, slow;
        std::string all = frame;

        ASSERT_TRUE(reader.feed(all, whole.handlers));
        for (const char c : frame) {
            std::string one(1, c);
            ASSERT_TRUE(slow.feed(one, pieces.handlers));
        }

        EXPECT_EQ(whole.data, text + "end");
        EXPECT_EQ(pieces.data, text + "end");
    }
}

TEST(WebSocket, ControlFramesMayComeInsideAMessage) {
    Collected seen;
    WebSocketReader reader;
    std::string bytes = masked(0x01, "ab") + masked(0x89, "ping") + masked(0x00, "c") + masked(0x8A, "") +
                        masked(0x80, "d") + masked(0x88, "") + masked(0x82, "after the close");

    const auto more = reader.feed(bytes, seen.handlers);

    ASSERT_TRUE(more);
    EXPECT_FALSE(*more);
    EXPECT_EQ(seen.data, "abcd");
    EXPECT_EQ(seen.control, "9:ping10:8:");
}

TEST(WebSocket, WhatNoClientSendsEndsTheConversation) {
    const std::vector<std::pair<const char*, std::string>> wrong = {
        {"not masked", web_socket_frame(WebSocketOpcode::kBinary, "x")},
        {"reserved bit", masked(0xC2, "x")},
        {"unknown opcode", masked(0x83, "x")},
        {"long ping", masked(0x89, std::string(126, 'x'))},
        {"ping in pieces", masked(0x09, "x")},
        {"continuation of nothing", masked(0x80, "x")},
        {"message in a message", masked(0x02, "x") + masked(0x82, "y")},
    };
    for (const auto& [what, frames] : wrong) {
        Collected seen;
        WebSocketReader reader;
        std::string bytes = frames;
        const auto more = reader.feed(bytes, seen.handlers);
        ASSERT_FALSE(more) << what;
        EXPECT_EQ(more.error().code(), ErrorCode::kInvalidArgument) << what;
    }
}

}  // namespace
}  // namespace slipway::api
