#include <model/host_config.hpp>
#include <model/log_config.hpp>
#include <model/mounts.hpp>
#include <model/ports.hpp>
#include <model/size_text.hpp>
#include <slipway/core/schema.hpp>

#include "support/host_config.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace slipway::core {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

std::string refusal(const json& input) {
    json config = host_config_with(input);
    const Status checked = check_host_config(config);
    EXPECT_FALSE(checked);
    if (checked) return {};
    EXPECT_EQ(checked.error().code(), ErrorCode::kInvalidArgument);
    return checked.error().message();
}

TEST(HostConfig, BlanksAreFilledOnceAndForAll) {
    json config =
        host_config_with({{"NetworkMode", ""}, {"LogConfig", {{"Type", ""}}}, {"RestartPolicy", {{"Name", ""}}}});

    ASSERT_TRUE(check_host_config(config));
    EXPECT_EQ(config["NetworkMode"], "default");
    EXPECT_EQ(config["LogConfig"]["Type"], "json-file");
    EXPECT_EQ(config["RestartPolicy"]["Name"], "no");
    const json once = config;
    ASSERT_TRUE(check_host_config(config));
    EXPECT_EQ(config, once);
}

TEST(HostConfig, RefusalsHaveDockersTexts) {
    EXPECT_EQ(refusal({{"AutoRemove", true}, {"RestartPolicy", {{"Name", "always"}}}}),
              "can't create 'AutoRemove' container with restart policy");
    EXPECT_EQ(refusal({{"ExtraHosts", {"web"}}}), "bad format for add-host: \"web\"");
    EXPECT_EQ(refusal({{"ExtraHosts", {"web:nowhere"}}}), "invalid IP address in add-host: \"web:nowhere\"");
    EXPECT_EQ(refusal({{"PortBindings", {{"80/tcp", {{{"HostPort", "x"}}}}}}}), "invalid port specification: \"x\"");
    EXPECT_EQ(refusal({{"PortBindings", {{"99999/tcp", json::array()}}}}), "invalid port specification: \"99999/tcp\"");
    EXPECT_EQ(refusal({{"RestartPolicy", {{"Name", "sometimes"}}}}),
              "invalid restart policy: unknown policy 'sometimes'; use one of 'no', 'always', 'on-failure', or "
              "'unless-stopped'");
    EXPECT_EQ(refusal({{"RestartPolicy", {{"Name", "always"}, {"MaximumRetryCount", 3}}}}),
              "invalid restart policy: maximum retry count can only be used with 'on-failure'");
    EXPECT_EQ(refusal({{"RestartPolicy", {{"Name", "on-failure"}, {"MaximumRetryCount", -1}}}}),
              "invalid restart policy: maximum retry count cannot be negative");
    EXPECT_EQ(refusal({{"Annotations", {{"", "x"}}}}),
              "invalid Annotations: the empty string is not permitted as an annotation key");
    EXPECT_EQ(refusal({{"LogConfig", {{"Config", {{"colour", "1"}}}}}}),
              "unknown log opt 'colour' for json-file log driver");
    EXPECT_EQ(refusal({{"LogConfig", {{"Config", {{"max-file", "3"}}}}}}), "max-file cannot be set without max-size");
    EXPECT_EQ(refusal({{"LogConfig", {{"Config", {{"max-size", "lots"}}}}}}), "invalid size: 'lots'");
}

