// Manifests: what is read, and what tampering is noticed before any code runs.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tree/tree.hpp>

#include "plugin_host/trust.hpp"
#include "plugin_host_support.hpp"

namespace slipway::core {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const char* const kGood = R"({"slipway_plugin": 1, "name": "x", "platform": "linux", "abi_major": 1, "abi_minor": 0,
    "version": "3.2", "description": "a test"})";

class PluginManifestTest : public PluginDirectoryTest {
protected:
    Error refusal(const std::string& manifest) {
        write_file("libx.json", manifest);
        const Result<PluginManifest> read = read_manifest(directory_ / "libx.so");
        EXPECT_FALSE(read) << manifest;
        return read ? Error(ErrorCode::kInternal, "accepted") : read.error();
    }

    std::string good_with(const std::string& from, const std::string& to) {
        std::string text = kGood;
        const size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos);
        return text.replace(at, from.size(), to);
    }
};

TEST_F(PluginManifestTest, GivesWhatIsWrittenAndAnAbsolutePath) {
    write_file("libx.json", kGood);

    const Result<PluginManifest> read = read_manifest(directory_ / "." / "libx.so");

    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->name, "x");
    EXPECT_EQ(read->platform, "linux");
    EXPECT_EQ(read->version, "3.2");
    EXPECT_EQ(read->description, "a test");
    EXPECT_EQ(read->abi_major, 1U);
    EXPECT_EQ(read->library, directory_ / "libx.so");
}

TEST_F(PluginManifestTest, SaysWhatItsContainersRunWhereThatIsNotThePlatform) {
    write_file("libx.json", kGood);
    EXPECT_EQ(read_manifest(directory_ / "libx.so")->image_os, "linux");

    write_file("libx.json", good_with(R"("platform": "linux")", R"("platform": "linux", "image_os": "windows")"));
    EXPECT_EQ(read_manifest(directory_ / "libx.so")->image_os, "windows");

    EXPECT_THAT(refusal(good_with(R"("platform": "linux")", R"("platform": "linux", "image_os": "plan9")")).message(),
                HasSubstr("key 'image_os' is neither \"linux\" nor \"windows\""));
}

TEST_F(PluginManifestTest, IsNotFoundWhenThereIsNone) {
    const Result<PluginManifest> read = read_manifest(directory_ / "libx.so");

    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), ErrorCode::kNotFound);
    EXPECT_THAT(read.error().message(), HasSubstr("libx.json"));
}

TEST_F(PluginManifestTest, NamesTheKeyThatIsWrong) {
    const std::pair<std::string, const char*> cases[] = {
        {good_with("\"slipway_plugin\": 1", "\"slipway_plugin\": 2"), "'slipway_plugin' is 2"},
        {good_with("\"slipway_plugin\": 1, ", ""), "'slipway_plugin' is missing"},
        {good_with("\"x\"", "\"X\""), "'name'"},
        {good_with("\"x\"", "\"../x\""), "'name'"},
        {good_with("\"x\"", "\"\""), "'name'"},
        {good_with("\"x\"", "\"a123456789012345678901234567890123\""), "'name'"},
        {good_with("\"x\"", "7"), "'name' is not a string"},
        {good_with("\"linux\"", "\"plan9\""), "'platform'"},
        {good_with("\"abi_major\": 1", "\"abi_major\": \"1\""), "'abi_major'"},
        {good_with("\"abi_major\": 1", "\"abi_major\": -1"), "'abi_major'"},
        {good_with("\"abi_major\": 1", "\"abi_major\": 4294967297"), "'abi_major'"},
        {good_with("\"abi_major\": 1", "\"abi_major\": true"), "'abi_major'"},
        {good_with("\"abi_minor\": 0", "\"abi_minor\": 0.5"), "'abi_minor'"},
        {good_with("\"version\": \"3.2\"", "\"version\": null"), "'version'"},
        {good_with("\"a test\"", "[]"), "'description'"},
    };
    for (const auto& [text, expected] : cases) {
        const Error error = refusal(text);
        EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << text;
        EXPECT_THAT(error.message(), AllOf(HasSubstr("libx.json"), HasSubstr(expected))) << text;
    }
}

TEST_F(PluginManifestTest, RefusesWhatIsNotAManifestAtAll) {
    for (const std::string& text : {std::string("{"), std::string(), std::string("[1]"), std::string("\xFF\xFE{}"),
                                    std::string("{\"a\": \"\xC3\"}"), std::string(100'000, ' ') + kGood}) {
        EXPECT_EQ(refusal(text).code(), ErrorCode::kInvalidArgument) << text.substr(0, 40);
    }
}

TEST_F(PluginManifestTest, OfAnotherMajorIsRefusedWithBothVersionsWhateverElseItHolds) {
    const Error error = refusal(R"({"slipway_plugin": 1, "name": "x", "abi_major": 3, "abi_minor": 4})");

    EXPECT_EQ(error.code(), ErrorCode::kConflict);
    EXPECT_EQ(error.message(), "backend 'x' is built for ABI 3.4, this host has ABI 1.4");
}

TEST_F(PluginManifestTest, ThatIsAPipeDoesNotBlock) {
    ASSERT_EQ(mkfifo((directory_ / "libx.json").c_str(), 0600), 0);

    const Result<PluginManifest> read = read_manifest(directory_ / "libx.so");

    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message(), HasSubstr("not a regular file"));
}

TEST_F(PluginManifestTest, ForAnotherPlatformKeepsTheLibraryFromLoading) {
    add_hostile("older");
    write_file("libolder.json", R"({"slipway_plugin": 1, "name": "older", "platform": "windows", "abi_major": 1,
                                    "abi_minor": 0, "version": "0"})");

    const LoadedPlugins loaded = load(nullptr);

    EXPECT_THAT(loaded.backends, IsEmpty());
    ASSERT_THAT(loaded.problems, SizeIs(1));
    EXPECT_EQ(loaded.problems[0].reason, "backend 'older': is for windows, this host is linux");
}

