// CDI devices: names, specifications, and what they add to a container.
#include <spec/build_spec.hpp>
#include <spec/cdi_devices.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json edits(json inner) {
    return {{"cdiVersion", "0.6.0"},
            {"kind", "vendor.example/thing"},
            {"devices", {{{"name", "one"}, {"containerEdits", std::move(inner)}}}}};
}

std::string failure(const json& document) {
    const Result<CdiSpec> spec = parse_cdi_spec(document.dump(), "/etc/cdi/x.json");
    return spec ? "(none)" : spec.error().message();
}

TEST(CdiName, IsVendorClassAndDevice) {
    EXPECT_EQ(parse_cdi_name("vendor.example/thing=one")->kind, "vendor.example/thing");
    EXPECT_EQ(parse_cdi_name("vendor.example/thing=one")->device, "one");
    EXPECT_TRUE(parse_cdi_name("nvidia.com/gpu=0:1"));
    EXPECT_TRUE(parse_cdi_name("v/c=all"));
    for (const char* other : {"/dev/sda", "/dev/a=b", "vendor/class", "vendor=one", "vendor/class=", "1vendor/class=x",
                              "vendor/cl ass=x", "vendor/class=x/y", "vendor-/class=x", "vendor/class=-x", "=", ""}) {
        EXPECT_FALSE(parse_cdi_name(other)) << other;
    }
}

TEST(CdiSpec, HasEditsOfTheFileAndOfEachDevice) {
    json document =
        edits({{"env", {"A=1"}},
               {"deviceNodes",
                {{{"path", "/dev/x"}, {"hostPath", "/dev/null"}, {"permissions", "r"}, {"fileMode", 420}, {"uid", 5}}}},
               {"mounts", {{{"hostPath", "/lib"}, {"containerPath", "/x/lib"}, {"options", {"ro", "bind"}}}}},
               {"additionalGids", {0, 44}}});
    document["containerEdits"] = {{"env", {"B=2"}}};

    const Result<CdiSpec> spec = parse_cdi_spec(document.dump(), "f");

    ASSERT_TRUE(spec) << spec.error().message();
    EXPECT_EQ(spec->kind, "vendor.example/thing");
    EXPECT_THAT(spec->edits.env, ElementsAre("B=2"));
    const CdiEdits& one = spec->devices.at("one");
    EXPECT_THAT(one.env, ElementsAre("A=1"));
    EXPECT_THAT(one.groups, ElementsAre(44U)) << "0 is ignored";
    ASSERT_EQ(one.nodes.size(), 1U);
    EXPECT_EQ(one.nodes[0].host_path, "/dev/null");
    EXPECT_EQ(one.nodes[0].access, "r");
    EXPECT_EQ(one.nodes[0].file_mode, 420U);
    EXPECT_EQ(one.nodes[0].uid, 5U);
    EXPECT_FALSE(one.nodes[0].gid);
    ASSERT_EQ(one.mounts.size(), 1U);
    EXPECT_THAT(one.mounts[0].options, ElementsAre("ro", "bind"));
}

TEST(CdiSpec, S85_HooksAreRefused) {
    const Result<CdiSpec> spec = parse_cdi_spec(
        edits({{"hooks", {{{"hookName", "createContainer"}, {"path", "/usr/bin/hook"}}}}}).dump(), "/etc/cdi/x.json");

    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().code(), ErrorCode::kUnimplemented);
    EXPECT_THAT(spec.error().message(), HasSubstr("CDI specification '/etc/cdi/x.json': it has hooks"));
    json of_the_file = edits({{"env", {"A=1"}}});
    of_the_file["containerEdits"] = {{"hooks", {{{"hookName", "x"}, {"path", "/x"}}}}};
    EXPECT_THAT(failure(of_the_file), HasSubstr("it has hooks"));
}