// They become lines of resolv.conf and hosts.
TEST(HostConfig, S55_ASecondLineIsRefused) {
    EXPECT_EQ(refusal({{"Dns", {"1.1.1.1\nnameserver 6.6.6.6"}}}),
              "invalid IP address in dns: '1.1.1.1\nnameserver 6.6.6.6'");
    EXPECT_EQ(refusal({{"Dns", {"example.org"}}}), "invalid IP address in dns: 'example.org'");
    for (const char* domain : {"a.test\nnameserver 6.6.6.6", "a\rb", "a b", "a\tb", ""}) {
        EXPECT_EQ(refusal({{"DnsSearch", {domain}}}), "invalid domain in dns-search: '" + std::string(domain) + "'");
    }
    EXPECT_EQ(refusal({{"DnsOptions", {"ndots:2\nnameserver 6.6.6.6"}}}),
              "invalid dns-option: 'ndots:2\nnameserver 6.6.6.6'");
    for (const char* entry : {"a\n6.6.6.6 bank:1.2.3.4", "a b:1.2.3.4", "a#:1.2.3.4"}) {
        EXPECT_EQ(refusal({{"ExtraHosts", {entry}}}), "bad format for add-host: \"" + std::string(entry) + "\"");
    }
    EXPECT_EQ(refusal({{"ExtraHosts", {"a:1.2.3.4\n6.6.6.6 bank"}}}),
              "invalid IP address in add-host: \"a:1.2.3.4\n6.6.6.6 bank\"");
}

TEST(HostConfig, NameServersOfEveryFormPass) {
    json config = host_config_with(
        {{"Dns", {"1.1.1.1", "fe80::1%eth0"}}, {"DnsSearch", {"."}}, {"DnsOptions", {"ndots:2 rotate"}}});

    EXPECT_TRUE(check_host_config(config));
}

TEST(HostConfig, ExtraHostsOfEveryFormPass) {
    json config =
        host_config_with({{"ExtraHosts", {"a:10.0.0.1", "b=10.0.0.2", "c:::1", "d=[::1]", "e:host-gateway"}}});

    EXPECT_TRUE(check_host_config(config));
}

TEST(HostConfig, LogPolicyIsReadFromItsOptions) {
    const json config = host_config_with({{"LogConfig", {{"Config", {{"max-size", "10m"}, {"max-file", "3"}}}}}});

    EXPECT_EQ(log_policy(config)->max_bytes, 10u << 20);
    EXPECT_EQ(log_policy(config)->max_files, 3u);
    EXPECT_FALSE(log_policy(host_config_with({{"LogConfig", {{"Type", "none"}}}}))->enabled);
}

TEST(HostConfig, TheLocalLogIsBoundedByItself) {
    const auto policy = [](const json& options) {
        return log_policy(host_config_with({{"LogConfig", {{"Type", "local"}, {"Config", options}}}}));
    };

    EXPECT_TRUE(policy(json::object())->enabled);
    EXPECT_EQ(policy(json::object())->max_bytes, 20u << 20);
    EXPECT_EQ(policy(json::object())->max_files, 5u);
    EXPECT_EQ(policy({{"max-size", "1m"}})->max_bytes, 1u << 20);
    EXPECT_EQ(policy({{"max-file", "2"}})->max_files, 2u);
    EXPECT_EQ(policy({{"colour", "x"}}).error().message(), "unknown log opt 'colour' for log driver local");
    EXPECT_TRUE(policy(json::object())->compress);
    EXPECT_FALSE(policy(json::object())->compress_asked);
    EXPECT_TRUE(policy({{"compress", "true"}})->compress_asked);
    EXPECT_FALSE(policy({{"compress", "f"}})->compress);
    EXPECT_FALSE(policy({{"max-file", "1"}})->compress);
    EXPECT_EQ(policy({{"compress", "true"}, {"max-file", "1"}}).error().message(),
              "compression cannot be enabled when max file count is 1");
}

TEST(HostConfig, JsonFilesAreCompressedOnRequestOnceTheyRotate) {
    const auto policy = [](const json& options) {
        return log_policy(host_config_with({{"LogConfig", {{"Config", options}}}}));
    };

    EXPECT_FALSE(policy({{"max-size", "1m"}, {"max-file", "3"}})->compress);
    EXPECT_TRUE(policy({{"max-size", "1m"}, {"max-file", "3"}, {"compress", "true"}})->compress);
    EXPECT_FALSE(policy({{"compress", "false"}})->compress);
    for (const json& options : {json{{"compress", "true"}}, json{{"compress", "1"}, {"max-size", "1m"}}}) {
        EXPECT_EQ(policy(options).error().message(),
                  "compress cannot be true when max-file is less than 2 or when max-size is not set");
    }
    EXPECT_EQ(policy({{"compress", "maybe"}}).error().message(),
              "strconv.ParseBool: parsing \"maybe\": invalid syntax");
}

