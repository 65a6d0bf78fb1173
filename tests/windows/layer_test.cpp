// Layers through the ABI: in, on top of each other, and out again.
#include "sweep.hpp"

#include <simulator/layer_tar.hpp>

#include <documents/base64.hpp>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using simulated_hcs::tar_of;
using simulated_hcs::TestMember;
using testing::HasSubstr;

const std::string kBase(64, 'a'), kChanges(64, 'c'), kExported(64, 'e');

// As an image of Windows has them.
std::vector<TestMember> base_members() {
    const std::map<std::string, std::string> facts = {{"MSWINDOWS.fileattr", "32"},
                                                      {"MSWINDOWS.rawsd", to_base64(simulated_hcs::descriptor())}};
    return {{"Files/Windows/notepad.exe", "MZ", '0', "", facts},
            {"Files/Windows/linked.exe", "", '1', "Files/Windows/notepad.exe"},
            {"Files/old.txt", "old", '0', "", facts},
            {"UtilityVM/Files/boot", "vm"}};
}

// A change of each kind.
std::vector<TestMember> changes() {
    return {{"Files", "", '5', "", {{"MSWINDOWS.fileattr", "16"}}},
            {"Files/.wh.old.txt", ""},
            {"Files/Windows", "", '5', "", {{"MSWINDOWS.fileattr", "16"}}},
            {"Files/Windows/new.txt", "new", '0', "", {{"MSWINDOWS.rawsd", to_base64(simulated_hcs::descriptor())}}},
            {"Files/Windows/new.txt:note", "n"},
            {"Files/Windows/notepad.exe", "MZ2", '0', "", {{"MSWINDOWS.fileattr", "33"}}},
            {"Files/link", "", '2', "Windows/new.txt", {{"MSWINDOWS.fileattr", "1056"}}},
            {"Files/mount", "", '2', "C:\\Windows", {{"MSWINDOWS.mountpoint", "1"}}},
            {"Hives", "", '5'},
            {"Hives/System_Delta", "regf"}};
}

class WindowsLayers : public WindowsBackend {
protected:
    std::string folder_of(const std::string& layer) const { return directory_ + "/data/layers/" + layer; }

    // The first import of a daemon looks for debris; this one has had its first in SetUp().
    void restart() {
        slw_plugin_entry.deinit(backend_);
        backend_ = nullptr;
        slw_error err{};
        err.struct_size = sizeof(err);
        ASSERT_EQ(slw_plugin_entry.init(host_->get(), &backend_, &err), SLW_OK) << err.message;
    }
    // A container whose disk holds what a layer holds.
    slw_container* changed_container() {
        EXPECT_TRUE(import_layer(kBase, {}, tar_of(base_members())));
        EXPECT_TRUE(import_layer(kChanges, {kBase}, tar_of(changes())));
        slw_container* c = open(test_id('1'));
        EXPECT_TRUE(create_root(c, {kBase}));
        EXPECT_TRUE(root_export(c)) << "the first use prepares the disk";
        EXPECT_TRUE(simulated::write_to_disk(directory_ + "/data-11111111/scratch/sandbox.vhdx", folder_of(kChanges)));
        return c;
    }
    std::vector<std::string> beside_the_layers() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(directory_ + "/data/layers")) {
            if (entry.path().filename().string().size() < 64) names.push_back(entry.path().filename().string());
        }
        return names;
    }
};

TEST_F(WindowsLayers, ABaseIsExtractedInPlace) {
    ASSERT_TRUE(import_layer(kBase, {}, tar_of(base_members())));

    for (const auto& [name, text] : {std::pair<const char*, const char*>{"/Files/Windows/notepad.exe", "MZ"},
                                     {"/Files/Windows/linked.exe", "MZ"},
                                     {"/UtilityVM/Files/boot", "vm"}}) {
        std::ifstream file(folder_of(kBase) + name);
        std::string content;
        std::getline(file, content);
        EXPECT_EQ(content, text) << name;
    }
    for (const char* const made : {"/blank-base.vhdx", "/blank.vhdx", "/Hives", "/layout"}) {
        EXPECT_TRUE(fs::exists(folder_of(kBase) + made)) << made;
    }
    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
}

