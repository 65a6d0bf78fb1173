#include <slipway/core/record.hpp>

#include <gtest/gtest.h>

namespace slipway::core {
namespace {

ContainerRecord full_record() {
    ContainerRecord record;
    record.id = std::string(64, 'a');
    record.name = "web";
    record.created = 5;
    record.image = "busybox";
    record.image_id = "sha256:" + std::string(64, 'b');
    record.layers = {"l1", "l2"};
    record.backend = "linux";
    record.config = {{"Tty", true}};
    record.host_config = {{"Memory", 7}};
    record.path = "sh";
    record.args = {"-c", "true"};
    record.mounts = nlohmann::json::array({{{"Type", "bind"}}});
    record.state = RunState::kExited;
    record.desired = DesiredState::kRunning;
    record.started_before = true;
    record.manually_stopped = true;
    record.pid = 42;
    record.exit_code = 137;
    record.oom_killed = true;
    record.error = "boom";
    record.started_at = 6;
    record.finished_at = 7;
    record.exit_noted = true;
    record.restart_count = 3;
    record.health = HealthState{HealthStatus::kUnhealthy, 4, {{1, 2, -1, "no answer"}}};
    record.on_unhealthy = "restart";
    record.phase = "create";
    record.phase_since = 8;
    record.last_start = StartReport{1, 2, true, {{"verify", 3, 4, true, true, 5, "undo"}}, {{"code", "x"}}};
    record.endpoints = {{"bridge", "n1", "e1", {{"Aliases", {"a"}}}, {{"IPAddress", "1.2.3.4"}}}};
    record.sandbox_key = "key";
    record.links = {{"0123", "alias"}};
    record.data_dir = "/d";
    record.log_path = "/l";
    record.hostname_path = "/h";
    record.hosts_path = "/hs";
    record.resolv_conf_path = "/r";
    return record;
}

TEST(RecordJson, KeepsEveryField) {
    const nlohmann::json document = to_json(full_record());

    const Result<ContainerRecord> read = record_from_json(document);

    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(to_json(*read), document);
    EXPECT_EQ(read->state, RunState::kExited);
    EXPECT_EQ(read->desired, DesiredState::kRunning);
    ASSERT_TRUE(read->last_start);
    EXPECT_EQ(read->last_start->phases.at(0).undo_error, "undo");
    ASSERT_TRUE(read->health);
    EXPECT_EQ(read->health->status, HealthStatus::kUnhealthy);
    EXPECT_EQ(read->health->log.at(0).exit_code, -1);
    EXPECT_EQ(read->endpoints.at(0).result["IPAddress"], "1.2.3.4");
}

TEST(RecordJson, NamesTheMissingOrBrokenKey) {
    nlohmann::json document = to_json(full_record());
    document.erase("path");
    EXPECT_EQ(record_from_json(document).error().message(), "container record: key 'path' is missing");

    document = to_json(full_record());
    document["exit_code"] = "many";
    EXPECT_EQ(record_from_json(document).error().message(), "container record: key 'exit_code' has the wrong type");

    document = to_json(full_record());
    document["state"] = "asleep";
    EXPECT_EQ(record_from_json(document).error().code(), ErrorCode::kDataLoss);
    EXPECT_FALSE(record_from_json(nlohmann::json::array()));
}

TEST(RecordJson, IgnoresWhatANewerDaemonAdded) {
    nlohmann::json document = to_json(full_record());
    document["colour"] = "blue";

    EXPECT_TRUE(record_from_json(document));
}

}  // namespace
}  // namespace slipway::core