TEST(HostConfig, ABackendThatDoesNotKeepCompressedLogsIsNotAskedForThem) {
    const json asked =
        host_config_with({{"LogConfig", {{"Config", {{"max-size", "1m"}, {"max-file", "3"}, {"compress", "true"}}}}}});
    const json local = host_config_with({{"LogConfig", {{"Type", "local"}}}});
    BackendInfo without, with;
    without.name = "other";
    with.extensions = {"compressed-logs"};

    EXPECT_EQ(check_log_compression(asked, without).error().code(), ErrorCode::kUnimplemented);
    EXPECT_TRUE(check_log_compression(local, without));
    EXPECT_TRUE(check_log_compression(asked, with));
}

TEST(HostConfig, SizesAreReadAsDockerDoes) {
    EXPECT_EQ(*parse_size("512"), 512u);
    EXPECT_EQ(*parse_size("4b"), 4u);
    EXPECT_EQ(*parse_size("64K"), 64u << 10);
    EXPECT_EQ(*parse_size("1gb"), 1u << 30);
    EXPECT_EQ(*parse_size("2 MiB"), 2u << 20);
    for (const char* text : {"", "m", "-1", "1x", "99999999999999999999", "9999999999g", "1.5g"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
}

TEST(Ports, BindingsRangesAndPublishAll) {
    const json config = {{"ExposedPorts", {{"80/tcp", json::object()}, {"53/udp", json::object()}}}};
    const json wanted = host_config_with(
        {{"PublishAllPorts", true},
         {"PortBindings",
          {{"80/tcp", {{{"HostIp", "127.0.0.1"}, {"HostPort", "8000-8010"}}}}, {"443/tcp", {{{"HostPort", ""}}}}}}});

    const auto ports = published_ports(config, wanted);

    ASSERT_TRUE(ports);
    ASSERT_EQ(ports->size(), 3u);
    EXPECT_EQ((*ports)[0].container.key(), "53/udp");
    EXPECT_EQ((*ports)[1].container.key(), "80/tcp");
    EXPECT_EQ((*ports)[1].host_port, 8000);
    EXPECT_EQ((*ports)[1].host_port_end, 8010);
    EXPECT_EQ((*ports)[2].host_port, 0);
    EXPECT_EQ(to_endpoint_ports(*ports)[1]["HostIp"], "127.0.0.1");
}

TEST(Ports, TextsThatAreNoPorts) {
    for (const char* text : {"", "0", "65536", "80/", "80/xyz", "-1", "80-", "8a"}) {
        EXPECT_FALSE(parse_container_port(text)) << text;
    }
    EXPECT_EQ(parse_container_port("53/UDP")->proto, "udp");
    for (const char* text : {"", "9-8", "1-70000", "a-b", "1-2-3"}) EXPECT_FALSE(parse_port_range(text)) << text;
}

TEST(Mounts, BindsAreTakenApart) {
    const Result<MountSpec> bind = parse_bind("/srv/x/../data:/data/:ro,rslave");

    ASSERT_TRUE(bind) << bind.error().message();
    EXPECT_EQ(bind->params.source, "/srv/data");
    EXPECT_EQ(bind->params.target, "/data");
    EXPECT_EQ(bind->params.propagation, "rslave");
    EXPECT_EQ(bind->params.flags, SLW_MOUNT_READ_ONLY | SLW_MOUNT_RECURSIVE_READ_ONLY | SLW_MOUNT_CREATE_SOURCE);
    EXPECT_EQ(bind->mode, "ro,rslave");
}

TEST(Mounts, BindRefusalsHaveDockersTexts) {
    const auto message = [](std::string_view text) { return parse_bind(text).error().message(); };

    EXPECT_EQ(message(""), "invalid volume specification: ''");
    EXPECT_EQ(message("/a:/b:ro:x"), "invalid volume specification: '/a:/b:ro:x'");
    EXPECT_EQ(message("/a:rw"), "invalid volume specification: '/a:rw'");
    EXPECT_EQ(message("/a:/b:fast"), "invalid mode: fast");
    EXPECT_EQ(message("/a:/b:ro,rw"), "invalid mode: ro,rw");
    EXPECT_EQ(message("/a:b"),
              "invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid mount path: 'b' "
              "mount path must be absolute");
    EXPECT_EQ(message("/a:/.."),
              "invalid volume specification: '/a:/..': invalid mount config for type \"bind\": invalid specification: "
              "destination can't be '/'");
    EXPECT_EQ(message("data:/b:rslave"), "invalid mode: rslave");
}

TEST(Mounts, BindsWithoutAHostPathAreVolumes) {
    const auto named = parse_bind("data:/b/../c:ro,nocopy");
    ASSERT_TRUE(named) << named.error().message();
    EXPECT_EQ(named->type, "volume");
    EXPECT_EQ(named->volume, "data");
    EXPECT_EQ(named->params.target, "/c");
    EXPECT_FALSE(named->read_write());
    EXPECT_FALSE(named->copy_up);
    EXPECT_FALSE(named->anonymous);
    const auto anonymous = parse_bind("/b");
    ASSERT_TRUE(anonymous);
    EXPECT_TRUE(anonymous->anonymous);
    EXPECT_TRUE(anonymous->copy_up);
    EXPECT_TRUE(anonymous->read_write());
    EXPECT_EQ(parse_config_volume("data/")->params.target, "/data");
    EXPECT_FALSE(parse_config_volume("/"));
}

TEST(Mounts, VolumeOptions) {
    const auto parse = [](const json& mount) { return wanted_mounts(host_config_with({{"Mounts", {mount}}})); };
    const auto full =
        parse({{"Type", "volume"},
               {"Source", "v1"},
               {"Target", "/d"},
               {"ReadOnly", true},
               {"VolumeOptions", {{"NoCopy", true}, {"Labels", {{"k", "v"}}}, {"DriverConfig", {{"Name", "local"}}}}}});
    ASSERT_TRUE(full) << full.error().message();
    EXPECT_EQ(full->front().volume, "v1");
    EXPECT_EQ(full->front().labels.at("k"), "v");
    EXPECT_EQ(full->front().driver, "local");
    EXPECT_FALSE(full->front().copy_up);
    EXPECT_FALSE(full->front().read_write());
    EXPECT_TRUE(parse({{"Type", "volume"}, {"Target", "/d"}})->front().anonymous);
    EXPECT_EQ(parse({{"Type", "volume"}, {"Source", "v1"}, {"Target", "/d"}, {"VolumeOptions", {{"Subpath", "a/b"}}}})
                  ->front()
                  .subpath,
              "a/b");
    for (const char* subpath : {"/a", "..", "a/../../b"}) {
        EXPECT_FALSE(
            parse({{"Type", "volume"}, {"Source", "v1"}, {"Target", "/d"}, {"VolumeOptions", {{"Subpath", subpath}}}}))
            << subpath;
    }
    EXPECT_FALSE(parse({{"Type", "volume"}, {"Target", "/d"}, {"VolumeOptions", {{"Subpath", "a"}}}}));
    EXPECT_FALSE(parse({{"Type", "volume"}, {"Target", "/d"}, {"BindOptions", {{"Propagation", "rslave"}}}}));
}

TEST(Mounts, AllSourcesOfMountsAreOneOrderedList) {
    const json config =
        host_config_with({{"Binds", {"/x:/data/deep"}},
                          {"Mounts", {{{"Type", "bind"}, {"Source", "/y"}, {"Target", "/data"}, {"ReadOnly", true}}}},
                          {"Tmpfs", {{"/run", "size=64k,mode=1770,exec"}}}});

    const auto mounts = wanted_mounts(config);

    ASSERT_TRUE(mounts) << mounts.error().message();
    std::vector<std::string> targets;
    for (const MountSpec& mount : *mounts) targets.push_back(mount.params.target);
    EXPECT_THAT(targets, ElementsAre("/data", "/run", "/data/deep"));
    EXPECT_EQ((*mounts)[1].params.limit_bytes, 64u << 10);
    EXPECT_EQ((*mounts)[1].params.mode, 01770u);
    EXPECT_EQ((*mounts)[1].params.flags, SLW_MOUNT_NO_SUID | SLW_MOUNT_NO_DEV);
    const json shown = to_mount_points(*mounts);
    ASSERT_EQ(shown.size(), 2u);
    EXPECT_EQ(shown[0], json({{"Type", "bind"},
                              {"Source", "/y"},
                              {"Destination", "/data"},
                              {"Mode", ""},
                              {"RW", false},
                              {"Propagation", "rprivate"}}));
}

TEST(Mounts, OneTargetTwiceIsRefused) {
    EXPECT_EQ(refusal({{"Binds", {"/a:/x", "/b:/x/"}}}), "Duplicate mount point: /x");
    EXPECT_EQ(refusal({{"Binds", {"/a:/x"}}, {"Tmpfs", {{"/x", ""}}}}), "Duplicate mount point: /x");
}

TEST(Mounts, StructuredMountsAreChecked) {
    const auto mount = [](json fields) { return refusal({{"Mounts", json::array({std::move(fields)})}}); };

    EXPECT_EQ(mount({{"Type", "magic"}, {"Target", "/x"}}),
              "invalid mount config for type \"magic\": mount type unknown");
    EXPECT_EQ(mount({{"Type", "bind"}, {"Source", "/a"}}),
              "invalid mount config for type \"bind\": field Target must not be empty");
    EXPECT_EQ(mount({{"Type", "bind"}, {"Target", "/x"}}),
              "invalid mount config for type \"bind\": field Source must not be empty");
    EXPECT_EQ(mount({{"Type", "tmpfs"}, {"Source", "/a"}, {"Target", "/x"}}),
              "invalid mount config for type \"tmpfs\": field Source must not be specified");
    EXPECT_EQ(mount({{"Type", "bind"}, {"Source", "/a"}, {"Target", "/x"}, {"BindOptions", {{"Propagation", "up"}}}}),
              "invalid mount config for type \"bind\": invalid propagation mode: up");
    EXPECT_EQ(mount({{"Type", "bind"}, {"Source", std::string("/a\0b", 4)}, {"Target", "/x"}}),
              "invalid mount config for type \"bind\": a path holds a NUL character");
}

TEST(Mounts, AMissingSourceIsNamedUnlessItMayBeMade) {
    const test::TempDir dir;
    const std::string missing = (dir / "nothing").string();
    const json config = host_config_with({{"Mounts", {{{"Type", "bind"}, {"Source", missing}, {"Target", "/x"}}}}});

    const Status checked = check_sources(*wanted_mounts(config));

    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message(),
              "invalid mount config for type \"bind\": bind source path does not exist: " + missing);
    EXPECT_TRUE(check_sources(*wanted_mounts(host_config_with({{"Binds", {missing + ":/x"}}}))));
}

TEST(Mounts, TmpfsOptionsThatAreNotOfferedAreNamed) {
    EXPECT_EQ(parse_tmpfs("/x", "uid=5").error().code(), ErrorCode::kUnimplemented);
    EXPECT_EQ(parse_tmpfs("/x", "shiny").error().message(), "invalid tmpfs option [\"shiny\"]");
    EXPECT_EQ(parse_tmpfs("/x", "size=all").error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::core
