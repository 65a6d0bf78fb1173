// Layers from strangers: each malformed member is refused by name, and nothing lands outside.
#include "layer_support.hpp"

#include <layers/base_writer.hpp>

namespace slipway::windows_backend {
namespace {

using testing::HasSubstr;

struct BadLayer {
    const char* says;
    std::vector<TestMember> members;  // the last one is at fault
    ErrorCode code = ErrorCode::kInvalidArgument;
};

TestMember with(const char* record, const std::string& value, char type = '0') {
    return {"Files/a", "", type, type == '2' ? "x" : "", {{record, value}}};
}

std::vector<BadLayer> bad_layers() {
    std::string cut = descriptor();
    cut.resize(cut.size() - 3);
    return {
        {"MSWINDOWS.rawsd that is not base64", {with("MSWINDOWS.rawsd", "A*==")}},
        {"security descriptor", {with("MSWINDOWS.rawsd", to_base64(cut))}},
        {"security descriptor is cut off", {with("MSWINDOWS.rawsd", "")}},
        {"MSWINDOWS.fileattr that is no number", {with("MSWINDOWS.fileattr", "0x20")}},
        {"MSWINDOWS.fileattr that is no number", {with("MSWINDOWS.fileattr", "4294967296")}},
        {"makes a file a directory", {with("MSWINDOWS.fileattr", "16")}},
        {"MSWINDOWS.xattr.A that is not base64", {with("MSWINDOWS.xattr.A", "?")}},
        {"extended attribute", {with("MSWINDOWS.xattr.", "")}},
        {"LIBARCHIVE.creationtime that is no time", {with("LIBARCHIVE.creationtime", "yesterday")}},
        {"mtime that is no time", {with("mtime", "-99999999999")}},
        {"MSWINDOWS.mountpoint that only links may have", {with("MSWINDOWS.mountpoint", "1")}},
        {"a link needs a target", {{"Files/a", "", '2', "", {}}}},
        {"target is too long", {{"Files/a", "", '2', std::string(9000, 'x'), {}}}},
        {"does not stand before it", {{"Files/a:s", "x"}}},
        {"does not stand before it", {{"Files/a", "x"}, {"Files/b", "x"}, {"Files/a:s", "x"}}},
        {"does not stand before it", {{"Files/a", "x"}, {"Files/b", "", '1', "Files/a", {}}, {"Files/b:s", "x"}}},
        {"leaves the layer", {{"Files/../../a", "x"}}},
        {"is absolute", {{"/Files/a", "x"}}},
        {"a name Windows cannot have", {{"Files/nul", "x"}}},
        {"links to what leaves the layer", {{"Files/a", "", '1', "../a", {}}}},
        {"links to what is absolute", {{"Files/a", "", '1', "\\Windows\\a", {}}}},
        {"links to what is no file", {{"Files/a", "", '1', "Files/b", {}}}},
        {"links to what is no file", {{"Files/d", "", '5'}, {"Files/a", "", '1', "Files/d", {}}}},
        {"links to what is no file", {{"Files/l", "", '2', "x", {}}, {"Files/a", "", '1', "Files/l", {}}}},
        {"links to what", {{"Files/a", "", '1', "Files/l/x", {}}}},
        {"is below 'Files\\D', which is a link", {{"Files/d", "", '2', "C:\\", {}}, {"Files/D/x", "x"}}},
        {"is below 'Files\\d', which is a link", {{"Files/d", "", '2', "C:\\", {}}, {"Files/d/.wh.x", ""}}},
        {"is below 'Files\\a', which is a file", {{"Files/a", "x"}, {"Files/a/b/c", "x"}}},
        {"takes the place of a directory", {{"Files/a", "", '5'}, {"Files/a", "x"}}},
        {"is a device or pipe", {{"Files/a", "", '3'}}, ErrorCode::kUnimplemented},
        {"no removal that layers of Windows know", {{"Files/.wh..wh..opq", ""}}},
        {"name Windows cannot have", {{"Files/.wh.a?", ""}}},
    };
}

// Only of layers on others.
std::vector<BadLayer> bad_upper_layers() {
    return {
        {"is not below Files or Hives", {{"etc/passwd", "x"}}},
        {"is not below Files or Hives", {{"files/a", "x"}}},
        {"is not below Files or Hives", {{"tombstones.txt", "x"}}},
        {"is no directory", {{"Files", "x"}}},
        {"stands for a directory", {{"Files/a.$WciDirs$", "x"}}},
        {"removes what is not below Files", {{"Hives/.wh.a", ""}}},
        {"removes what is not below Files", {{".wh.Files", ""}}},
        {"in the place of a part of the registry", {{"Hives/a", "", '2', "x", {}}}},
        {"stream of a part of the registry", {{"Hives/a", "x"}, {"Hives/a:s", "x"}}},
        {"not below Files", {{"Files/a", "x"}, {"Hives/a", "", '1', "Files/a", {}}}},
    };
}

class LayerInput : public LayerFolders {
protected:
    void expect_refused(const BadLayer& row, LayerWriter& writer) {
        SCOPED_TRACE(row.says + std::string(" / ") + row.members.back().name);
        TarText tar(tar_of(row.members));
        const auto done = unpack_layer(tar.stream(), writer);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), row.code);
        EXPECT_THAT(done.error().message(), HasSubstr(row.says));
        EXPECT_EQ(done.error().resource(), row.members.back().name.substr(0, 511));
    }
    std::filesystem::path fresh() {
        const auto folder = root_ / ("layer" + std::to_string(++count_));
        EXPECT_TRUE(make_directory(folder));
        return folder;
    }
    int count_ = 0;
};