TEST_F(WindowsLayers, AChainIsImportedInTheTransportFormat) {
    ASSERT_TRUE(import_layer(kBase, {}, tar_of(base_members())));

    const Outcome imported = import_layer(kChanges, {kBase}, tar_of(changes()));

    ASSERT_TRUE(imported) << imported.message();
    EXPECT_EQ(simulated::calls()["HcsImportLayer"], 1);
    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
}

TEST_F(WindowsLayers, WhatIsMalformedLeavesNothing) {
    ASSERT_TRUE(import_layer(kBase, {}, tar_of(base_members())));
    for (const std::vector<std::string>& parents : {std::vector<std::string>{}, {kBase}}) {
        const Outcome refused = import_layer(
            kChanges, parents, tar_of({{"Files/good", "x"}, {"Files/bad", "", '0', "", {{"MSWINDOWS.rawsd", "!"}}}}));
        EXPECT_EQ(refused.status, SLW_ERR_INVALID_ARGUMENT);
        EXPECT_STREQ(refused.error.resource, "Files/bad");
        EXPECT_THAT(refused.message(), HasSubstr("MSWINDOWS.rawsd"));
        EXPECT_FALSE(fs::exists(folder_of(kChanges)));
        EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
    }
    EXPECT_EQ(simulated::calls()["HcsImportLayer"], 0);
}

TEST_F(WindowsLayers, WhatADeadDaemonLeftIsRemoved) {
    fs::create_directories(directory_ + "/data/layers/work.7/layer/Files");
    restart();

    ASSERT_TRUE(import_layer(kBase, {}, tar_of(base_members())));

    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
}

TEST_F(WindowsLayers, WhatCannotBeRemovedIsInNobodysWay) {
    const std::string debris = directory_ + "/data/layers/work.1";
    fs::create_directories(debris + "/layer");
    {
        const LastingFile file(debris + "/layer/file");
        if (!file.works()) {
#ifndef _WIN32
            if (std::getenv("CI") != nullptr) FAIL() << "no file that cannot be removed, and in CI this may not skip";
#endif
            GTEST_SKIP() << "no file here that cannot be removed";
        }
        restart();

        const Outcome base = import_layer(kBase, {}, tar_of(base_members()));
        const Outcome changed = import_layer(kChanges, {kBase}, tar_of(changes()));

        EXPECT_TRUE(base) << base.message();
        EXPECT_TRUE(changed) << changed.message();
        EXPECT_FALSE(fs::exists(folder_of(kBase) + "/file")) << "the folder that stayed is not worked in";
        EXPECT_THAT(beside_the_layers(), testing::ElementsAre("work.1"));
    }
    restart();
    EXPECT_TRUE(import_layer(kExported, {kBase}, tar_of(changes())));
    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
}

