// The configuration file: what its keys set, and which text names a mistake.
#include "config_file.hpp"
#include "options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::daemon {
namespace {

using nlohmann::json;

std::string config_error(const std::string& text, std::vector<std::pair<std::string, std::string>> flags = {}) {
    DaemonOptions options;
    const Status applied = apply_config_file(json::parse(text), flags, options);
    return applied ? "accepted" : applied.error().message();
}

TEST(ConfigFile, UnknownKeysAndWrongTypesAreNamed) {
    EXPECT_EQ(config_error(R"({"colour":"red","hosts":[]})"),
              "the following directives don't match any configuration option: colour");
    EXPECT_EQ(config_error(R"({"hosts":"unix:///x"})"), "'hosts' cannot be a value of type string");
    EXPECT_EQ(config_error(R"({"hosts":[5]})"), "'hosts' cannot be a value of type array");
    EXPECT_EQ(config_error(R"({"shutdown-timeout":"5"})"), "'shutdown-timeout' cannot be a value of type string");
}

TEST(ConfigFile, TakesDefaultsOfContainers) {
    DaemonOptions options;
    ASSERT_TRUE(apply_config_file(
        nlohmann::json::parse(R"({"init": true, "no-new-privileges": true, "seccomp-profile": "/p.json"})"), {},
        options));
    EXPECT_TRUE(options.init);
    EXPECT_TRUE(options.no_new_privileges);
    EXPECT_EQ(options.seccomp_profile, "/p.json");
    EXPECT_EQ(config_error(R"({"init":"yes"})"), "'init' cannot be a value of type string");
}

TEST(ConfigFile, TakesDeadlinesOfPhases) {
    DaemonOptions options;
    ASSERT_TRUE(
        apply_config_file(nlohmann::json::parse(R"({"phase-deadlines": {"create": 5, "default": 9}})"), {}, options));
    EXPECT_EQ(options.phase_deadlines, (std::map<std::string, int64_t>{{"create", 5}, {"default", 9}}));
    EXPECT_EQ(config_error(R"({"phase-deadlines":{"create":"1s"}})"),
              "'phase-deadlines' cannot be a value of type object");
}

TEST(ConfigFile, ConflictsShowBothSides) {
    EXPECT_EQ(config_error(R"({"hosts":["unix:///b"]})", {{"hosts", "unix:///a"}}),
              "the following directives are specified both as a flag and in the configuration file: hosts: (from flag: "
              "unix:///a, from file: [\"unix:///b\"])");
}

}  // namespace
}  // namespace slipway::daemon
