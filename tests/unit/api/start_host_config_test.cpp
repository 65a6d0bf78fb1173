// Decoding the body of a start below API 1.24 (start-flow.md 3.1), and what becomes of it over HTTP.
#include "support/api_fixture.hpp"

#include "handlers/start_host_config.hpp"

namespace slipway::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Body {
    const char* name;
    const char* text;
    // What of the host configuration is expected; null: none is asked for.
    json expected;
    bool nested = false;
};
void PrintTo(const Body& body, std::ostream* out) {
    *out << body.text;
}
class DecodedBody : public testing::TestWithParam<Body> {};

TEST_P(DecodedBody, AsksFor) {
    const auto decoded = api::decode_start_host_config(GetParam().text);
    ASSERT_TRUE(decoded) << decoded.error().message();
    EXPECT_EQ(decoded->nested, GetParam().nested);
    if (GetParam().expected.is_null()) {
        EXPECT_TRUE(decoded->value.is_null()) << decoded->value;
        return;
    }
    ASSERT_TRUE(decoded->value.is_object());
    for (const auto& [key, value] : GetParam().expected.items()) EXPECT_EQ(decoded->value[key], value) << key;
    EXPECT_TRUE(decoded->value.contains("PortBindings")) << "every key is there";
}

INSTANTIATE_TEST_SUITE_P(
    Table, DecodedBody,
    testing::Values(
        Body{"Null", "null", nullptr}, Body{"Empty", "{}", nullptr},
        Body{"NestedNull", R"({"HostConfig":null})", nullptr},
        Body{"ConfigOnly", R"({"Hostname":"x","Cmd":["a"],"Env":null})", nullptr},
        Body{"UnknownOnly", R"({"Whatever":{"Binds":[]}})", nullptr}, Body{"CpusetAlone", R"({"Cpuset":"0"})", nullptr},
        Body{"NestedEmpty", R"({"HostConfig":{}})", {{"NetworkMode", "default"}, {"Binds", json::array()}}, true},
        Body{"Nested", R"({"HostConfig":{"Binds":["/a:/b"]}})", {{"Binds", {"/a:/b"}}}, true},
        Body{"Flat", R"({"Binds":["/a:/b"]})", {{"Binds", {"/a:/b"}}}},
        Body{"FlatNull", R"({"Binds":null})", {{"Binds", json::array()}}},
        Body{"AnyCase", R"({"binds":["/a:/b"],"NETWORKMODE":"host"})", {{"Binds", {"/a:/b"}}, {"NetworkMode", "host"}}},
        Body{"NestedAnyCase", R"({"hostconfig":{"memory":7}})", {{"Memory", 7}}, true},
        Body{"FirstValueOnly", R"({"Binds":["/a:/b"]} {"Binds":["/c:/d"]} garbage)", {{"Binds", {"/a:/b"}}}},
        Body{"BlankNetworkMode", R"({"NetworkMode":""})", {{"NetworkMode", "default"}}},
        Body{"NullNetworkMode", R"({"HostConfig":{"NetworkMode":null}})", {{"NetworkMode", "default"}}, true},
        Body{"NestedWins",
             R"({"HostConfig":{"Memory":5,"CpuShares":6},"Memory":1,"CpuShares":2,"Binds":["/a:/b"]})",
             {{"Memory", 5}, {"CpuShares", 6}, {"Binds", json::array()}},
             true},
        Body{
            "FiveFillIns",
            R"({"HostConfig":{},"Memory":1,"MemorySwap":2,"CpuShares":3,"CpusetCpus":"0","VolumeDriver":"d","Dns":["1.1.1.1"]})",
            {{"Memory", 1},
             {"MemorySwap", 2},
             {"CpuShares", 3},
             {"CpusetCpus", "0"},
             {"VolumeDriver", "d"},
             {"Dns", json::array()}},
            true},
        Body{"CpusetFillsFlat", R"({"Memory":1,"Cpuset":"0-1"})", {{"CpusetCpus", "0-1"}}},
        Body{"CpusetFillsNested", R"({"HostConfig":{},"cpuset":"0-1"})", {{"CpusetCpus", "0-1"}}, true},
        Body{"CpusetCpusBeforeCpuset", R"({"CpusetCpus":"1","Cpuset":"0"})", {{"CpusetCpus", "1"}}},
        Body{"FlatNextToNestedNull", R"({"HostConfig":null,"Memory":9})", {{"Memory", 9}}},
        Body{"ConfigAndFlat", R"({"Hostname":"x","Privileged":true})", {{"Privileged", true}}},
        Body{"DnsNull",
             R"({"HostConfig":{"Dns":null}})",
             {{"Dns", json::array()}, {"DnsSearch", json::array()}, {"DnsOptions", json::array()}},
             true}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(DecodeStartHostConfig, RefusesWhatIsNoBody) {
    for (const char* text : {"", "not json", "[]", "5", "\"x\"", "{\"Memory\":\"much\"}", "{\"HostConfig\":[]}",
                             "{\"HostConfig\":{\"Binds\":{}}}", "{\"Hostname\":5,\"Memory\":1}",
                             "{\"Memory\":1,\"Cpuset\":2}", "{\"Binds\":["}) {
        const auto decoded = api::decode_start_host_config(text);
        ASSERT_FALSE(decoded) << text;
        EXPECT_EQ(decoded.error().code(), ErrorCode::kInvalidArgument) << text;
    }
    EXPECT_EQ(api::decode_start_host_config("").error().message(), "EOF");
}

// --- over HTTP ----------------------------------------------------------------------------------------------------

class LegacyStart : public ApiTest {
protected:
    void SetUp() override {
        core::ContainerRecord record = sample_record();
        record.state = core::RunState::kExited;
        add(record);
        core::BackendStatus backend;
        backend.info.name = "linux";
        backend.info.accepts_start_hostconfig = true;
        engine.backend_list = {backend};
    }
    Reply start(const std::string& version, const std::string& headers, const std::string& body,
                const std::string& name = "web") {
        RawClient client(address());
        client.send("POST " + (version.empty() ? "" : "/v" + version) + "/containers/" + name +
                    "/start HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n" + body);
        return client.read_reply();
    }
    Reply legacy(const std::string& body, const std::string& version = "1.23") {
        return start(version, kJson + "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
    }
    static std::string chunked(const std::string& body) {
        char size[32];
        std::snprintf(size, sizeof(size), "%zx\r\n", body.size());
        return size + body + "\r\n0\r\n\r\n";
    }
    void set_state(core::RunState state) {
        core::ContainerRecord record = sample_record();
        record.state = state;
        add(record);
    }
    const json& sent() const { return engine.start_request.host_config; }

    const std::string kJson = "Content-Type: application/json\r\n";
};

TEST_F(LegacyStart, Sf19_AFlatChunkedBodyIsDecoded) {
    const Reply reply = start("1.23", kJson + "Transfer-Encoding: chunked\r\n", chunked(R"({"Binds":["/tmp:/foo"]})"));
    EXPECT_EQ(reply.status, 204);
    ASSERT_TRUE(sent().is_object());
    EXPECT_EQ(sent()["Binds"], json::array({"/tmp:/foo"}));
}

TEST_F(LegacyStart, Sf20_NestedAndFlatBodiesMeanTheSame) {
    const std::string content = R"("Binds":["/tmp:/foo"],"Memory":64000000,"Dns":["1.1.1.1"],"NetworkMode":"host")";
    ASSERT_EQ(legacy("{" + content + "}").status, 204);
    const json flat = sent();
    ASSERT_EQ(legacy("{\"HostConfig\":{" + content + "}}", "1.22").status, 204);
    EXPECT_EQ(sent(), flat);
}

TEST_F(LegacyStart, Sf21_ANullHostConfigIsNone) {
    EXPECT_EQ(legacy(R"({"HostConfig":null})").status, 204);
    EXPECT_TRUE(sent().is_null());
    EXPECT_EQ(legacy("").status, 204);
    EXPECT_EQ(start("1.23", "Content-Length: 7\r\n", "whateve").status, 204) << "7 bytes are never looked at";
    EXPECT_TRUE(sent().is_null());
}

TEST_F(LegacyStart, Sf27_ABodyWithoutJsonContentTypeIsRefused) {
    const auto refused = [&](const std::string& headers) {
        const Reply reply = start("1.23", headers + "Content-Length: 17\r\n", R"({"HostConfig":{}})", "nobody");
        return std::to_string(reply.status) + " " + reply.body;
    };
    EXPECT_EQ(refused(""), "400 Content-Type specified () must be 'application/json'\n");
    EXPECT_EQ(refused("Content-Type: text/plain\r\n"),
              "400 Content-Type specified (text/plain) must be 'application/json'\n");
    EXPECT_EQ(
        start("1.23", "Content-Type: application/json; charset=utf-8\r\nContent-Length: 17\r\n", R"({"HostConfig":{}})")
            .status,
        204);
    const Reply empty = start("1.23", kJson + "Transfer-Encoding: chunked\r\n", "0\r\n\r\n");
    EXPECT_EQ(empty.status, 400);
    EXPECT_EQ(empty.body, "EOF\n");
}

TEST_F(LegacyStart, Sf28_ABackendWithoutItRefusesTheNestedFormAfterTheStateIsLookedAt) {
    engine.backend_list[0].info.accepts_start_hostconfig = false;
    const std::string refusal = "Supplying a hostconfig on start is not supported. It should be supplied on create\n";
    Reply reply = legacy(R"({"HostConfig":{}})");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.body, refusal);
    EXPECT_TRUE(engine.calls.empty()) << "nothing was started";

    // The flat form was never known there.
    EXPECT_EQ(legacy(R"({"Binds":["/tmp:/foo"]})").status, 204);
    EXPECT_TRUE(sent().is_null());

    set_state(core::RunState::kPaused);
    reply = legacy(R"({"HostConfig":{}})");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Cannot start a paused container, try unpause instead.\n");
    set_state(core::RunState::kRunning);
    engine.start_outcome.already_running = true;
    EXPECT_EQ(legacy(R"({"HostConfig":{}})").status, 304);
}

TEST_F(LegacyStart, Sf25_AConfigurationThatDoesNotPassIs500InTheLegacyProfile) {
    engine.failure = Error(ErrorCode::kInvalidArgument, "Minimum memory limit allowed is 6MB");
    const Reply reply = legacy(R"({"Memory":524287})");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Minimum memory limit allowed is 6MB\n");
    EXPECT_EQ(start("1.51", "", "").status, 400);
}

TEST_F(LegacyStart, Sf44_Sf45_Sf46_LaunchFailuresOfTheLegacyProfile) {
    engine.failure = Error(ErrorCode::kExecNotFound, "exec: \"httpd\": executable file not found in $PATH");
    Reply reply = legacy("");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.body, "Container command 'httpd' not found or does not exist.\n");
    engine.failure = Error(ErrorCode::kExecDenied, "exec: \"httpd\": permission denied");
    reply = legacy("");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Container command 'httpd' could not be invoked.\n");
    engine.failure = Error(ErrorCode::kMountType, "error mounting: not a directory: ... (or vice-versa)? ...");
    reply = legacy("");
    EXPECT_EQ(reply.status, 500);
    EXPECT_THAT(reply.body, HasSubstr("vice-versa"));
}

}  // namespace
}  // namespace slipway::test
