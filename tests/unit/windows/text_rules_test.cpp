// Command lines, environments, paths and GUIDs.
#include <documents/command_line.hpp>
#include <documents/environment.hpp>
#include <documents/guid.hpp>
#include <documents/ipv4.hpp>
#include <documents/network_documents.hpp>
#include <documents/paths.hpp>
#include <documents/process_document.hpp>

#include <gtest/gtest.h>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

TEST(WindowsCommandLine, QuotesWhereTheRuntimeWouldSplit) {
    const struct {
        const char* argument;
        const char* quoted;
    } rows[] = {
        {"plain", "plain"},
        {"", R"("")"},
        {"two words", R"("two words")"},
        {"tab\there", "\"tab\there\""},
        {R"(C:\dir\)", R"(C:\dir\)"},
        {R"(C:\my dir\)", R"("C:\my dir\\")"},
        {R"(say "hi")", R"("say \"hi\"")"},
        {R"(a\"b)", R"("a\\\"b")"},
        {R"(a\\b c)", R"("a\\b c")"},
        {R"(\\server\share)", R"(\\server\share)"},
    };
    for (const auto& row : rows) EXPECT_EQ(quote_argument(row.argument), row.quoted);
    EXPECT_EQ(join_command_line({"a", "b c", ""}), R"(a "b c" "")");
    EXPECT_EQ(join_escaped_command_line({R"(cmd /c "x y")", "b c"}), R"(cmd /c "x y" "b c")");
    EXPECT_EQ(join_escaped_command_line({"only"}), "only");
}

TEST(WindowsEnvironment, NamesHaveNoCaseAndTheLastEntryWins) {
    EXPECT_EQ(environment_object({"Path=a", "PATH=b", "X=1=2", "EMPTY=", "none", "=hidden"}),
              (json{{"PATH", "b"}, {"X", "1=2"}, {"EMPTY", ""}}));
}

TEST(WindowsPaths, ContainerPathsAreNormalised) {
    const struct {
        const char* path;
        const char* normal;
    } rows[] = {
        {R"(C:\data)", R"(C:\data)"},      {"c:/data/", R"(C:\data)"}, {R"(d:\)", "D:"},
        {R"(c:\a\\b\.\c)", R"(C:\a\b\c)"}, {"/data", R"(C:\data)"},    {R"(\data)", R"(C:\data)"},
    };
    for (const auto& row : rows) {
        const auto normal = normalise_container_path(row.path);
        ASSERT_TRUE(normal) << row.path << ": " << normal.error().message();
        EXPECT_EQ(*normal, row.normal);
    }
}

TEST(WindowsPaths, WhatNoMountMayHaveIsRefused) {
    for (const char* path : {"", "data", "C:", "C:\\", "c:/", "/", "C:data", R"(C:\a\..\b)", "/a/../b",
                             R"(\\server\share)", R"(C:\con)", R"(C:\a\LPT1.txt)", R"(C:\a:b)", "C:\\a*"}) {
        const auto normal = normalise_container_path(path);
        ASSERT_FALSE(normal) << path << " became " << *normal;
        EXPECT_EQ(normal.error().code(), ErrorCode::kInvalidArgument);
    }
}

TEST(WindowsPaths, PipesHaveAPrefixWithoutCase) {
    EXPECT_EQ(pipe_name(R"(\\.\pipe\docker_engine)"), "docker_engine");
    EXPECT_EQ(pipe_name("//./PIPE/a"), "a");
    EXPECT_EQ(pipe_name(R"(\\.\pipe\)"), std::nullopt);
    EXPECT_EQ(pipe_name(R"(C:\pipe\a)"), std::nullopt);
}

TEST(WindowsPaths, ReservedNamesIncludeThoseWithExtensions) {
    for (const char* name : {"con", "NUL", "Prn", "aux.txt", "com1", "COM9.log", "lpt3"})
        EXPECT_TRUE(is_reserved_name(name));
    for (const char* name : {"console", "com0", "com10", "lpt", "nul1", "x"}) EXPECT_FALSE(is_reserved_name(name));
}

TEST(WindowsGuid, IsStableForAnIdAndReadsBack) {
    const std::string id = "0123456789abcdef0123456789abcdef" + std::string(32, '7');

    const Guid guid = guid_of_id(id);

    EXPECT_EQ(guid.text(), "01234567-89ab-8def-8123-456789abcdef");
    EXPECT_EQ(Guid::parse(guid.text()), guid);
    EXPECT_EQ(Guid::parse("{01234567-89AB-8DEF-8123-456789ABCDEF}"), guid);
    EXPECT_NE(guid_of_id(id, "namespace"), guid);
    EXPECT_NE(guid_of_id("short"), guid_of_id("other"));
    for (const char* text :
         {"", "0123", "01234567-89ab-8def-8123-456789abcdeg", "01234567089ab-8def-8123-456789abcdef"}) {
        EXPECT_EQ(Guid::parse(text), std::nullopt);
    }
}

