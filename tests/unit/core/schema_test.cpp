#include <slipway/core/schema.hpp>

#include <gtest/gtest.h>

namespace slipway::core {
namespace {

using nlohmann::json;

json host(const json& input) {
    Result<json> out = normalise(host_config_schema(), input, "HostConfig");
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : json();
}

json config(const json& input) {
    Result<json> out = normalise(config_schema(), input, "Config");
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : json();
}

std::string host_error(const json& input) {
    Result<json> out = normalise(host_config_schema(), input, "HostConfig");
    EXPECT_FALSE(out);
    if (out) return {};
    EXPECT_EQ(out.error().code(), ErrorCode::kInvalidArgument);
    return out.error().message();
}

TEST(Schema, NothingGivenMeansEveryKeyWithItsDefault) {
    const json empty = host(nullptr);

    EXPECT_EQ(empty, host(json::object()));
    EXPECT_EQ(empty.size(), host_config_schema().size());
    EXPECT_EQ(empty["Memory"], 0);
    EXPECT_EQ(empty["NetworkMode"], "default");
    EXPECT_EQ(empty["RestartPolicy"], json({{"Name", "no"}, {"MaximumRetryCount", 0}}));
    EXPECT_EQ(empty["LogConfig"], json({{"Type", "json-file"}, {"Config", json::object()}}));
    EXPECT_EQ(empty["PidsLimit"], json());
    EXPECT_EQ(empty["Binds"], json::array());
    EXPECT_EQ(empty["MaskedPaths"], json());
    EXPECT_EQ(config(nullptr)["Cmd"], json());
    EXPECT_EQ(config(nullptr)["Healthcheck"], json());
}

TEST(Schema, NormalisingTwiceChangesNothing) {
    const json once = host({{"Memory", 5}, {"PortBindings", {{"80/tcp", {{{"HostPort", "8080"}}}}}}});

    EXPECT_EQ(host(once), once);
    EXPECT_EQ(once["PortBindings"]["80/tcp"][0], json({{"HostIp", ""}, {"HostPort", "8080"}}));
}

TEST(Schema, KeysMatchInAnyCaseAndUnknownOnesAreDropped) {
    const json out = host({{"mEMORY", 9}, {"Nonsense", 1}});

    EXPECT_EQ(out["Memory"], 9);
    EXPECT_FALSE(out.contains("Nonsense"));
    EXPECT_EQ(host({{"memory", 1}, {"Memory", 2}})["Memory"], 2);
}

TEST(Schema, WrongTypesNameTheirPath) {
    EXPECT_EQ(host_error({{"Memory", "64m"}}), "HostConfig.Memory: expected an integer, got a string");
    EXPECT_EQ(host_error({{"Memory", 1.5}}), "HostConfig.Memory: expected an integer, got a fractional number");
    EXPECT_EQ(host_error({{"Memory", uint64_t{1} << 63}}), "HostConfig.Memory: expected an integer, got a number");
    EXPECT_EQ(host_error({{"Binds", {"/a:/b", 7}}}), "HostConfig.Binds[1]: expected a string, got a number");
    EXPECT_EQ(host_error({{"Privileged", 1}}), "HostConfig.Privileged: expected a boolean, got a number");
    EXPECT_EQ(host_error({{"LogConfig", {{"Config", {{"max-size", 5}}}}}}),
              "HostConfig.LogConfig.Config.max-size: expected a string, got a number");
    EXPECT_EQ(host_error({{"Mounts", {{{"ReadOnly", "yes"}}}}}),
              "HostConfig.Mounts[0].ReadOnly: expected a boolean, got a string");
    EXPECT_EQ(host_error({{"PortBindings", {{"80/tcp", {{{"HostPort", 80}}}}}}}),
              "HostConfig.PortBindings.80/tcp[0].HostPort: expected a string, got a number");
    EXPECT_EQ(host_error({{"ConsoleSize", {1, 2, 3}}}),
              "HostConfig.ConsoleSize: expected a list of two integers, got a list");
    EXPECT_EQ(host_error(json::array()), "HostConfig: expected an object, got a list");
}

TEST(Schema, CommandsMayBeOneStringAndNullElementsAreEmpty) {
    EXPECT_EQ(config({{"Cmd", "echo"}})["Cmd"], json({"echo"}));
    EXPECT_EQ(config({{"Cmd", json::array()}})["Cmd"], json::array());
    EXPECT_EQ(config({{"Env", {nullptr}}})["Env"], json({""}));
    EXPECT_EQ(config({{"ExposedPorts", {{"80/tcp", nullptr}}}})["ExposedPorts"]["80/tcp"], json::object());
}

TEST(Schema, NetworkingConfigIsAMapOfEndpoints) {
    Result<json> out =
        normalise(networking_config_schema(),
                  {{"EndpointsConfig", {{"bridge", {{"aliases", {"db"}}}}, {"other", nullptr}}}}, "NetworkingConfig");

    ASSERT_TRUE(out) << out.error().message();
    EXPECT_EQ((*out)["EndpointsConfig"]["bridge"]["Aliases"], json({"db"}));
    EXPECT_EQ((*out)["EndpointsConfig"]["other"]["IPAMConfig"], json());
}

TEST(Unimplemented, DefaultsAndWhatWorksPass) {
    json wanted = host({{"Binds", {"/a:/b"}},
                        {"NetworkMode", "host"},
                        {"PidMode", "host"},
                        {"IpcMode", "private"},
                        {"SecurityOpt", {"no-new-privileges", "seccomp=unconfined", "label=disable"}},
                        {"LogConfig", {{"Type", "none"}}},
                        {"RestartPolicy", {{"Name", ""}}},
                        {"PidsLimit", 50},
                        {"MemorySwappiness", -1},
                        {"OomKillDisable", false},
                        {"Init", true},
                        {"Privileged", true},
                        {"CgroupParent", "/x"},
                        {"Mounts", {{{"Type", "tmpfs"}, {"Target", "/x"}}}}});

    EXPECT_TRUE(refuse_unimplemented(config(nullptr), host(nullptr)));
    EXPECT_TRUE(refuse_unimplemented(config({{"Healthcheck", {{"Test", {"NONE"}}}}}), wanted));
}

TEST(Unimplemented, EveryOtherWishIsRefusedByName) {
    const std::pair<const char*, json> wishes[] = {
        {"Mounts", {{{"Type", "image"}}}},
        {"LogConfig", {{"Type", "gelf"}}},
        {"NetworkMode", "mynet"},
        {"Cgroup", "container:x"},
    };
    for (const auto& [key, value] : wishes) {
        const Status refused = refuse_unimplemented(config(nullptr), host({{key, value}}));
        ASSERT_FALSE(refused) << key;
        EXPECT_EQ(refused.error().code(), ErrorCode::kUnimplemented) << key;
        EXPECT_NE(refused.error().message().find(std::string("HostConfig.") + key), std::string::npos)
            << refused.error().message();
    }
    EXPECT_TRUE(refuse_unimplemented(config({{"Volumes", {{"/v", json::object()}}}}),
                                     host({{"Links", {"a:b"}}, {"NetworkMode", "container:x"}})));
    EXPECT_TRUE(refuse_unimplemented(config({{"Healthcheck", {{"Test", {"CMD", "x"}}}}}), host(nullptr)));
}

}  // namespace
}  // namespace slipway::core