TEST_F(LayerInput, MalformedMembersAreRefusedByName) {
    std::vector<BadLayer> rows = bad_layers();
    for (BadLayer& row : bad_upper_layers()) rows.push_back(std::move(row));
    for (const BadLayer& row : rows) {
        TransportWriter writer(fresh(), {root_ / "parent"});
        expect_refused(row, writer);
    }
}

TEST_F(LayerInput, ABaseLayerRefusesTheSame) {
    // Wine makes no links for lack of BackupWrite; what comes behind one cannot be tried there.
    BaseWriter trial(fresh());
    TarText link(tar_of({{"Files/l", "", '2', "x"}}));
    const auto made = unpack_layer(link.stream(), trial);
    if (!made) {
        EXPECT_EQ(made.error().os().code, static_cast<int32_t>(0x80070032)) << made.error().message();
    }
    for (const BadLayer& row : bad_layers()) {
        if (!made && row.members.front().type == '2' && row.members.size() > 1) continue;
        BaseWriter writer(fresh());
        expect_refused(row, writer);
    }
    BaseWriter writer(fresh());
    expect_refused({"there is no layer below", {{"Files/.wh.a", ""}}}, writer);
}

#ifndef _WIN32
TEST_F(LayerInput, SecurityAsTextNeedsWindows) {
    TransportWriter writer(fresh(), {});
    expect_refused({"MSWINDOWS.sd", {with("MSWINDOWS.sd", "O:BAG:SY")}, ErrorCode::kUnimplemented}, writer);
}
#else
TEST_F(LayerInput, SecurityAsTextIsReadBySystem) {
    TransportWriter writer(fresh(), {});
    TarText tar(tar_of({with("MSWINDOWS.sd", "O:BAG:SYD:(A;;FA;;;SY)")}));
    const auto done = unpack_layer(tar.stream(), writer);
    ASSERT_TRUE(done) << done.error().message();
    TransportWriter second(fresh(), {});
    expect_refused({"MSWINDOWS.sd", {with("MSWINDOWS.sd", "nonsense")}}, second);
}
#endif

TEST_F(LayerInput, ANameThatIsNoTextIsRefusedByWhatIsTextInIt) {
    for (const char* const name : {"Files/x\xFF", "Files/\xED\xA0\x80", "Files/x:\xC3"}) {
        TarText tar(tar_of({{"Files/x", "x"}, {name, "x"}}));
        TransportWriter writer(fresh(), {});

        const auto done = unpack_layer(tar.stream(), writer);

        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), ErrorCode::kInvalidArgument) << done.error().message();
        EXPECT_THAT(done.error().message(), HasSubstr("a name Windows cannot have"));
        EXPECT_THAT(done.error().resource(), HasSubstr("\xEF\xBF\xBD"));
    }
}

TEST_F(LayerInput, ACutStreamIsRefused) {
    const std::string whole = tar_of({{"Files/a", std::string(700, 'x')}});
    for (const size_t size : {100UL, 600UL, 1100UL, 1500UL}) {
        TarText tar(whole.substr(0, size));
        TransportWriter writer(fresh(), {});
        const auto done = unpack_layer(tar.stream(), writer);
        ASSERT_FALSE(done) << size;
        EXPECT_EQ(done.error().code(), ErrorCode::kInvalidArgument);
    }
}

// A layer has no place to be removed from; it is the caller's folder that goes.
TEST_F(LayerInput, ABaseLayerIsItsFiles) {
    BaseWriter writer(root_);
    TarText tar(tar_of({{"Files/dir", "", '5', "", {{"MSWINDOWS.fileattr", "16"}}, 1'300'000'000},
                        {"Files/dir/a.txt", "hello", '0', "", {}, 1'400'000'000},
                        {"Files/dir/b.txt", "", '1', "Files/dir/a.txt", {}},
                        {"UtilityVM/Files/x", "vm"}}));
    const auto done = unpack_layer(tar.stream(), writer);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(bytes("Files/dir/a.txt"), "hello");
    EXPECT_EQ(bytes("Files/dir/b.txt"), "hello");
    EXPECT_EQ(bytes("UtilityVM/Files/x"), "vm");
    EXPECT_EQ(basic_info(root_ / "Files/dir/a.txt")->write, file_time_of_seconds(1'400'000'000));
    EXPECT_EQ(basic_info(root_ / "Files/dir")->write, file_time_of_seconds(1'300'000'000)) << "not that of its files";
}

#ifndef _WIN32
// The stand-in keeps beside a file what POSIX has no place for.
TEST_F(LayerInput, WhatPosixCannotHoldIsKeptBeside) {
    BaseWriter writer(root_);
    TarText tar(tar_of(
        {{"Files/a", "hello", '0', "", {{"MSWINDOWS.fileattr", "3"}, {"MSWINDOWS.rawsd", to_base64(descriptor())}}},
         {"Files/a:s", "more"},
         {"Files/l", "", '2', "a"}}));
    ASSERT_TRUE(unpack_layer(tar.stream(), writer));
    std::string kept;
    put<uint32_t>(kept, 3);
    kept += encode_stream_header({StreamId::kSecurity, 2, descriptor().size(), ""}) + descriptor();
    kept += encode_stream_header({StreamId::kAlternateData, 0, 4, ":s:$DATA"}) + "more";
    EXPECT_EQ(bytes("Files/a"), "hello");
    EXPECT_EQ(bytes("Files/a.$streams$"), kept);
    std::string link;
    put<uint32_t>(link, 0x400);
    const std::string buffer = *encode_reparse({"a", false});
    EXPECT_EQ(bytes("Files/l.$streams$"),
              link + encode_stream_header({StreamId::kReparse, 0, buffer.size(), ""}) + buffer);
}
#endif

}  // namespace
}  // namespace slipway::windows_backend
