// Plugins that are broken in one way each: reported by name and cause, while the good one beside them loads.
#include <gmock/gmock.h>
#include <tree/tree.hpp>

#include <cstdlib>

#include "plugin_host_support.hpp"

namespace slipway::core {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Case {
    const char* plugin;
    const char* cause;
    bool safe_in_process = true;  // false: it would take the test down with it
};

class HostilePlugin : public PluginDirectoryTest, public testing::WithParamInterface<Case> {};

TEST_P(HostilePlugin, IsReportedByNameAndCauseThroughTheProbe) {
    const std::string reason = reason_beside_good(GetParam().plugin, probe_process());

    EXPECT_THAT(reason, AllOf(HasSubstr("'" + std::string(GetParam().plugin) + "'"), HasSubstr(GetParam().cause)));
}

TEST_P(HostilePlugin, IsReportedByNameAndCauseWithoutAProbe) {
    if (!GetParam().safe_in_process) return;  // the probe exists for these

    const std::string reason = reason_beside_good(GetParam().plugin, nullptr);

    EXPECT_THAT(reason, AllOf(HasSubstr("'" + std::string(GetParam().plugin) + "'"), HasSubstr(GetParam().cause)));
}

INSTANTIATE_TEST_SUITE_P(
    Plugins, HostilePlugin,
    testing::Values(Case{"manifest-major", "is built for ABI 2.0, this host has ABI 1.4"},
                    Case{"symbol-major", "has an entry for ABI 7.3, this host has ABI 1.4"},
                    Case{"no-entry", "exports no slw_plugin_entry"},
                    Case{"unresolved", "slipway_function_that_nobody_has"},
                    Case{"not-a-library", "cannot load the library"},
                    Case{"short-entry", "slw_plugin_entry has struct_size 32, ABI 1.0 has 56"},
                    Case{"other-name", "slw_plugin_entry is named 'somebody-else', unlike the manifest"},
                    Case{"crash-abort", "Aborted", false}, Case{"crash-segv", "Segmentation fault", false},
                    Case{"exit-zero", "the probe ended without a word", false},
                    Case{"throws", "init threw an exception across the ABI"},
                    Case{"unavailable", "no widgets on this machine"},
                    Case{"silent", "init failed without saying why (status 4711)"},
                    Case{"no-backend", "init succeeded without a backend"},
                    Case{"no-network", "lacks the required extension slw.network/1"},
                    Case{"no-start", "offers slw.create/1 without the function 'start'"}),
    [](const auto& param) {
        std::string name = param.param.plugin;
        for (char& c : name) {
            if (c == '-') c = '_';
        }
        return name;
    });

using HostilePlugins = PluginDirectoryTest;

TEST_F(HostilePlugins, OneThatHangsIsGivenUpByTheProbe) {
    const std::string reason = reason_beside_good("hang", probe_process(500));

    EXPECT_EQ(reason, "backend 'hang': the probe did not end in time");
}

TEST_F(HostilePlugins, OfAnotherMajorNeverRunAnyCode) {
    const fs::path canary = directory_ / "canary";
    ASSERT_EQ(setenv("SLIPWAY_TEST_CANARY", canary.c_str(), 1), 0);

    reason_beside_good("manifest-major", probe_process());

    EXPECT_FALSE(fs::exists(canary)) << "the library's initialiser ran";
}

TEST_F(HostilePlugins, TheCanaryWouldHaveSung) {
    const fs::path canary = directory_ / "canary";
    ASSERT_EQ(setenv("SLIPWAY_TEST_CANARY", canary.c_str(), 1), 0);
    add_hostile("manifest-major");
    fs::copy_file(fs::path(tree::kBuild) / "fixtures/hostile/libolder.json", directory_ / "libmanifest-major.json",
                  fs::copy_options::overwrite_existing);

    load(probe_process());

    EXPECT_TRUE(fs::exists(canary)) << "the fixture proves nothing";
}

TEST_F(HostilePlugins, AllTogetherDoNotKeepTheGoodOneOut) {
    size_t hostile = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(tree::kBuild) / "fixtures/hostile")) {
        const std::string name = entry.path().stem().string().substr(3);
        const bool loads = name == "older" || name == "newer" || name == "liar";
        if (entry.path().extension() != ".json" || loads) continue;
        add_hostile(name);
        ++hostile;
    }
    add_good();

    const LoadedPlugins loaded = load(probe_process(1'000));

    EXPECT_GE(hostile, 17U);
    EXPECT_THAT(loaded.backends, SizeIs(1));
    EXPECT_THAT(loaded.problems, SizeIs(hostile));
}

TEST_F(HostilePlugins, AShorterTableOfAnOlderMinorLoadsAndWhatItLacksIsUnimplemented) {
    add_hostile("older");

    const LoadedPlugins loaded = load(probe_process());

    ASSERT_THAT(loaded.problems, IsEmpty());
    ASSERT_THAT(loaded.backends, SizeIs(1));
    const auto container = loaded.backends[0]->open_container({"id", "name", "/s", "/d"});
    ASSERT_TRUE(container);
    const auto diff = (*container)->root_diff({});
    ASSERT_FALSE(diff);
    EXPECT_EQ(diff.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(diff.error().message(), HasSubstr("backend 'older' does not support"));
}

TEST_F(HostilePlugins, ALongerTableOfANewerMinorLoads) {
    add_hostile("newer");

    const LoadedPlugins loaded = load(probe_process());

    ASSERT_THAT(loaded.problems, IsEmpty());
    ASSERT_THAT(loaded.backends, SizeIs(1));
    EXPECT_EQ(loaded.backends[0]->info().abi_minor, 9U);
}

}  // namespace
}  // namespace slipway::core