TEST(WindowsIpv4, SubnetsClearHostBits) {
    const auto subnet = Ipv4Subnet::parse("10.5.7.9/16");
    ASSERT_TRUE(subnet);
    EXPECT_EQ(subnet->text(), "10.5.0.0/16");
    EXPECT_EQ(ipv4_text(subnet->first()), "10.5.0.1");
    EXPECT_EQ(ipv4_text(subnet->last()), "10.5.255.254");
    EXPECT_TRUE(subnet->contains(*parse_ipv4("10.5.1.1")));
    EXPECT_FALSE(subnet->contains(*parse_ipv4("10.6.1.1")));
    for (const char* text : {"1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", ""})
        EXPECT_FALSE(parse_ipv4(text));
}

TEST(WindowsConsole, SizeIsHeightThenWidth) {
    const json console = {{"EmulateConsole", true}}, pipes = json::object();
    EXPECT_EQ(with_console_size(console, 40, 120)["ConsoleSize"], (json{40, 120}));
    EXPECT_EQ(with_console_size(console, 0, 0)["ConsoleSize"], (json{24, 80}));
    EXPECT_EQ(with_console_size(pipes, 40, 120), pipes);
    EXPECT_EQ(resize_request(40, 120)["ConsoleSize"], (json{{"Height", 40}, {"Width", 120}}));
}

TEST(WindowsNetworkAnswers, AreReadBackFromWhatTheHnsChose) {
    const json properties = json::parse(R"({"IpConfigurations":[{"IpAddress":"172.20.1.2","PrefixLength":20}],
        "Routes":[{"NextHop":"172.20.0.1","DestinationPrefix":"0.0.0.0/0"}],"MacAddress":"00-15-5D-0A-0B-0C",
        "Policies":[{"Type":"PortMapping","Settings":{"Protocol":6,"InternalPort":80,"ExternalPort":49152}},
                    {"Type":"OutBoundNAT","Settings":{}}],"Unknown":[]})");
    PortWish any;
    any.container_port = 80;

    const json answer = endpoint_answer(properties, {any});

    EXPECT_EQ(answer["IPAddress"], "172.20.1.2");
    EXPECT_EQ(answer["IPPrefixLen"], 20);
    EXPECT_EQ(answer["Gateway"], "172.20.0.1");
    EXPECT_EQ(answer["MacAddress"], "00:15:5d:0a:0b:0c");
    EXPECT_EQ(answer["Ports"],
              (json::array({{{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostIp", "0.0.0.0"}, {"HostPort", 49152}}})));
    EXPECT_EQ(endpoint_answer(json::object(), {})["IPAddress"], "");
}

TEST(WindowsNetworkDocuments, NameWhatIsNotOffered) {
    const json base = {{"Id", std::string(64, 'd')}, {"Name", "n"}, {"Driver", "nat"}};
    const auto code_with = [&](const json& change) {
        json document = base;
        document.update(change);
        const auto built = hcn_network(document, "t");
        return built ? ErrorCode::kInternal : built.error().code();
    };
    EXPECT_EQ(code_with({{"Driver", "pigeon"}}), ErrorCode::kUnimplemented);
    EXPECT_EQ(code_with({{"Driver", "host"}}), ErrorCode::kUnimplemented);
    EXPECT_EQ(code_with({{"EnableIPv6", true}}), ErrorCode::kUnimplemented);
    EXPECT_EQ(code_with({{"IPAM", {{"Config", {{{"Subnet", "10.0.0.0/33"}}}}}}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_with({{"IPAM", {{"Config", {{{"Subnet", "10.0.0.0/24"}, {"Gateway", "10.0.1.1"}}}}}}}),
              ErrorCode::kInvalidArgument);
    const auto port_code = [](const json& port) {
        const auto wishes = port_wishes({{"Ports", json::array({port})}});
        return wishes ? ErrorCode::kInternal : wishes.error().code();
    };
    EXPECT_EQ(port_code({{"Proto", "sctp"}, {"ContainerPort", 1}}), ErrorCode::kUnimplemented);
    EXPECT_EQ(port_code({{"Proto", "tcp"}, {"ContainerPort", 1}, {"HostIp", "127.0.0.1"}}), ErrorCode::kUnimplemented);
    EXPECT_EQ(port_code({{"Proto", "tcp"}, {"ContainerPort", 0}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(port_code({{"Proto", "tcp"}, {"ContainerPort", 1}, {"HostPort", 70000}}), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::windows_backend
