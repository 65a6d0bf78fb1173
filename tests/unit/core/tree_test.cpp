// Directories that containers filled: what links in them lead to is neither removed nor counted.
#include "support/temp_dir.hpp"

#include <sys/tree.hpp>

#include <gtest/gtest.h>

#ifdef _WIN32
#include <windows.h>
#endif

namespace slipway::core {
namespace {

namespace fs = std::filesystem;

bool link_directory(const fs::path& target, const fs::path& link) {
#ifdef _WIN32
    // Wine 8 says that it made one, and has not.
    return CreateSymbolicLinkW(link.c_str(), target.c_str(), SYMBOLIC_LINK_FLAG_DIRECTORY) != 0 &&
           GetFileAttributesW(link.c_str()) != INVALID_FILE_ATTRIBUTES;
#else
    std::error_code error;
    fs::create_directory_symlink(target, link, error);
    return !error;
#endif
}

class Tree : public testing::Test {
protected:
    static void fill(const fs::path& file, size_t bytes) {
        fs::create_directories(file.parent_path());
        test::write_file(file, std::string(bytes, 'x'));
    }

    test::TempDir temp_;
    const fs::path tree_ = temp_.path() / "tree";
    const fs::path outside_ = temp_.path() / "outside";
};

TEST_F(Tree, GoesWithAllThatIsInIt) {
    fill(tree_ / "a" / "b" / "c.txt", 10);
    fill(tree_ / "read-only.txt", 5);
    fs::permissions(tree_ / "read-only.txt", fs::perms::owner_read);
    EXPECT_EQ(tree_size(tree_), 15U);
    EXPECT_FALSE(remove_tree(tree_));
    EXPECT_FALSE(fs::exists(tree_));
    EXPECT_FALSE(remove_tree(tree_)) << "gone already";
    EXPECT_EQ(tree_size(tree_), 0U);
}

TEST_F(Tree, WhatLinksLeadToStays) {
    fill(outside_ / "kept.txt", 1000);
    fill(tree_ / "own.txt", 7);
    if (!link_directory(outside_, tree_ / "link") || !link_directory(tree_, tree_ / "circle")) {
        GTEST_SKIP() << "this system makes no links to directories";
    }
    EXPECT_EQ(tree_size(tree_), 7U);
    EXPECT_FALSE(remove_tree(tree_));
    EXPECT_FALSE(fs::exists(tree_));
    EXPECT_TRUE(fs::exists(outside_ / "kept.txt"));
}

TEST_F(Tree, ALinkGoesAloneWhenItIsWhatIsRemoved) {
    fill(outside_ / "kept.txt", 1);
    if (!link_directory(outside_, tree_)) GTEST_SKIP() << "this system makes no links to directories";
    EXPECT_FALSE(remove_tree(tree_));
    EXPECT_FALSE(fs::exists(fs::symlink_status(tree_)));
    EXPECT_TRUE(fs::exists(outside_ / "kept.txt"));
}

TEST_F(Tree, TheRealPathHasNoLinks) {
    fill(outside_ / "kept.txt", 1);
    std::error_code error;
    const fs::path real = real_path(outside_, error);
    ASSERT_FALSE(error) << error.message();
    EXPECT_TRUE(fs::equivalent(real, outside_));
    if (link_directory(outside_, tree_)) {
        EXPECT_EQ(real_path(tree_, error), real);
        EXPECT_FALSE(error);
    }
    EXPECT_TRUE(real_path(temp_.path() / "missing", error).empty());
    EXPECT_TRUE(error);
}

}  // namespace
}  // namespace slipway::core