TEST_F(WindowsLayers, AnImportThatIsGivenUpKeepsItsFolderUntilTheLastCallHasEnded) {
    ASSERT_TRUE(import_layer(kBase, {}, tar_of(base_members())));
    const int destroyed = simulated::calls()["HcsDestroyLayer"];
    simulated::inject(json::array({{{"function", "HcsImportLayer"}, {"nth", 0}, {"do", "hang"}},
                                   {{"function", "create_disk"}, {"nth", 0}, {"do", "hang"}}}));
    deadline_ = std::chrono::milliseconds(300);

    const Outcome upper = import_layer(kChanges, {kBase}, tar_of(changes()));
    const Outcome base = import_layer(kExported, {}, tar_of(base_members()));

    EXPECT_EQ(upper.status, SLW_ERR_DEADLINE_EXCEEDED) << upper.message();
    EXPECT_EQ(base.status, SLW_ERR_DEADLINE_EXCEEDED) << base.message();
    EXPECT_EQ(simulated::calls()["HcsDestroyLayer"], destroyed);
    ASSERT_EQ(beside_the_layers().size(), 2U);
    for (const std::string& name : beside_the_layers()) {
        EXPECT_TRUE(fs::exists(directory_ + "/data/layers/" + name + "/layer")) << name;
    }
    simulated::release_hangs();
    for (int i = 0; i < 500 && !beside_the_layers().empty(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
}

TEST_F(WindowsLayers, ChangesAreTheDiff) {
    slw_container* c = changed_container();

    const Outcome diff = root_diff(c);

    ASSERT_TRUE(diff) << diff.message();
    std::map<std::string, int> kinds;
    for (const json& change : diff.document()) kinds[change["Path"]] = change["Kind"];
    EXPECT_THAT(kinds, testing::ElementsAre(std::pair("/Windows", 0), std::pair("/Windows/new.txt", 1),
                                            std::pair("/Windows/notepad.exe", 0), std::pair("/link", 1),
                                            std::pair("/mount", 1), std::pair("/old.txt", 2)));
    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsLayers, ARootThatNeverRanHasNoChanges) {
    slw_container* c = open(test_id('1'));
    ASSERT_TRUE(import_layer(kBase, {}, tar_of(base_members())));
    ASSERT_TRUE(create_root(c, {kBase}));

    EXPECT_EQ(root_diff(c).text, "[]");
    EXPECT_EQ(simulated::calls()["HcsExportLayer"], 0);
    EXPECT_TRUE(give_back(c));
    EXPECT_EQ(root_export(c).status, SLW_ERR_NOT_FOUND);
}

TEST_F(WindowsLayers, AnExportIsALayerAgain) {
    slw_container* c = changed_container();
    const Outcome first = root_export(c);
    ASSERT_TRUE(first) << first.message();

    const Outcome imported = import_layer(kExported, {kBase}, first.text);
    ASSERT_TRUE(imported) << imported.message();
    slw_container* second = open(test_id('2'));
    ASSERT_TRUE(create_root(second, {kBase}));
    ASSERT_TRUE(simulated::write_to_disk(directory_ + "/data-22222222/scratch/sandbox.vhdx", folder_of(kExported)));
    const Outcome again = root_export(second);

    ASSERT_TRUE(again) << again.message();
    EXPECT_GT(first.text.size(), 4096U);
    EXPECT_EQ(again.text, first.text);
    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
    EXPECT_TRUE(give_back(second));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsLayers, ARunningContainerIsNotExported) {
    slw_container* c = open(test_id('1'));
    ASSERT_TRUE(run(c, test_id('1'), RunOptions{does({"sleep:60000"})}));

    for (const Outcome& refused : {root_export(c), root_diff(c)}) {
        EXPECT_EQ(refused.status, SLW_ERR_CONFLICT);
        EXPECT_THAT(refused.message(), HasSubstr("of a running container"));
    }
    ASSERT_TRUE(leave(c));
    EXPECT_TRUE(root_export(c));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsLayers, AChangeOfTheMachineIsAWholeMachine) {
    const std::string bcd = "/UtilityVM/Files/EFI/Microsoft/Boot/BCD", boot = "/UtilityVM/Files/boot";
    const auto content = [this](const std::string& layer, const std::string& name) {
        std::ifstream file(folder_of(layer) + name);
        std::string text;
        std::getline(file, text);
        return text;
    };
    ASSERT_TRUE(import_layer(kBase, {},
                             tar_of({{"Files/a", "a"},
                                     {"UtilityVM/Files/boot", "vm"},
                                     {"UtilityVM/Files/same", "same"},
                                     {"UtilityVM/Files/old", "old"},
                                     {"UtilityVM/Files/EFI/Microsoft/Boot/BCD", "bcd"}})));

    const Outcome imported = import_layer(kChanges, {kBase},
                                          tar_of({{"UtilityVM", "", '5'},
                                                  {"UtilityVM/Files", "", '5'},
                                                  {"UtilityVM/Files/.wh.old", ""},
                                                  {"UtilityVM/Files/boot", "changed"},
                                                  {"UtilityVM/Files/new/x", "new"}}));

    ASSERT_TRUE(imported) << imported.message();
    EXPECT_EQ(content(kBase, boot), "vm");
    EXPECT_EQ(content(kChanges, boot), "changed");
    EXPECT_EQ(content(kChanges, "/UtilityVM/Files/new/x"), "new");
    EXPECT_FALSE(fs::exists(folder_of(kChanges) + "/UtilityVM/Files/old"));
    EXPECT_TRUE(fs::exists(folder_of(kBase) + "/UtilityVM/Files/old"));
    EXPECT_TRUE(
        fs::equivalent(folder_of(kChanges) + "/UtilityVM/Files/same", folder_of(kBase) + "/UtilityVM/Files/same"));
    EXPECT_EQ(content(kChanges, bcd), "bcd");
    EXPECT_FALSE(fs::equivalent(folder_of(kChanges) + bcd, folder_of(kBase) + bcd)) << "setting it up writes to it";
    EXPECT_TRUE(fs::exists(folder_of(kChanges) + "/UtilityVM/SystemTemplate.vhdx"));

    for (const TestMember& bad : std::vector<TestMember>{{"UtilityVM/x", "x"},
                                                         {"UtilityVM/Files", "x"},
                                                         {"UtilityVM/.wh.Files", ""},
                                                         {"UtilityVM/Files/l", "", '1', "Files/a"},
                                                         {"UtilityVM/Files/l", "", '1', "UtilityVM/Files/none"}}) {
        const Outcome refused = import_layer(kExported, {kBase}, tar_of({bad}));
        EXPECT_EQ(refused.status, SLW_ERR_INVALID_ARGUMENT) << refused.message();
        EXPECT_EQ(refused.error.resource, bad.name);
    }
    EXPECT_THAT(beside_the_layers(), testing::IsEmpty());
}

TEST_F(WindowsLayers, AMachineBootsFromTheNearestLayerThatHasOne) {
    ASSERT_TRUE(import_machine_layer(kBase));
    ASSERT_TRUE(import_layer(kChanges, {kBase}, tar_of({{"UtilityVM/Files/boot", "changed"}})));
    slw_container* c = open(test_id('1'));
    RunOptions options{does({"sleep:60000"})};
    options.host_config["Isolation"] = "hyperv";
    options.layers = {kBase, kChanges};
    const Outcome ran = run(c, test_id('1'), options);
    ASSERT_TRUE(ran) << ran.message();

    const std::string machine = simulated::document_of(test_id('1') + "@vm").dump();

    EXPECT_THAT(machine, HasSubstr(kChanges));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsLayers, TheDiskOfAMachineIsNotLookedInto) {
    ASSERT_TRUE(import_machine_layer(kBase));
    slw_container* c = open(test_id('1'));
    RunOptions options{does({})};
    options.host_config["Isolation"] = "hyperv";
    options.layers = {kBase};
    const Outcome ran = run(c, test_id('1'), options);
    ASSERT_TRUE(ran) << ran.message();
    ASSERT_TRUE(leave(c));

    for (const Outcome& refused : {root_export(c), root_diff(c)}) {
        EXPECT_EQ(refused.status, SLW_ERR_UNIMPLEMENTED) << refused.message();
    }
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsLayers, ARootThatCouldNotBeReleasedIsReleasedLater) {
    slw_container* c = changed_container();
    simulated::inject(json::array(
        {{{"function", "HcsDetachLayerStorageFilter"}, {"nth", 2}, {"do", "fail"}, {"hresult", "0x80004005"}}}));

    EXPECT_TRUE(root_export(c));
    EXPECT_FALSE(simulated::leaks().empty());
    const Outcome again = root_diff(c);
    EXPECT_TRUE(again) << again.message();
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
    EXPECT_TRUE(give_back(c));
}

// Layers in, changes out, and all removed.
class WindowsLayerSweep : public Sweep {
protected:
    size_t functions() const override { return 12; }
    bool is_swept(const std::string& function) const override {
        return !detaching_returns_ || function != "HcsDetachLayerStorageFilter";
    }

    Outcome life(const std::string& id) override {
        Outcome first = import_layer(kBase, {}, tar_of(base_members()));
        if (first) first = import_layer(kChanges, {kBase}, tar_of(changes()));
        slw_container* c = open(id);
        if (first) first = create_root(c, {kBase, kChanges});
        if (first) first = root_export(c);
        if (first) first = root_diff(c);
        for (const auto& remove :
             std::vector<std::function<Outcome()>>{[&] { return give_back(c); }, [&] { return remove_layer(kChanges); },
                                                   [&] { return remove_layer(kBase); }}) {
            const Outcome removed = remove();
            if (removed) continue;
            if (first) first = removed;
            simulated::release_hangs();
            EXPECT_TRUE(remove()) << "the second try";
        }
        close(c);
        return first;
    }

    bool detaching_returns_ = false;
};

TEST_F(WindowsLayerSweep, EveryCallIsRefusedOnce) {
    sweep("fail");
}

TEST_F(WindowsLayerSweep, EveryCallHangsOnce) {
    // An export does not fail for that, and the next look at the disk is refused for as long as the call holds it.
    detaching_returns_ = true;
    sweep("hang");
}

TEST_F(WindowsLayerSweep, EveryCallComesTooLateOnce) {
    sweep("late");
}

}  // namespace
}  // namespace slipway::windows_backend