TEST(CdiSpec, IsReadStrictly) {
    EXPECT_THAT(parse_cdi_spec("{", "f").error().message(), HasSubstr("not a JSON object"));
    EXPECT_THAT(failure(edits({{"envs", {"A=1"}}})), HasSubstr("unknown key 'envs'"));
    EXPECT_THAT(failure(edits({{"env", {"A"}}})), HasSubstr("not of the form NAME=value"));
    EXPECT_THAT(failure(edits(json::object())), HasSubstr("device 'one' has no edits"));
    EXPECT_THAT(failure(edits({{"deviceNodes", {{{"path", "dev/x"}}}}})), HasSubstr("not absolute"));
    EXPECT_THAT(failure(edits({{"deviceNodes", {{{"path", "/dev/x"}, {"permissions", "rwx"}}}}})),
                HasSubstr("permissions"));
    EXPECT_THAT(failure(edits({{"deviceNodes", {{{"path", "/dev/x"}, {"uid", -1}}}}})),
                HasSubstr("not a number of 32 bits"));
    EXPECT_THAT(failure(edits({{"deviceNodes", {{{"path", "/dev/x"}, {"type", "p"}}}}})), HasSubstr("type 'p'"));
    const auto mount = [](const char* target, json options) {
        return edits(
            {{"mounts", {{{"hostPath", "/lib"}, {"containerPath", target}, {"options", std::move(options)}}}}});
    };
    EXPECT_THAT(failure(mount("/proc/x", json::array())), HasSubstr("a mount at '/proc/x'"));
    EXPECT_THAT(failure(mount("/", json::array())), HasSubstr("a mount at '/'"));
    EXPECT_THAT(failure(mount("/x", {"rshared"})), HasSubstr("mount option \"rshared\""));
    EXPECT_THAT(failure(edits({{"netDevices", {{{"hostInterfaceName", "eth9"}}}}})), HasSubstr("network devices"));
    EXPECT_THAT(failure(edits({{"intelRdt", json::object()}})), HasSubstr("Intel RDT"));
    json document = edits({{"env", {"A=1"}}});
    document["cdiVersion"] = "9.9.9";
    EXPECT_THAT(failure(document), HasSubstr("unknown cdiVersion '9.9.9'"));
    document = edits({{"env", {"A=1"}}});
    document["kind"] = "thing";
    EXPECT_THAT(failure(document), HasSubstr("invalid kind 'thing'"));
    document = edits({{"env", {"A=1"}}});
    document["devices"].push_back(document["devices"][0]);
    EXPECT_THAT(failure(document), HasSubstr("occurs twice"));
}

class CdiDevices : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = "/tmp/slipway-cdi-test-XXXXXX";
        root_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directories(root_ / "etc");
        std::filesystem::create_directories(root_ / "run");
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    void write(const std::string& name, const json& document) const { std::ofstream(root_ / name) << document.dump(); }
    std::vector<std::string> directories() const { return {root_ / "etc", root_ / "run", root_ / "absent"}; }
    Result<CdiEdits> resolve(const std::vector<std::string>& names) const {
        return resolve_cdi_devices(names, directories());
    }
    json built(const json& request) const {
        KernelFacts kernel;
        kernel.capabilities = ~uint64_t{0};
        SpecContext context{kernel};
        context.cdi_directories = directories();
        const Result<json> document = build_spec(request, context);
        EXPECT_TRUE(document) << (document ? "" : document.error().message());
        return document ? *document : json();
    }

    std::filesystem::path root_;
};

TEST_F(CdiDevices, AreFoundAndALaterDirectoryCounts) {
    write("etc/a.json", edits({{"env", {"FROM=etc"}}}));
    EXPECT_THAT(resolve({"vendor.example/thing=one"})->env, ElementsAre("FROM=etc"));

    write("run/a.json", edits({{"env", {"FROM=run"}}}));
    EXPECT_THAT(resolve({"vendor.example/thing=one", "vendor.example/thing=one"})->env, ElementsAre("FROM=run"));
}

TEST_F(CdiDevices, EditsOfTheFileComeOnceAndFirst) {
    json document = edits({{"env", {"ONE=1"}}});
    document["devices"].push_back({{"name", "two"}, {"containerEdits", {{"env", {"TWO=2"}}}}});
    document["containerEdits"] = {{"env", {"ALL=0"}}};
    write("etc/a.json", document);

    EXPECT_THAT(resolve({"vendor.example/thing=two", "vendor.example/thing=one"})->env,
                ElementsAre("ALL=0", "TWO=2", "ONE=1"));
}

TEST_F(CdiDevices, WhatCannotBeResolvedIsNamedWithTheReason) {
    write("etc/a.json", edits({{"env", {"A=1"}}}));
    write("etc/b.json", edits({{"env", {"A=2"}}}));
    write("etc/broken.json", json::array());
    std::ofstream(root_ / "etc/c.yaml") << "cdiVersion: 0.6.0\n";
    std::ofstream(root_ / "etc/notes.txt") << "nothing";

    const Result<CdiEdits> twice = resolve({"vendor.example/thing=one"});

    ASSERT_FALSE(twice);
    EXPECT_THAT(twice.error().message(),
                HasSubstr("CDI device injection failed: unresolvable CDI devices vendor.example/thing=one"));
    EXPECT_THAT(twice.error().message(), HasSubstr("broken.json': not a JSON object"));
    EXPECT_THAT(twice.error().message(), HasSubstr("c.yaml': YAML is not read, convert it to JSON"));
    EXPECT_TRUE(resolve({})->empty());
}

