#include <spec/defaults.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

ContainerDefaults defaults(const json& configuration) {
    Result<ContainerDefaults> read = ContainerDefaults::from_json(configuration);
    EXPECT_TRUE(read) << (read ? "" : read.error().message());
    return read ? *read : ContainerDefaults{};
}

json host_config(const json& own, const json& configuration) {
    return with_defaults({{"HostConfig", own}}, defaults(configuration))["HostConfig"];
}

TEST(Defaults, FillOnlyWhatAContainerLeavesOpen) {
    const json all = {{"init", true},
                      {"no_new_privileges", true},
                      {"seccomp_profile", "unconfined"},
                      {"default_ulimits", {{"nofile", {{"Soft", 7}, {"Hard", 9}}}, {"core", {{"Name", "core"}}}}}};

    const json open = host_config({{"Init", nullptr}}, all);
    EXPECT_EQ(open["Init"], true);
    EXPECT_EQ(open["SecurityOpt"], json({"no-new-privileges", "seccomp=unconfined"}));
    EXPECT_EQ(open["Ulimits"].size(), 2U);

    const json own = host_config({{"Init", false},
                                  {"SecurityOpt", {"no-new-privileges:false", "seccomp=builtin"}},
                                  {"Ulimits", {{{"Name", "nofile"}, {"Soft", 1}, {"Hard", 1}}}}},
                                 all);
    EXPECT_EQ(own["Init"], false);
    EXPECT_EQ(own["SecurityOpt"], json({"no-new-privileges:false", "seccomp=builtin"}));
    ASSERT_EQ(own["Ulimits"].size(), 2U);
    EXPECT_EQ(own["Ulimits"][0]["Soft"], 1);

    EXPECT_EQ(host_config({{"Privileged", true}}, {{"seccomp_profile", "unconfined"}}).contains("SecurityOpt"), false);
    EXPECT_EQ(host_config({{"Memory", 1}}, json::object())["Memory"], 1);
}

TEST(Defaults, BadOnesAreRefusedWithTheirKey) {
    const auto profile = ContainerDefaults::from_json({{"seccomp_profile", "{"}});
    ASSERT_FALSE(profile);
    EXPECT_NE(profile.error().message().find("seccomp_profile"), std::string::npos);
    const auto limit = ContainerDefaults::from_json({{"default_ulimits", {{"frob", {{"Soft", 1}, {"Hard", 1}}}}}});
    ASSERT_FALSE(limit);
    EXPECT_NE(limit.error().message().find("default_ulimits"), std::string::npos);
}

}  // namespace
}  // namespace slipway::linux_backend
