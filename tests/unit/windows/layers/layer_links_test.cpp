// Layers whose links would lead out of their folder, by spellings of a name that only the file system knows as one.
#include "layer_support.hpp"

#include <layers/base_writer.hpp>
#include <layers/upper_writer.hpp>

#ifdef _WIN32
#include <windows.h>
#endif

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

MemberFacts directory_facts() {
    MemberFacts facts;
    facts.basic.attributes = kAttributeDirectory;
    return facts;
}

MemberFacts link_facts() {
    MemberFacts facts = directory_facts();
    facts.basic.attributes |= kAttributeReparsePoint;
    facts.reparse = ReparsePoint{"C:\\outside", true};
    return facts;
}

class LayerLinks : public LayerFolders {
protected:
    void SetUp() override {
        LayerFolders::SetUp();
        write("outside/dir/secret", "s");
        for (const char* const folder : {"layer", "transport"}) ASSERT_TRUE(make_directory(root_ / folder));
    }
    // As if a link of the layer had taken the directory's place under another spelling. False: no links here.
    bool becomes_a_link(const std::string& directory) const {
        std::error_code failure;
        fs::remove(root_ / directory, failure);
        fs::create_directory_symlink(root_ / "outside", root_ / directory, failure);
        return !failure;
    }
    static void expect_refused(const Status& status, const char* says) {
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code(), ErrorCode::kInvalidArgument) << status.error().message();
        EXPECT_THAT(status.error().message(), HasSubstr(says));
    }
    void expect_nothing_outside() const {
        EXPECT_EQ(bytes("outside/dir/secret"), "s");
        EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "outside"), fs::directory_iterator()), 1);
        EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "outside/dir"), fs::directory_iterator()), 1);
    }
#ifdef _WIN32
    // Names of a directory below Files which differ by more than the case of ASCII and yet are one here.
    std::vector<std::pair<std::string, std::string>> names_that_are_one() const {
        std::vector<std::pair<std::string, std::string>> found;
        const auto try_names = [&](const std::string& name, const std::string& other) {
            const Result<FileKind> kind = kind_of(root_ / "names" / path_from_utf8(other));
            if (kind && *kind == FileKind::kDirectory) found.emplace_back(name, other);
        };
        for (const char* const name : {"\xC3\xA4", "a long name.directory"}) {
            fs::create_directories(root_ / "names" / path_from_utf8(name));
        }
        try_names("\xC3\xA4", "\xC3\x84");
        wchar_t text[MAX_PATH] = {};
        GetShortPathNameW((root_ / "names/a long name.directory").c_str(), text, MAX_PATH);
        const std::string other = utf8_of_path(fs::path(text).filename());
        if (other != "a long name.directory") try_names("a long name.directory", other);
        return found;
    }
#endif
};

TEST_F(LayerLinks, ABaseLayerIsNotWrittenThroughOne) {
    BaseWriter writer(root_ / "layer");
    ASSERT_TRUE(writer.add({"Files"}, directory_facts(), false));
    ASSERT_TRUE(writer.add({"Files", "file"}, {}, false));
    ASSERT_TRUE(writer.add({"Files", "d"}, directory_facts(), false));
    ASSERT_TRUE(writer.add({"Files", "e"}, directory_facts(), false));
    if (!becomes_a_link("layer/Files/d")) GTEST_SKIP() << "no symbolic links here";

    expect_refused(writer.add({"Files", "d", "evil"}, {}, false), "is below 'Files\\d', which is no directory");
    expect_refused(writer.add({"Files", "d", "dir"}, directory_facts(), false), "which is no directory");
    expect_refused(writer.add({"Files", "d", "dir", "secret"}, {}, true), "which is no directory");
    expect_refused(writer.add_link({"Files", "d", "evil"}, {"Files", "file"}, true, false), "which is no directory");
    expect_refused(writer.add_link({"Files", "out"}, {"Files", "d", "dir", "secret"}, true, false), "links to what");
    expect_nothing_outside();
}

