// The log options tag, labels, labels-regex, env and env-regex.
#include "support/engine_fixture.hpp"

#include <model/log_attributes.hpp>
#include <model/log_config.hpp>

#include <gmock/gmock.h>

namespace slipway::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

ContainerRecord container(const json& options) {
    ContainerRecord record;
    record.id = std::string(64, 'c');
    record.name = "web";
    record.image = "nginx:1";
    record.image_id = "sha256:0123456789abcdef";
    record.config = {{"Labels", {{"com.example.a", "1"}, {"com.example.b", "2"}, {"other", "3"}}},
                     {"Env", {"PATH=/bin", "ZONE=west=1", "ZIP=z", "BARE"}}};
    record.host_config = {{"LogConfig", {{"Type", "json-file"}, {"Config", options}}}};
    return record;
}

std::string text_of(const json& options) {
    BackendInfo backend;
    backend.writes_log_attributes = true;
    auto text = record_attributes(container(options), backend);
    return text ? *text : "refused: " + text.error().message();
}

TEST(LogAttributes, TheTagIsFilledInAsDockerDoes) {
    EXPECT_EQ(*log_tag(container({{"tag", "{{.Name}}/{{ .ID }} {{.FullID}}"}}), ""),
              "web/cccccccccccc " + std::string(64, 'c'));
    EXPECT_EQ(*log_tag(container({{"tag", "{{.ImageName}} {{.ImageID}} {{.ImageFullID}} {{.DaemonName}}"}}), ""),
              "nginx:1 sha256:01234 sha256:0123456789abcdef slipway");
    EXPECT_EQ(*log_tag(container(json::object()), "{{.ID}}"), "cccccccccccc");
    EXPECT_EQ(*log_tag(container({{"tag", ""}}), "{{.ID}}"), "cccccccccccc");
    EXPECT_EQ(*log_tag(container({{"tag", "a}}b{c"}}), ""), "a}}b{c");
}

TEST(LogAttributes, LabelsAndVariablesAreNamedOrMatched) {
    EXPECT_THAT(*log_extras(container({{"labels", "other,missing"}, {"env", "ZONE,BARE"}})),
                ElementsAre(Pair("ZONE", "west=1"), Pair("other", "3")));
    EXPECT_THAT(*log_extras(container({{"labels-regex", "^com\\."}, {"env-regex", "^Z(IP|ED)$"}})),
                ElementsAre(Pair("ZIP", "z"), Pair("com.example.a", "1"), Pair("com.example.b", "2")));
    EXPECT_THAT(*log_extras(container({{"env", "ZIP"}}), [](const std::string& key) { return "X" + key; }),
                ElementsAre(Pair("XZIP", "z")));
}

TEST(LogAttributes, ARecordCarriesThemAsOneObject) {
    EXPECT_EQ(text_of(json::object()), "");
    EXPECT_EQ(text_of({{"labels", "missing"}}), "");
    EXPECT_EQ(text_of({{"labels", "other"}, {"tag", "{{.Name}}"}}), R"({"other":"3","tag":"web"})");
    ContainerRecord record = container({{"labels", "other"}});
    BackendInfo backend;
    backend.writes_log_attributes = true;
    record.config["Labels"]["other"] = std::string(70'000, 'x');
    EXPECT_THAT(record_attributes(record, backend).error().message(), HasSubstr("longer than 65536 bytes"));
}

TEST(LogAttributes, WhatCannotBeReadIsRefusedByName) {
    const auto refusal = [](const json& options) {
        const auto policy = log_policy(container(options).host_config);
        return policy ? "accepted" : policy.error().message();
    };
    EXPECT_THAT(refusal({{"labels-regex", "a(b"}}), HasSubstr("log opt 'labels-regex': 'a(b': "));
    EXPECT_THAT(refusal({{"env-regex", "*"}}), HasSubstr("log opt 'env-regex'"));
    EXPECT_EQ(refusal({{"tag", "{{.ID"}}), "log opt 'tag': '{{' is not closed");
    EXPECT_THAT(refusal({{"tag", "{{.Nme}}"}}), HasSubstr("log opt 'tag': unknown field '.Nme'"));
    EXPECT_EQ(refusal({{"tag", "{{.ImageName}}"}, {"labels", "a"}, {"env", "b"}}), "accepted");
}

class LogAttributesAtCreate : public EngineFixture {};

TEST_F(LogAttributesAtCreate, ReachTheBackend) {
    const json log = {{"Type", "json-file"}, {"Config", {{"tag", "{{.Name}}"}}}};
    const std::string id = create_started({"sleep"}, {{"LogConfig", log}}, "web");
    EXPECT_EQ(sim->container(id).log->attributes, R"({"tag":"web"})");
    EXPECT_EQ(sim->container(create_started({"sleep"})).log->attributes, "");
}

class BackendWithoutAttributes : public EngineFixture {
protected:
    BackendWithoutAttributes() { sim_options.writes_log_attributes = false; }
};

TEST_F(BackendWithoutAttributes, RefusesThemAtCreate) {
    const json log = {{"Type", "json-file"}, {"Config", {{"tag", "{{.Name}}"}}}};
    const auto created = try_create({"sleep"}, {{"LogConfig", log}});
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code(), ErrorCode::kUnimplemented);
    EXPECT_EQ(created.error().message(), "backend 'sim' does not write attributes into logs (tag, labels, env)");
    EXPECT_TRUE(try_create({"sleep"}));
}

}  // namespace
}  // namespace slipway::test
