// The formats that layers are made of, byte by byte.
#include "layer_support.hpp"

#include <layers/extended_attributes.hpp>
#include <layers/layer_path.hpp>
#include <layers/security_descriptor.hpp>
#include <layers/transport_format.hpp>

namespace slipway::windows_backend {
namespace {

using testing::HasSubstr;

std::string hex(const std::string& bytes) {
    std::string text;
    for (const unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

TEST(LayerFormats, Base64IsWholeOrNothing) {
    for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                                      {"f", "Zg=="},
                                      {"fo", "Zm8="},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg=="},
                                      {std::string("\0\xFF", 2), "AP8="}}) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
    for (const char* const text : {"Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n"}) {
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
    }
}

TEST(LayerFormats, TimesCountFrom1601) {
    EXPECT_EQ(file_time_of_pax("0"), INT64_C(116444736000000000));
    EXPECT_EQ(file_time_of_pax("1465332245.1234567"), INT64_C(131098058451234567));
    EXPECT_EQ(file_time_of_pax("-1.5"), INT64_C(116444735985000000));
    EXPECT_EQ(file_time_of_pax("-11644473600"), 0);
    for (const char* const text : {"", "x", "1.", "1.x", "1x", "-11644473601", "9223372036854775807", " 1", "1.5 "}) {
        EXPECT_EQ(file_time_of_pax(text), std::nullopt) << text;
    }
    for (const char* const text : {"0", "1465332245.1234567", "1.5", "-1.5", "-0.25", "-11644473600", "7.0000001"}) {
        EXPECT_EQ(pax_of_file_time(*file_time_of_pax(text)), text);
    }
}

TEST(LayerFormats, SymbolicLinksAsWindowsStoresThem) {
    EXPECT_EQ(hex(*encode_reparse({"C:\\a", false})),
              "0c0000a0"
              "2800"
              "0000"
              "0000"
              "1000"
              "1200"
              "0800"
              "00000000"
              "5c003f003f005c0043003a005c006100"
              "0000"
              "43003a005c006100"
              "0000");
    // Relative ones say so.
    EXPECT_EQ(hex(*encode_reparse({"..\\a", false})),
              "0c0000a0"
              "2000"
              "0000"
              "0000"
              "0800"
              "0a00"
              "0800"
              "01000000"
              "2e002e005c006100"
              "0000"
              "2e002e005c006100"
              "0000");
    // Mount points have no flags.
    EXPECT_EQ(hex(*encode_reparse({"C:\\a", true})),
              "030000a0"
              "2400"
              "0000"
              "0000"
              "1000"
              "1200"
              "0800"
              "5c003f003f005c0043003a005c006100"
              "0000"
              "43003a005c006100"
              "0000");
}

TEST(LayerFormats, LinksComeBackAsTheyWereShown) {
    for (const char* const target :
         {"C:\\a", "..\\b", "\\Windows", "\\\\server\\share\\x",
          "\\\\?\\Volume{00000000-0000-0000-0000-000000000000}\\", "\xC3\xA4\\\xF0\x9F\x9A\xA2"}) {
        for (const bool mount_point : {false, true}) {
            const ReparsePoint point{target, mount_point};
            const auto buffer = encode_reparse(point);
            ASSERT_TRUE(buffer);
            const auto back = decode_reparse(*buffer);
            ASSERT_TRUE(back) << back.error().message();
            EXPECT_EQ(*back, point);
        }
    }
    EXPECT_FALSE(encode_reparse({"", false}));
    EXPECT_FALSE(encode_reparse({std::string("a\0b", 3), false}));
    EXPECT_FALSE(encode_reparse({std::string(9000, 'a'), false}));
}

TEST(LayerFormats, DamagedLinksAreRefused) {
    const std::string whole = *encode_reparse({"C:\\a", false});
    for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode_reparse(whole.substr(0, size))) << size;
    std::string outside = whole;
    outside[10] = '\x7E';  // a name longer than the buffer
    EXPECT_FALSE(decode_reparse(outside));
    std::string other = whole;
    other[0] = '\x1B';
    const auto refused = decode_reparse(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(refused.error().message(), HasSubstr("0xA000001B"));
}

TEST(LayerFormats, ExtendedAttributesAreAChain) {
    const ExtendedAttributes two = {{"A", "xy"}, {"BC", std::string("\0", 1)}};
    const std::string bytes = *encode_attributes(two);
    EXPECT_EQ(hex(bytes),
              "0c000000"
              "00"
              "01"
              "0200"
              "4100"
              "7879"
              "00000000"
              "00"
              "02"
              "0100"
              "424300"
              "00");
    EXPECT_EQ(*decode_attributes(bytes), two);
    EXPECT_EQ(*encode_attributes({}), "");
    for (size_t size = 1; size < bytes.size(); ++size) EXPECT_FALSE(decode_attributes(bytes.substr(0, size))) << size;
    std::string back = bytes;
    back[0] = 4;  // the next entry would begin inside of this one
    EXPECT_FALSE(decode_attributes(back));
    EXPECT_FALSE(encode_attributes({{"", "x"}}));
    EXPECT_FALSE(encode_attributes({{"a b", "x"}}));
    EXPECT_FALSE(encode_attributes({{"A", std::string(70'000, 'x')}}));
}

TEST(LayerFormats, ASecurityDescriptorIsWhole) {
    const std::string whole = descriptor();
    EXPECT_TRUE(check_security_descriptor(whole));
    for (size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(check_security_descriptor(whole.substr(0, size))) << size;
    }
    for (const auto& [place, value] :
         {std::pair<size_t, char>{0, 2}, {3, 0}, {4, 4}, {8, 127}, {16, 127}, {21, 16}, {50, 40}, {58, 3}}) {
        std::string broken = whole;
        broken[place] = value;
        EXPECT_FALSE(check_security_descriptor(broken)) << place;
    }
    EXPECT_TRUE(check_security_descriptor(std::string("\1\0\0\x80", 4) + std::string(16, '\0'))) << "nothing in it";
}

TEST(LayerFormats, BackupStreamsFollowEachOther) {
    const StreamHeader alternate{StreamId::kAlternateData, 0, 3, ":s:$DATA"};
    EXPECT_EQ(hex(encode_stream_header(alternate)),
              "04000000"
              "00000000"
              "0300000000000000"
              "10000000"
              "3a0073003a002400440041005400"
              "4100");
    const std::string bytes = encode_stream_header({StreamId::kSecurity, 2, 2, ""}) + "sd" +
                              encode_stream_header(alternate) + "abc" + encode_stream_header({});
    const auto reader_of = [](const std::string& text) {
        auto at = std::make_shared<size_t>(0);
        return BackupStreamReader([at, text](char* buffer, size_t capacity) -> Result<size_t> {
            const size_t size = std::min({capacity, text.size() - *at, size_t{7}});
            std::memcpy(buffer, text.data() + *at, size);
            *at += size;
            return size;
        });
    };
    BackupStreamReader reader = reader_of(bytes);
    EXPECT_EQ(**reader.next(), (StreamHeader{StreamId::kSecurity, 2, 2, ""}));
    EXPECT_EQ(**reader.next(), alternate);  // what was not read is skipped
    EXPECT_EQ(*reader.read_all(), "abc");
    EXPECT_EQ(**reader.next(), StreamHeader{});
    EXPECT_FALSE(reader.next()->has_value());
    for (size_t size = 1; size < bytes.size(); ++size) {
        BackupStreamReader cut = reader_of(bytes.substr(0, size));
        Result<std::optional<StreamHeader>> header = cut.next();
        while (header && *header) header = cut.next();
        EXPECT_EQ(bool(header), size == 22 || size == 61) << size;  // between two streams it looks like the end
    }
    EXPECT_FALSE(reader_of(std::string("\x0B", 1) + std::string(19, '\0')).next()) << "an unknown kind";
    EXPECT_FALSE(reader_of(std::string("\1\0\0\0\0\0\0\0", 8) + std::string(8, '\xFF') + std::string(4, '\0')).next());
    EXPECT_FALSE(reader_of(std::string("\1", 1) + std::string(15, '\0') + "\xFF\xFF\xFF\x7F").next()) << "a long name";
}

TEST(LayerFormats, TombstonesAreAList) {
    EXPECT_EQ(encode_tombstones({"a\\b", "c"}), "\xEF\xBB\xBFVersion 1.0\n\\a\\b\n\\c\n");
    EXPECT_EQ(*decode_tombstones("\xEF\xBB\xBFVersion 1.0\r\n\\a\\b\r\n"), std::vector<std::string>{"a\\b"});
    EXPECT_TRUE(decode_tombstones("\xEF\xBB\xBFVersion 1.0")->empty());
    for (const char* const text : {"", "Version 1.0\n", "\xEF\xBB\xBFVersion 2.0\n", "\xEF\xBB\xBFVersion 1.0\na\n",
                                   "\xEF\xBB\xBFVersion 1.0\n\\..\\a\n", "\xEF\xBB\xBFVersion 1.0\n\\\n"}) {
        EXPECT_FALSE(decode_tombstones(text)) << text;
    }
}

TEST(LayerFormats, NamesStayInTheLayer) {
    EXPECT_EQ(parse_member_name("./Files//a\\b/")->path, (LayerPath{"Files", "a", "b"}));
    EXPECT_EQ(parse_member_name("Files/a:s")->stream, "s");
    EXPECT_TRUE(parse_member_name("./")->path.empty());
    for (const char* const name : {"/a", "\\a", "a/../b", "..", "C:/a", "a/b:c/d", "a:", ":a", "a:b:c", "nul",
                                   "a/con.txt", "a<", "a/b?", "a.", "a /b", "a\x01"}) {
        EXPECT_FALSE(parse_member_name(name)) << name;
    }
}

}  // namespace
}  // namespace slipway::windows_backend