TEST_F(LayerLinks, ADirectoryBehindOneGetsNoTimes) {
    fs::create_directory(root_ / "outside/inner");
    BasicInfo before = *basic_info(root_ / "outside/inner");
    MemberFacts facts = directory_facts();
    facts.basic.write = *file_time_of_seconds(1'300'000'000);
    BaseWriter writer(root_ / "layer");
    ASSERT_TRUE(writer.add({"d"}, directory_facts(), false));
    ASSERT_TRUE(writer.add({"d", "inner"}, facts, false));
    ASSERT_TRUE(writer.add({"file"}, {}, false));
    fs::remove(root_ / "layer/d/inner");
    if (!becomes_a_link("layer/d")) GTEST_SKIP() << "no symbolic links here";

    const Status finished = writer.finish();

    EXPECT_TRUE(finished) << finished.error().message();
    EXPECT_EQ(basic_info(root_ / "outside/inner")->write, before.write);
}

TEST_F(LayerLinks, NoDirectoryBecomesOne) {
    BaseWriter base(root_ / "layer");
    ASSERT_TRUE(base.add({"Files"}, directory_facts(), false));
    fs::create_directory(root_ / "layer/Files/made");

    expect_refused(base.add({"Files", "made"}, link_facts(), false), "takes the place of a directory");
    expect_refused(base.add({"Files", "made"}, link_facts(), true), "takes the place of a directory");

    TransportWriter upper(root_ / "transport", {});
    ASSERT_TRUE(upper.add({"Files"}, directory_facts(), false));
    ASSERT_TRUE(upper.add({"Files", "made"}, link_facts(), false));
    fs::create_directory(root_ / "transport/Files/made");
    expect_refused(upper.finish(), "'Files/made' is a link in the place of a directory");
}

TEST_F(LayerLinks, AMachineIsNotChangedThroughOne) {
    UpperWriter writer(root_ / "transport", {}, root_ / "layer");
    ASSERT_TRUE(writer.add({"UtilityVM"}, directory_facts(), false));
    ASSERT_TRUE(writer.add({"UtilityVM", "Files"}, directory_facts(), false));
    ASSERT_TRUE(writer.add({"UtilityVM", "Files", "file"}, {}, false));
    ASSERT_TRUE(writer.add({"UtilityVM", "Files", "d"}, directory_facts(), false));
    ASSERT_TRUE(writer.add({"UtilityVM", "Files", "e"}, directory_facts(), false));
    if (!becomes_a_link("layer/UtilityVM/Files/d")) GTEST_SKIP() << "no symbolic links here";

    expect_refused(writer.add({"UtilityVM", "Files", "d", "dir"}, {}, false), "which is no directory");
    expect_refused(writer.add({"UtilityVM", "Files", "d", "dir"}, link_facts(), false), "which is no directory");
    expect_refused(writer.add_link({"UtilityVM", "Files", "d", "dir"}, {"UtilityVM", "Files", "file"}, true, false),
                   "which is no directory");
    expect_refused(writer.remove({"UtilityVM", "Files", "d", "dir"}), "removes what is not there");
    expect_nothing_outside();
}

#ifdef _WIN32
TEST_F(LayerLinks, OtherSpellingsOfADirectoryAreLookedUp) {
    const auto names = names_that_are_one();
    ASSERT_FALSE(names.empty());
    for (const auto& [name, other] : names) {
        SCOPED_TRACE(other);
        for (const char* const folder : {"layer", "transport"}) {
            ASSERT_TRUE(remove_tree(root_ / folder));
            ASSERT_TRUE(make_directory(root_ / folder));
        }
        const std::vector<TestMember> members = {
            {"Files/" + name + "/", "", '5'},
            {"Files/" + other, "", '2', "C:\\outside", {{"MSWINDOWS.fileattr", "1040"}, {"MSWINDOWS.mountpoint", "1"}}},
            {"Files/" + name + "/evil.dll", "x"}};

        TarText tar(tar_of(members));
        BaseWriter base(root_ / "layer");
        const auto based = unpack_layer(tar.stream(), base);
        ASSERT_FALSE(based);
        EXPECT_EQ(based.error().code(), ErrorCode::kInvalidArgument) << based.error().message();
        EXPECT_THAT(based.error().message(), HasSubstr("takes the place of a directory"));

        const auto upper = unpack(members);
        ASSERT_FALSE(upper);
        EXPECT_EQ(upper.error().code(), ErrorCode::kInvalidArgument) << upper.error().message();
        EXPECT_THAT(upper.error().message(), HasSubstr("is a link in the place of a directory"));
    }
}
#endif

}  // namespace
}  // namespace slipway::windows_backend
