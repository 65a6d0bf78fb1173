#include <model/merge.hpp>
#include <model/signals.hpp>
#include <slipway/core/schema.hpp>

#include <gmock/gmock.h>

namespace slipway::core {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

Result<MergedConfig> merge(const json& request, const json& image) {
    return merge_config(*normalise(config_schema(), request, "Config"), image);
}

std::vector<std::string> words(const Result<MergedConfig>& merged) {
    EXPECT_TRUE(merged) << merged.error().message();
    if (!merged) return {};
    std::vector<std::string> all{merged->path};
    all.insert(all.end(), merged->args.begin(), merged->args.end());
    return all;
}

const json kImage = {{"Entrypoint", {"/entry"}}, {"Cmd", {"serve"}}};

TEST(Merge, CommandFollowsDockersRules) {
    EXPECT_THAT(words(merge({}, kImage)), ElementsAre("/entry", "serve"));
    EXPECT_THAT(words(merge({{"Cmd", {"x"}}}, kImage)), ElementsAre("/entry", "x"));
    EXPECT_THAT(words(merge({{"Entrypoint", {"/mine"}}}, kImage)), ElementsAre("/mine"));
    EXPECT_THAT(words(merge({{"Entrypoint", {"/mine"}}, {"Cmd", {"y"}}}, kImage)), ElementsAre("/mine", "y"));
    EXPECT_THAT(words(merge({{"Entrypoint", {""}}, {"Cmd", {"y"}}}, kImage)), ElementsAre("y"));
    EXPECT_THAT(words(merge({{"Entrypoint", json::array()}}, kImage)), ElementsAre("serve"));
}

TEST(Merge, NoCommandAtAllIsRefused) {
    const Result<MergedConfig> merged = merge({}, nullptr);

    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(merged.error().message(), "no command specified");
    EXPECT_FALSE(merge({{"Entrypoint", {""}}}, kImage));
}

TEST(Merge, EnvironmentOfTheRequestComesFirstAndWins) {
    const Result<MergedConfig> merged =
        merge({{"Cmd", {"x"}}, {"Env", {"B=mine", "C="}}}, {{"Env", {"A=1", "B=theirs", "C=theirs"}}});

    EXPECT_EQ(merged->config["Env"], json({"B=mine", "C=", "A=1"}));
}

TEST(Merge, MapsAreUnitedAndBlanksAreFilled) {
    const Result<MergedConfig> merged = merge({{"Cmd", {"x"}}, {"Labels", {{"a", "mine"}}}, {"User", "me"}},
                                              {{"Labels", {{"a", "theirs"}, {"b", "2"}}},
                                               {"User", "root"},
                                               {"WorkingDir", "/srv"},
                                               {"StopSignal", "SIGQUIT"},
                                               {"ExposedPorts", {{"80/tcp", json::object()}}}});

    EXPECT_EQ(merged->config["Labels"], json({{"a", "mine"}, {"b", "2"}}));
    EXPECT_EQ(merged->config["User"], "me");
    EXPECT_EQ(merged->config["WorkingDir"], "/srv");
    EXPECT_EQ(merged->config["StopSignal"], "SIGQUIT");
    EXPECT_TRUE(merged->config["ExposedPorts"].contains("80/tcp"));
}

TEST(Merge, HealthcheckFillsItsMissingFields) {
    const json image = {{"Cmd", {"x"}}, {"Healthcheck", {{"Test", {"CMD", "t"}}, {"Interval", 5}}}};

    EXPECT_EQ(merge({}, image)->config["Healthcheck"]["Interval"], 5);
    const json mine = merge({{"Healthcheck", {{"Interval", 9}}}}, image)->config["Healthcheck"];
    EXPECT_EQ(mine["Interval"], 9);
    EXPECT_EQ(mine["Test"], json({"CMD", "t"}));
}

TEST(Merge, RefusesWhatCannotWork) {
    const auto message = [](const json& request) { return merge(request, kImage).error().message(); };

    EXPECT_EQ(message({{"WorkingDir", "srv"}}),
              "the working directory 'srv' is invalid, it needs to be an absolute path");
    EXPECT_EQ(message({{"Env", {"=x"}}}), "invalid environment variable: =x");
    EXPECT_EQ(message({{"StopSignal", "SIGNOPE"}}), "invalid signal: SIGNOPE");
    EXPECT_EQ(message({{"Cmd", {std::string("a\0b", 3)}}}), "Config.Cmd: a text holds a NUL character");
    EXPECT_EQ(merge({}, {{"Env", 5}}).error().message(),
              "image configuration.Env: expected a list of strings, got a number");
}

TEST(Merge, S55_NamesCannotBecomeASecondLine) {
    const auto message = [](const json& request) { return merge(request, kImage).error().message(); };

    EXPECT_EQ(message({{"Hostname", "a\n6.6.6.6 bank"}}), "invalid hostname format: 'a\n6.6.6.6 bank'");
    EXPECT_EQ(message({{"Hostname", "a b"}}), "invalid hostname format: 'a b'");
    EXPECT_EQ(message({{"Domainname", "a.test\n"}}), "invalid hostname format: 'a.test\n'");
    EXPECT_EQ(message({{"User", "me\nroot:x:0:0"}}), "invalid user: 'me\nroot:x:0:0'");
    EXPECT_EQ(merge({}, {{"Cmd", {"x"}}, {"User", "me\n"}}).error().message(), "invalid user: 'me\n'");
}

TEST(Merge, S105_LabelsAreBounded) {
    const std::string most(65535, 'x');
    EXPECT_TRUE(merge({{"Labels", {{"a", most}}}}, kImage));
    EXPECT_EQ(merge({{"Labels", {{"ab", most}}}}, kImage).error().message(), "label 'ab' is larger than 64 KiB");
    json labels;
    for (int i = 0; i < 17; ++i) labels[std::string(1, static_cast<char>('a' + i))] = most;
    EXPECT_EQ(merge({}, {{"Cmd", {"x"}}, {"Labels", labels}}).error().message(),
              "labels are larger than 1 MiB together");
}

TEST(Signals, NamesAndNumbers) {
    EXPECT_EQ(*parse_signal("KILL"), 9);
    EXPECT_EQ(*parse_signal("SIGKILL"), 9);
    EXPECT_EQ(*parse_signal("sigterm"), 15);
    EXPECT_EQ(*parse_signal("9"), 9);
    EXPECT_EQ(*parse_signal("RTMIN+3"), 37);
    EXPECT_EQ(*parse_signal("SIGRTMAX-1"), 63);
    for (const char* text : {"", "0", "65", "-9", "9x", "SIG", "RTMIN-1", "RTMIN+99", "KILLED"}) {
        EXPECT_FALSE(parse_signal(text)) << text;
    }
}

}  // namespace
}  // namespace slipway::core
