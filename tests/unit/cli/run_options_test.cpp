#include "run_options.hpp"

#include "client.hpp"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

using nlohmann::json;

json host_config_of(const RunOptions& options) {
    return create_request(options, "box", {})["HostConfig"];
}

TEST(CreateRequest, PublishesPortsInEveryForm) {
    RunOptions options;
    options.publish = {"80", "8080:81", "127.0.0.1:9000:82/udp", "7000-7001:90-91", "[::1]:99:99"};

    const json request = create_request(options, "box", {});
    const json& ports = request["HostConfig"]["PortBindings"];

    EXPECT_EQ(ports["80/tcp"][0], json({{"HostIp", ""}, {"HostPort", ""}}));
    EXPECT_EQ(ports["81/tcp"][0]["HostPort"], "8080");
    EXPECT_EQ(ports["82/udp"][0], json({{"HostIp", "127.0.0.1"}, {"HostPort", "9000"}}));
    EXPECT_EQ(ports["91/tcp"][0]["HostPort"], "7001");
    EXPECT_EQ(ports["99/tcp"][0]["HostIp"], "::1");
    EXPECT_TRUE(request["ExposedPorts"].contains("91/tcp"));
}

TEST(CreateRequest, NamesTheOptionThatMakesNoSense) {
    for (const auto& [change, option] : std::vector<std::pair<std::function<void(RunOptions&)>, std::string>>{
             {[](RunOptions& o) { o.publish = {"http"}; }, "--publish"},
             {[](RunOptions& o) { o.publish = {"1:2:3:4"}; }, "--publish"},
             {[](RunOptions& o) { o.publish = {"70000:80"}; }, "--publish"},
             {[](RunOptions& o) { o.memory = "plenty"; }, "--memory"},
             {[](RunOptions& o) { o.mounts = {"type=bind,src=/a"}; }, "--mount"},
             {[](RunOptions& o) { o.ulimits = {"nofile"}; }, "--ulimit"},
             {[](RunOptions& o) { o.cpus = -1; }, "--cpus"},
             {[](RunOptions& o) { o.env_files = {"/nonexistent"}; }, "--env-file"}}) {
        RunOptions options;
        change(options);
        try {
            create_request(options, "box", {});
            FAIL() << option;
        } catch (const CommandError& e) {
            EXPECT_NE(std::string(e.what()).find(option), std::string::npos) << e.what();
            EXPECT_EQ(e.exit_code(), 125);
        }
    }
}

TEST(CreateRequest, TakesValuesOfBareVariablesFromTheEnvironment) {
#ifdef _WIN32
    _putenv_s("SLIPWAY_TEST_VALUE", "7");
#else
    setenv("SLIPWAY_TEST_VALUE", "7", 1);
#endif
    RunOptions options;
    options.env = {"A=1", "SLIPWAY_TEST_VALUE", "SLIPWAY_TEST_UNSET"};

    EXPECT_EQ(create_request(options, "box", {})["Env"], json({"A=1", "SLIPWAY_TEST_VALUE=7"}));
}

TEST(CreateRequest, DetachedContainersAttachNothing) {
    RunOptions options;
    options.detach = true;
    options.interactive = true;

    const json request = create_request(options, "box", {"sh"});

    EXPECT_EQ(request["AttachStdout"], false);
    EXPECT_EQ(request["StdinOnce"], false);
    EXPECT_EQ(request["OpenStdin"], true);
    EXPECT_EQ(request["Cmd"], json({"sh"}));
}

TEST(CreateRequest, ConvertsLimits) {
    RunOptions options;
    options.memory = "64m";
    options.cpus = 0.5;
    options.pids_limit = 50;
    options.tmpfs = {"/run:size=1m", "/tmp"};

    const json host = host_config_of(options);

    EXPECT_EQ(host["Memory"], 67108864);
    EXPECT_EQ(host["NanoCpus"], 500000000);
    EXPECT_EQ(host["PidsLimit"], 50);
    EXPECT_EQ(host["Tmpfs"], json({{"/run", "size=1m"}, {"/tmp", ""}}));
}

}  // namespace
}  // namespace slipway::cli