TEST_F(PluginManifestTest, WithoutALibraryAndALibraryWithoutOneAreBothReported) {
    write_file("libx.json", kGood);
    fs::copy_file(fs::path(tree::kBuild) / "fixtures/hostile/libolder.so", directory_ / "liby.so");

    const LoadedPlugins loaded = load(nullptr);

    ASSERT_THAT(loaded.problems, SizeIs(2));
    EXPECT_THAT(loaded.problems[0].reason, AllOf(HasSubstr("backend 'x'"), HasSubstr("there is no library")));
    EXPECT_THAT(loaded.problems[1].reason, AllOf(HasSubstr("there is no manifest"), HasSubstr("liby.json")));
}

TEST_F(PluginManifestTest, FirstOfTwoPluginsWithOneNameWins) {
    add_good();
    fs::create_directory(directory_ / "second");
    for (const char* file : {"libslipway-example.so", "libslipway-example.json"}) {
        fs::copy_file(directory_ / file, directory_ / "second" / file);
    }

    const LoadedPlugins loaded = load(nullptr, {directory_ / "missing", directory_, directory_ / "second"});

    ASSERT_THAT(loaded.backends, SizeIs(1));
    EXPECT_EQ(loaded.backends[0]->info().path, directory_ / "libslipway-example.so");
    ASSERT_THAT(loaded.problems, SizeIs(1));
    EXPECT_THAT(loaded.problems[0].path, HasSubstr("second"));
    EXPECT_THAT(loaded.problems[0].reason, HasSubstr("backend 'example' is loaded already"));
}

TEST_F(PluginManifestTest, OrLibraryOrDirectoryThatOthersMayWriteIsRefused) {
    add_good();
    for (const char* name : {"libslipway-example.so", "libslipway-example.json", "."}) {
        const fs::path path = directory_ / name;
        const fs::perms before = fs::status(path).permissions();
        fs::permissions(path, before | fs::perms::others_write);

        const LoadedPlugins loaded = load(nullptr);

        EXPECT_THAT(loaded.backends, IsEmpty()) << name;
        ASSERT_THAT(loaded.problems, SizeIs(1)) << name;
        EXPECT_THAT(loaded.problems[0].reason,
                    AllOf(HasSubstr("backend 'example': '"), HasSubstr("may be written by everybody")))
            << name;
        fs::permissions(path, before);
    }
}

TEST_F(PluginManifestTest, LinkToALibraryIsJudgedByWhereItLeads) {
    add_good();
    fs::create_directory(directory_ / "shared");
    fs::rename(directory_ / "libslipway-example.so", directory_ / "shared/real.so");
    fs::create_symlink(directory_ / "shared/real.so", directory_ / "libslipway-example.so");
    fs::permissions(directory_ / "shared", fs::perms::all);

    const LoadedPlugins loaded = load(nullptr);

    ASSERT_THAT(loaded.problems, SizeIs(1));
    EXPECT_THAT(loaded.problems[0].reason, HasSubstr("shared' may be written by everybody"));
}

TEST(Trust, FollowsTheDaemonsOwnProgram) {
    const FileOwner root_program{0, 0, 0755};

    EXPECT_EQ(reason_to_distrust({0, 0, 0644}, root_program, 0), "");
    EXPECT_THAT(reason_to_distrust({1000, 1000, 0644}, root_program, 0), HasSubstr("belongs to user 1000"));
    EXPECT_THAT(reason_to_distrust({0, 0, 0666}, root_program, 0), HasSubstr("by everybody"));
    EXPECT_THAT(reason_to_distrust({0, 50, 0664}, root_program, 0), HasSubstr("by group 50"));
}

TEST(Trust, AcceptsABuildTreeOfTheUserWhoBuiltTheDaemon) {
    const FileOwner built{1000, 1000, 0775};  // umask 002

    EXPECT_EQ(reason_to_distrust({1000, 1000, 0775}, built, 0), "");
    EXPECT_THAT(reason_to_distrust({1000, 50, 0775}, built, 0), HasSubstr("by group 50"));
    EXPECT_THAT(reason_to_distrust({1001, 1000, 0755}, built, 0), HasSubstr("belongs to user 1001"));
}

TEST(Trust, AcceptsFilesOfTheUserTheDaemonRunsAs) {
    EXPECT_EQ(reason_to_distrust({1000, 1000, 0755}, {0, 0, 0755}, 1000), "");
}

}  // namespace
}  // namespace slipway::core
