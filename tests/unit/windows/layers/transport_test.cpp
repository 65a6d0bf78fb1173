// Layers on top of others: what is written for the system's import, byte by byte, and the way back.
#include "layer_support.hpp"

#include <layers/transport_reader.hpp>

namespace slipway::windows_backend {
namespace {

using testing::HasSubstr;
using Transport = LayerFolders;

std::string stream(StreamId id, const std::string& content, uint32_t attributes = 0, const std::string& name = "") {
    return encode_stream_header({id, attributes, content.size(), name}) + content;
}

std::string number(uint32_t value) {
    std::string bytes;
    put<uint32_t>(bytes, value);
    return bytes;
}

// A member of each kind, with all it can have.
std::vector<TestMember> everything() {
    const std::string sd = to_base64(descriptor());
    const auto facts = [&sd](const char* attributes) {
        return std::map<std::string, std::string>{{"MSWINDOWS.fileattr", attributes},
                                                  {"MSWINDOWS.rawsd", sd},
                                                  {"LIBARCHIVE.creationtime", "1400000000.1234567"},
                                                  {"mtime", "1500000000.7654321"}};
    };
    std::map<std::string, std::string> mount_point = facts("1040"), file = facts("33");
    mount_point["MSWINDOWS.mountpoint"] = "1";
    file["MSWINDOWS.xattr.$KERNEL.PURGE"] = to_base64("abc");
    return {{"Files", "", '5', "", facts("16")},
            {"Files/directory", "", '5', "", facts("8210")},
            {"Files/directory/file.txt", "hello", '0', "", file},
            {"Files/directory/file.txt:zone", "outer", '0', "", {}},
            {"Files/directory/empty", "", '0', "", facts("32")},
            {"Files/directory/.wh.gone", "", '0', "", {}},
            {"Files/link", "", '2', "directory\\file.txt", facts("1056")},
            {"Files/mount", "", '2', "C:\\directory", mount_point},
            {"Files/mount:note", "n", '0', "", {}},
            {"Hives", "", '5', "", {}},
            {"Hives/System_Delta", "regf", '0', "", {}}};
}

TEST_F(Transport, FilesCarryAttributesAndStreams) {
    const auto done = unpack(everything());

    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->entry_count, 11U);
    EXPECT_EQ(done->size_bytes, 15U);
    const std::string sd = stream(StreamId::kSecurity, descriptor(), 2);
    EXPECT_EQ(bytes("transport/Files.$wcidirs$"), number(16) + sd);
    EXPECT_EQ(bytes("transport/Files/directory.$wcidirs$"), number(8210) + sd);
    EXPECT_EQ(bytes("transport/Files/directory/file.txt"),
              number(33) + sd + stream(StreamId::kExtendedAttributes, *encode_attributes({{"$KERNEL.PURGE", "abc"}})) +
                  stream(StreamId::kData, "hello") + stream(StreamId::kAlternateData, "outer", 0, ":zone:$DATA"));
    EXPECT_EQ(bytes("transport/Files/directory/empty"), number(32) + sd + stream(StreamId::kData, ""));
    EXPECT_EQ(bytes("transport/Files/link"),
              number(1056) + sd + stream(StreamId::kReparse, *encode_reparse({"directory\\file.txt", false})));
    EXPECT_EQ(bytes("transport/Files/mount.$wcidirs$"),
              number(1040) + sd + stream(StreamId::kReparse, *encode_reparse({"C:\\directory", true})) +
                  stream(StreamId::kAlternateData, "n", 0, ":note:$DATA"));
    EXPECT_EQ(*kind_of(root_ / "transport/Files/mount"), FileKind::kDirectory);
    EXPECT_EQ(bytes("transport/Hives.$wcidirs$"), number(16));
    EXPECT_EQ(bytes("transport/Hives/System_Delta"), "regf");
    EXPECT_EQ(bytes("transport/tombstones.txt"), "\xEF\xBB\xBFVersion 1.0\n\\directory\\gone\n");
    EXPECT_EQ(basic_info(root_ / "transport/Files/directory/file.txt")->write, file_time_of_pax("1500000000.7654321"));
    EXPECT_EQ(simulated_hcs::check_transport(root_ / "transport"), std::nullopt);
}

TEST_F(Transport, DirectoriesThatAreLeftOutAreMade) {
    ASSERT_TRUE(unpack({{"Files/a/b/c.txt", "x"}}));

    EXPECT_EQ(bytes("transport/Files/a/b/c.txt"), number(0) + stream(StreamId::kData, "x"));
    for (const char* const directory : {"Files", "Files/a", "Files/a/b", "Hives"}) {
        EXPECT_EQ(bytes(std::string("transport/") + directory + ".$wcidirs$"), number(16)) << directory;
    }
    EXPECT_EQ(bytes("transport/tombstones.txt"), "\xEF\xBB\xBFVersion 1.0\n") << "there, too, when it is empty";
    EXPECT_EQ(simulated_hcs::check_transport(root_ / "transport"), std::nullopt);
}

TEST_F(Transport, TheLastMemberOfANameCounts) {
    ASSERT_TRUE(unpack({{"Files/a", "first"},
                        {"Files/a", "second"},
                        {"Files/b", "", '2', "a", {{"MSWINDOWS.fileattr", "1040"}}},
                        {"Files/B", "file"},
                        {"Files/c", "file"},
                        {"Files/c", "", '5'},
                        {"Files/c/d", "x"}}));

    EXPECT_EQ(bytes("transport/Files/a"), number(0) + stream(StreamId::kData, "second"));
    EXPECT_EQ(bytes("transport/Files/c/d"), number(0) + stream(StreamId::kData, "x"));
}

TEST_F(Transport, HardLinksAreMadeAfterTheImport) {
    write("parent/Files/below.txt", "below");
    TarText tar(tar_of({{"Files/dir/a.txt", "a"},
                        {"Files/dir/b.txt", "", '1', "Files/dir/a.txt"},
                        {"Files/dir/c.txt", "", '1', "Files/below.txt"}}));
    ASSERT_TRUE(make_directory(root_ / "transport"));
    TransportWriter writer(root_ / "transport", {root_ / "parent"});
    ASSERT_TRUE(unpack_layer(tar.stream(), writer));
    EXPECT_FALSE(exists("transport/Files/dir/b.txt"));
    write("imported/Files/dir/a.txt", "a");
    std::filesystem::create_directory(root_ / "imported/Hives");

    const Status completed = writer.complete(root_ / "imported");

    ASSERT_TRUE(completed) << completed.error().message();
    EXPECT_EQ(bytes("imported/Files/dir/b.txt"), "a");
    EXPECT_EQ(bytes("imported/Files/dir/c.txt"), "below");
    EXPECT_TRUE(std::filesystem::equivalent(root_ / "imported/Files/dir/a.txt", root_ / "imported/Files/dir/b.txt"));
}

TEST_F(Transport, WhatIsRemovedIsNotInTheImport) {
    TarText tar(tar_of({{"Files/dir", "", '5', "", {{"MSWINDOWS.fileattr", "16"}}, 1'300'000'000},
                        {"Files/dir/.wh.gone", ""},
                        {"Files/dir/.wh.whole", ""},
                        {"Files/dir/.wh.never", ""},
                        {"Files/none/.wh.x", ""},
                        {"Files/dir/.wh.again", ""},
                        {"Files/dir/again", "new"}}));
    ASSERT_TRUE(make_directory(root_ / "transport"));
    TransportWriter writer(root_ / "transport", {});
    ASSERT_TRUE(unpack_layer(tar.stream(), writer));
    // As a system leaves it that does not look at the list.
    for (const char* const file : {"gone", "whole/a", "whole/b/c", "stays", "again"}) {
        write(std::string("imported/Files/dir/") + file, file);
    }

    const Status completed = writer.complete(root_ / "imported");

    ASSERT_TRUE(completed) << completed.error().message();
    EXPECT_FALSE(exists("imported/Files/dir/gone"));
    EXPECT_FALSE(exists("imported/Files/dir/whole"));
    EXPECT_EQ(bytes("imported/Files/dir/stays"), "stays");
    EXPECT_EQ(bytes("imported/Files/dir/again"), "again") << "it is the layer's own";
    EXPECT_EQ(basic_info(root_ / "imported/Files/dir")->write, file_time_of_seconds(1'300'000'000));
}

TEST_F(Transport, NothingIsRemovedBehindALinkOfAnImportedLayer) {
    write("outside/gone", "s");
    TarText tar(tar_of({{"Files/dir/.wh.gone", ""}, {"Files/dir/sub", "", '5', "", {}, 1'300'000'000}}));
    ASSERT_TRUE(make_directory(root_ / "transport"));
    TransportWriter writer(root_ / "transport", {});
    ASSERT_TRUE(unpack_layer(tar.stream(), writer));
    std::filesystem::create_directories(root_ / "imported/Files");
    std::filesystem::create_directory(root_ / "outside/sub");
    const BasicInfo before = *basic_info(root_ / "outside/sub");
    std::error_code unsupported;
    std::filesystem::create_directory_symlink(root_ / "outside", root_ / "imported/Files/dir", unsupported);
    if (unsupported) GTEST_SKIP() << "no symbolic links here: " << unsupported.message();

    const Status completed = writer.complete(root_ / "imported");

    EXPECT_TRUE(completed) << completed.error().message();
    EXPECT_EQ(bytes("outside/gone"), "s");
    EXPECT_EQ(basic_info(root_ / "outside/sub")->write, before.write);
}

TEST_F(Transport, ALinkOfAnImportedLayerIsNeverFollowed) {
    write("outside/secret", "s");
    TarText tar(tar_of({{"Files/dir/a.txt", "a"}, {"Files/dir/b.txt", "", '1', "Files/dir/a.txt"}}));
    ASSERT_TRUE(make_directory(root_ / "transport"));
    TransportWriter writer(root_ / "transport", {});
    ASSERT_TRUE(unpack_layer(tar.stream(), writer));
    std::filesystem::create_directories(root_ / "imported/Files");
    std::error_code unsupported;
    std::filesystem::create_directory_symlink(root_ / "outside", root_ / "imported/Files/dir", unsupported);
    if (unsupported) GTEST_SKIP() << "no symbolic links here: " << unsupported.message();

    EXPECT_FALSE(writer.complete(root_ / "imported"));
    EXPECT_FALSE(exists("outside/b.txt"));
}

TEST_F(Transport, ARoundTripIsAFixedPoint) {
    ASSERT_TRUE(unpack(everything()));

    const std::string first = pack();
    TarText again(first);
    ASSERT_TRUE(make_directory(root_ / "second"));
    TransportWriter writer(root_ / "second", {});
    const auto done = unpack_layer(again.stream(), writer);
    ASSERT_TRUE(done) << done.error().message();

    EXPECT_EQ(pack("second"), first);
    for (const char* const file : {"Files/directory/file.txt", "Files/directory.$wcidirs$", "Files/link",
                                   "Files/mount.$wcidirs$", "Hives/System_Delta", "tombstones.txt"}) {
        EXPECT_EQ(bytes(std::string("second/") + file), bytes(std::string("transport/") + file)) << file;
    }
}

TEST_F(Transport, RecordsComeBackFromTheBytes) {
    ASSERT_TRUE(unpack(everything()));
    TarText packed(pack());
    std::map<std::string, TarMember> members;
    while (auto member = *packed.stream().next()) members[member->name] = *member;

    ASSERT_EQ(members.size(), 11U);
    const TarMember& file = members["Files/directory/file.txt"];
    EXPECT_EQ(file.records.at("MSWINDOWS.fileattr"), "33");
    EXPECT_EQ(file.records.at("MSWINDOWS.rawsd"), to_base64(descriptor()));
    EXPECT_EQ(file.records.at("MSWINDOWS.xattr.$KERNEL.PURGE"), to_base64("abc"));
    EXPECT_EQ(file.records.at("mtime"), "1500000000.7654321");
    EXPECT_EQ(file.size, 5U);
    EXPECT_EQ(members["Files/directory/file.txt:zone"].size, 5U);
    EXPECT_EQ(members["Files/mount"].link, "C:\\directory");
    EXPECT_EQ(members["Files/mount"].type, '2');
    EXPECT_EQ(members["Files/mount"].records.at("MSWINDOWS.mountpoint"), "1");
    EXPECT_FALSE(members["Files/link"].records.contains("MSWINDOWS.mountpoint"));
    EXPECT_TRUE(members.contains("Files/directory/.wh.gone"));
    EXPECT_EQ(members["Files/directory"].type, '5');
}

TEST_F(Transport, FilesWithHolesAreFilledWithZeroes) {
    ASSERT_TRUE(unpack({{"Files/x", ""}}));
    const auto block = [](uint64_t offset, const std::string& content) {
        std::string place;
        put<uint64_t>(place, offset);
        return stream(StreamId::kSparseBlock, place + content, kStreamIsSparse);
    };
    write("transport/Files/x",
          number(512) + stream(StreamId::kData, "", kStreamIsSparse) + block(2, "ab") + block(6, "c") + block(10, ""));
    write("transport/tombstones.txt", "\xEF\xBB\xBFVersion 1.0\n");

    TarText packed(pack());
    while (auto member = *packed.stream().next()) {
        if (member->name != "Files/x") continue;
        char content[16];
        ASSERT_EQ(*packed.stream().read(content, sizeof(content)), 10U);
        EXPECT_EQ(std::string(content, 10), std::string("\0\0ab\0\0c\0\0\0", 10));
    }
}

TEST_F(Transport, RemovalsInDirectoriesThatAreNotThereAreTold) {
    ASSERT_TRUE(unpack({{"Files/there/.wh.a", ""}, {"Files/there/x", "x"}}));
    write("transport/tombstones.txt", "\xEF\xBB\xBFVersion 1.0\n\\there\\a\n\\first\\b\n\\second\\c\n\\second\\d\\e\n");

    TarText packed(pack());
    std::vector<std::string> names;
    while (auto member = *packed.stream().next()) {
        if (member->name.find(".wh.") != std::string::npos) names.push_back(member->name);
    }

    EXPECT_THAT(names, testing::ElementsAre("Files/there/.wh.a", "Files/first/.wh.b", "Files/second/.wh.c",
                                            "Files/second/d/.wh.e"));
}

// Containers can make names by paths that Windows takes as they are.
TEST_F(Transport, NamesOfContainersAreReadAsTheyAreAndNotPacked) {
    for (const std::string name : {"x.", "x ", "aux", ".wh.x"}) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(remove_tree(root_ / "transport"));
        ASSERT_TRUE(unpack({{"Files/x", "another file"}}));
        std::ofstream(long_path(root_ / "transport/Files") / name, std::ios::binary)
            << number(32) << stream(StreamId::kData, "its own");

        std::map<std::string, uint64_t> sizes;
        const Status read = read_transport(root_ / "transport", [&sizes](const TransportEntry& entry) -> Status {
            const Result<EntryFacts> facts = read_facts(entry);
            if (!facts) return facts.error();
            sizes[entry.path.back()] = facts->size;
            return ok();
        });
        EXPECT_TRUE(read) << read.error().message();
        EXPECT_EQ(sizes[name], 7U);
        EXPECT_EQ(sizes["x"], 12U);

        StringSink sink;
        const Status packed = pack_layer(root_ / "transport", sink.get(), [] { return Status(ok()); });
        ASSERT_FALSE(packed);
        EXPECT_EQ(packed.error().code(), ErrorCode::kUnimplemented);
        EXPECT_EQ(packed.error().resource(), "Files\\" + name);
    }
}

TEST_F(Transport, ANameThatIsNoTextIsAnError) {
#ifdef _WIN32
    const std::filesystem::path name(std::wstring{L'x', wchar_t{0xD800}});
#else
    const std::filesystem::path name("x\xFF");
#endif
    ASSERT_TRUE(unpack({}));
    std::ofstream(long_path(root_ / "transport/Files") / name, std::ios::binary)
        << number(32) << stream(StreamId::kData, "");
    const auto entries = list_directory(root_ / "transport/Files");
    ASSERT_TRUE(entries);
    if (entries->empty()) GTEST_SKIP() << "this file system takes texts alone";

    StringSink sink;
    const Status packed = pack_layer(root_ / "transport", sink.get(), [] { return Status(ok()); });

    ASSERT_FALSE(packed);
    EXPECT_EQ(packed.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(packed.error().message(), HasSubstr("is no Unicode text"));
}

TEST_F(Transport, DamagedExportsAreNamed) {
    const std::string list = "\xEF\xBB\xBFVersion 1.0\n";
    const struct {
        const char* file;
        std::string content;
        const char* says;
    } rows[] = {
        {"tombstones.txt", "nonsense", "list of removed files"},
        {"Files/x", "abc", "'Files\\x' has no attributes"},
        {"Files/x", number(16) + stream(StreamId::kData, ""), "another kind of file"},
        {"Files/x", number(32) + "short", "cut off"},
        {"Files/x", number(32) + stream(StreamId::kSecurity, "sd", 2), "security descriptor"},
        {"Files/x", number(1056) + stream(StreamId::kReparse, "rp"), "reparse point"},
        {"Files/x", number(32) + stream(StreamId::kExtendedAttributes, "ea"), "extended attributes"},
        {"Files/d/y", number(32), "'Files\\d' has no attributes"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.says);
        ASSERT_TRUE(remove_tree(root_ / "transport"));
        ASSERT_TRUE(unpack({}));
        write("transport/tombstones.txt", list);
        write(std::string("transport/") + row.file, row.content);
        StringSink sink;
        const Status packed = pack_layer(root_ / "transport", sink.get(), [] { return Status(ok()); });
        ASSERT_FALSE(packed);
        EXPECT_EQ(packed.error().code(), ErrorCode::kDataLoss);
        EXPECT_THAT(packed.error().message(), HasSubstr(row.says));
    }
}

}  // namespace
}  // namespace slipway::windows_backend