TEST_F(CdiDevices, AreAskedForByRequestsAndDevicesOnly) {
    const json config = {{"DeviceRequests", {{{"Driver", "cdi"}, {"DeviceIDs", {"v/c=one", "v/c=two"}}}}},
                         {"Devices", {{{"PathOnHost", "v/c=three"}}, {{"PathOnHost", "/dev/null"}}}},
                         {"Annotations", {{"cdi.k8s.io/x", "v/c=four"}}}};

    EXPECT_THAT(*requested_cdi_devices(config), ElementsAre("v/c=one", "v/c=two", "v/c=three"));
    EXPECT_EQ(requested_cdi_devices({{"DeviceRequests", {{{"Driver", "cdi"}, {"DeviceIDs", {"nonsense"}}}}}})
                  .error()
                  .message(),
              "invalid CDI device name \"nonsense\"");
    EXPECT_EQ(
        requested_cdi_devices({{"DeviceRequests", {{{"Count", -1}, {"Capabilities", {{"gpu"}}}}}}}).error().message(),
        "could not select device driver \"\" with capabilities: [[gpu]]");
    EXPECT_EQ(requested_cdi_devices(
                  {{"DeviceRequests", {{{"Driver", "nvidia"}, {"Capabilities", {{"gpu", "nvidia"}, {"x"}}}}}}})
                  .error()
                  .message(),
              "could not select device driver \"nvidia\" with capabilities: [[gpu nvidia] [x]]");
}

TEST_F(CdiDevices, S88_NodesHaveTheNumbersOfTheHostAndRulesAreEqualToThem) {
    write(
        "etc/a.json",
        edits(
            {{"deviceNodes",
              {{{"path", "/dev/thing"}, {"hostPath", "/dev/zero"}, {"permissions", "r"}, {"major", 77}, {"minor", 7}}}},
             {"env", {"PATH=/thing", "THING=1"}},
             {"mounts", {{{"hostPath", "/usr"}, {"containerPath", "/thing"}, {"options", {"ro"}}}}},
             {"additionalGids", {44}}}));

    const json document = built(
        {{"Path", "/bin/sh"},
         {"Config", {{"Labels", {{"cdi.k8s.io/x", "vendor.example/thing=one"}}}}},
         {"HostConfig", {{"NetworkMode", "bridge"}, {"Devices", {{{"PathOnHost", "vendor.example/thing=one"}}}}}}});

    const std::vector<json> nodes = document["linux"]["devices"];
    EXPECT_EQ(nodes.back()["path"], "/dev/thing");
    EXPECT_EQ(nodes.back()["major"], 1);
    EXPECT_EQ(nodes.back()["minor"], 5);
    const std::vector<json> rules = document["linux"]["resources"]["devices"];
    EXPECT_THAT(rules, Contains(json{{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 5}, {"access", "r"}}));
    const std::vector<std::string> env = document["process"]["env"];
    EXPECT_THAT(env, Contains("PATH=/thing"));
    EXPECT_THAT(env, Contains("THING=1"));
    EXPECT_THAT(env, Not(Contains(HasSubstr("PATH=/usr/local"))));
    EXPECT_EQ(document["process"]["user"]["additionalGids"].back(), 44);
    EXPECT_EQ(document["mounts"].back()["source"], "/usr");
}

TEST_F(CdiDevices, AnImageSelectsNone) {
    write("etc/a.json", edits({{"env", {"THING=1"}}}));
    const json config = {{"Labels", {{"cdi.k8s.io/x", "vendor.example/thing=one"}}},
                         {"Env", {"NVIDIA_VISIBLE_DEVICES=all", "CDI=vendor.example/thing=one"}}};

    const json document = built(
        {{"Path", "/bin/sh"},
         {"Config", config},
         {"HostConfig", {{"NetworkMode", "bridge"}, {"Annotations", {{"cdi.k8s.io/x", "vendor.example/thing=one"}}}}}});

    EXPECT_THAT(document["process"]["env"].get<std::vector<std::string>>(), Not(Contains("THING=1")));
}

}  // namespace
}  // namespace slipway::linux_backend
