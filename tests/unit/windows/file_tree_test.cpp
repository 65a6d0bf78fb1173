// Files and directories of layers on disk: names that are no text, other names of a file, what reaches the disk.
#include "layers/layer_support.hpp"

#include <layers/leftovers.hpp>
#include <sys/durable.hpp>

#ifdef _WIN32
#include <sys/windows_error.hpp>
#endif

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using FileTree = LayerFolders;

// What no text is, in the form of this system.
fs::path odd_name() {
#ifdef _WIN32
    return fs::path(std::wstring{L'x', wchar_t{0xD800}});
#else
    return "x\xFF";
#endif
}

TEST_F(FileTree, ANameThatIsNoTextIsListedAndRemoved) {
    for (const char* const folder : {"first", "second"}) {
        std::error_code refused;
        fs::create_directories(long_path(root_ / folder / odd_name()), refused);
        if (refused) GTEST_SKIP() << "this file system takes texts alone";
        std::ofstream(long_path(root_ / folder / odd_name() / odd_name())) << "x";
    }

    const auto entries = list_directory(root_ / "first");
    ASSERT_TRUE(entries) << entries.error().message();
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_TRUE(entries->front().native == odd_name());
    EXPECT_EQ(entries->front().name, "x\xEF\xBF\xBD");
    EXPECT_FALSE(entries->front().is_text);
    EXPECT_TRUE(remove_tree(root_ / "first"));
    EXPECT_FALSE(exists("first"));
    { const Leftovers leftovers({root_ / "second"}); }
    EXPECT_FALSE(exists("second"));
}

TEST_F(FileTree, AnErrorAboutANameThatIsNoTextIsAnError) {
    const Status made = make_directory(root_ / "none" / odd_name());

    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message(), "");
    EXPECT_NE(utf8_of_path(odd_name()), "");
}

TEST_F(FileTree, TextComesAsItIs) {
    const std::string name = "\xC3\xA4\xF0\x9F\x90\x8B";
    write("folder/plain", "x");
    fs::create_directory(root_ / "folder" / path_from_utf8(name));

    const auto entries = list_directory(root_ / "folder");

    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ((*entries)[1].name, name);
    EXPECT_TRUE((*entries)[1].is_text);
    EXPECT_EQ(utf8_of_path((*entries)[1].native), name);
}

TEST_F(FileTree, TheOtherNameOfAReadOnlyFileStaysReadOnly) {
    write("below/file", "x");
    ASSERT_TRUE(make_directory(root_ / "layer"));
    ASSERT_TRUE(make_hard_link(root_ / "below/file", root_ / "layer/file"));
    fs::permissions(root_ / "below/file", fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write,
                    fs::perm_options::remove);

    const Status removed = remove_tree(root_ / "layer");

    ASSERT_TRUE(removed) << removed.error().message();
    EXPECT_FALSE(exists("layer"));
    EXPECT_EQ(fs::status(root_ / "below/file").permissions() & fs::perms::owner_write, fs::perms::none);
    EXPECT_EQ(bytes("below/file"), "x");
}

TEST_F(FileTree, ReadOnlyFilesReachTheDisk) {
    write("layer/dir/file", "x");
    fs::permissions(root_ / "layer/dir/file", fs::perms::owner_write, fs::perm_options::remove);
    const BasicInfo before = *basic_info(root_ / "layer/dir/file");

    const Status tree = sync_tree(root_ / "layer"), file = sync_file(root_ / "layer/dir/file");

    EXPECT_TRUE(tree) << tree.error().message();
    EXPECT_TRUE(file) << file.error().message();
    EXPECT_EQ(basic_info(root_ / "layer/dir/file")->attributes, before.attributes);
    EXPECT_EQ(basic_info(root_ / "layer/dir/file")->write, before.write);
}

TEST_F(FileTree, WhatIsNotThereCannotReachTheDisk) {
    EXPECT_FALSE(sync_tree(root_ / "none"));
    EXPECT_FALSE(sync_file(root_ / "none/file"));
}

#ifdef _WIN32
TEST_F(FileTree, AFileThatCannotBeFlushedIsAnError) {
    write("layer/file", "x");
    const FileHandle held(
        CreateFileW((root_ / "layer/file").c_str(), GENERIC_READ, 0, nullptr, OPEN_EXISTING, 0, nullptr));
    ASSERT_TRUE(held);

    const Status file = sync_file(root_ / "layer/file");

    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().os().code, HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION));
}

TEST_F(FileTree, PrivilegesTakenTwiceGoWithTheLastOne) {
    // The fixture has them.
    { const auto again = BackupPrivileges::take(); }

    HANDLE token = nullptr;
    ASSERT_TRUE(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) << GetLastError();
    CloseHandle(token);
}
#endif

}  // namespace
}  // namespace slipway::windows_backend
