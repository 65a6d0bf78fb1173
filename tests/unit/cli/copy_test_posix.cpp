#include "copy/copy_plan.hpp"
#include "copy/tar_stream.hpp"

#include "client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;

std::string said(const CopySource& source, const CopyDestination& destination) {
    try {
        const CopyPlan plan = plan_copy(source, destination);
        return plan.directory + ": " + plan.from + " -> " + plan.to;
    } catch (const CommandError& error) {
        return error.what();
    }
}

TEST(CopyArguments, AColonNamesAContainerUnlessThePathIsPlainlyHere) {
    EXPECT_EQ(split_copy_argument("web:/a:b").container, "web");
    EXPECT_EQ(split_copy_argument("web:/a:b").path, "/a:b");
    for (const char* here : {"/tmp/a:b", "./a:b", "../a:b", "file", "-"}) {
        EXPECT_EQ(split_copy_argument(here).container, "") << here;
        EXPECT_EQ(split_copy_argument(here).path, here);
    }
}

TEST(CopyPlans, PathsEndInANameOrInTheContentOfADirectory) {
    const auto shown = [](const std::string& path) {
        const PathEntry entry = split_entry(path);
        return entry.directory + " " + entry.base;
    };
    EXPECT_EQ(shown("/a/b"), "/a b");
    EXPECT_EQ(shown("/a/b/"), "/a b");
    EXPECT_EQ(shown("/a/b/."), "/a/b .");
    EXPECT_EQ(shown("/a/../b"), "/ b");
    EXPECT_EQ(shown("b"), ". b");
    EXPECT_EQ(shown("."), ". .");
    EXPECT_EQ(shown("/"), "/ /");
}

// The cases of `docker cp`'s documentation.
TEST(CopyPlans, FollowDocker) {
    const CopySource file{"/x/f", false, ""}, directory{"/x/d", true, ""}, content{"/x/d/.", true, ""};

    EXPECT_EQ(said(file, {"/new", false, false}), "/: f -> new");
    EXPECT_EQ(said(file, {"/new/", false, false}), "no such directory");
    EXPECT_EQ(said(file, {"/old", true, false}), "/: f -> old");
    EXPECT_EQ(said(file, {"/dir", true, true}), "/dir: f -> f");
    EXPECT_EQ(said(directory, {"/new", false, false}), "/: d -> new");
    EXPECT_EQ(said(directory, {"/new/", false, false}), "/: d -> new");
    EXPECT_EQ(said(directory, {"/old", true, false}), "cannot copy directory");
    EXPECT_EQ(said(directory, {"/dir", true, true}), "/dir: d -> d");
    EXPECT_EQ(said(content, {"/new", false, false}), "/: . -> new");
    EXPECT_EQ(said(content, {"/dir", true, true}), "/dir: . -> .");
    EXPECT_EQ(said({"/x/target", false, "link"}, {"/dir", true, true}), "/dir: target -> link");
}

TEST(CopyPlans, RenameTheFirstPartOfMembersAlone) {
    EXPECT_EQ(renamed("d/d/d", {"", "d", "new"}), "new/d/d");
    EXPECT_EQ(renamed("d", {"", "d", "new"}), "new");
    EXPECT_EQ(renamed("dd/x", {"", "d", "new"}), "dd/x");
    EXPECT_EQ(renamed("./x", {"", ".", "new"}), "new/x");
    EXPECT_EQ(renamed("d/x", {"", "d", "d"}), "d/x");
}

class TarStream : public ::testing::Test {
protected:
    TarStream() {
        char name[] = "/tmp/slipway-cp-XXXXXX";
        root = mkdtemp(name);
        fs::create_directories(root / "from/sub");
        fs::create_directories(root / "to");
    }
    ~TarStream() override { fs::remove_all(root); }

    static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
    static std::string read(const fs::path& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // Packs `path` as `name` and unpacks that as `plan` says.
    void pass(const fs::path& path, const std::string& name, const CopyPlan& plan) const {
        std::stringstream tar;
        const uint64_t written = write_tar(path, name, tar);
        EXPECT_EQ(unpack_tar(tar, plan), written);
    }
    std::string refused(const fs::path& path, const std::string& name) const {
        try {
            pass(path, name, {(root / "to").string(), name, name});
            return "accepted";
        } catch (const CommandError& error) {
            return error.what();
        }
    }

    fs::path root;
};

TEST_F(TarStream, KeepsContentModesLinksAndHardLinks) {
    write(root / "from/f", std::string(200'000, 'x') + "end");
    write(root / "from/sub/program", "#!/bin/sh\n");
    chmod((root / "from/sub/program").c_str(), 0751);
    fs::create_symlink("../f", root / "from/sub/link");
    fs::create_hard_link(root / "from/f", root / "from/sub/same");
    fs::create_directory(root / "from/empty");

    pass(root / "from", "d", {(root / "to").string(), "d", "copy"});

    EXPECT_EQ(read(root / "to/copy/f"), std::string(200'000, 'x') + "end");
    EXPECT_EQ(fs::read_symlink(root / "to/copy/sub/link"), "../f");
    EXPECT_TRUE(fs::equivalent(root / "to/copy/f", root / "to/copy/sub/same"));
    EXPECT_TRUE(fs::is_directory(root / "to/copy/empty"));
    struct stat info {};
    ASSERT_EQ(stat((root / "to/copy/sub/program").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0751U);
}

TEST_F(TarStream, AContainerCannotLeadOut) {
    write(root / "from/f", "escaped");
    fs::create_directory_symlink(root, root / "to/link");

    EXPECT_NE(refused(root / "from/f", "../f"), "accepted");
    EXPECT_NE(refused(root / "from/f", (root / "absolute").string()), "accepted");
    EXPECT_NE(refused(root / "from/f", "link/f"), "accepted");

    EXPECT_FALSE(fs::exists(root / "f"));
    EXPECT_FALSE(fs::exists(root / "absolute"));
}

TEST_F(TarStream, ACutArchiveIsAnError) {
    write(root / "from/f", std::string(100'000, 'x'));
    std::stringstream tar;
    write_tar(root / "from/f", "f", tar);
    std::stringstream half(tar.str().substr(0, 50'000));

    EXPECT_THROW(unpack_tar(half, {(root / "to").string(), "f", "f"}), CommandError);
}

}  // namespace
}  // namespace slipway::cli
