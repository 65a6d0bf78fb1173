// The routes of statistics and process lists.
#include "support/api_fixture.hpp"

namespace slipway::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class ObserveTest : public ApiTest {
protected:
    static core::StatsSample sample(core::UnixNanos when, uint64_t cpu) {
        core::StatsSample out;
        out.id = std::string(64, 'c');
        out.name = "web";
        out.when = when;
        out.usage = {{"cpu_stats", {{"cpu_usage", {{"total_usage", cpu}}}, {"online_cpus", 2}}},
                     {"memory_stats", {{"usage", 5}}},
                     {"networks", {{"eth0", {{"rx_bytes", 1}}}}}};
        return out;
    }
};

TEST_F(ObserveTest, AStreamIsALineForEachSample) {
    engine.samples = {sample(1'000'000'000, 10), sample(2'000'000'000, 30)};

    const Reply reply = get("/v1.43/containers/web/stats");

    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Type"), "application/json");
    const size_t end = reply.body.find('\n');
    const json first = json::parse(reply.body.substr(0, end)), second = json::parse(reply.body.substr(end + 1));
    EXPECT_EQ(first["preread"], "0001-01-01T00:00:00Z");
    EXPECT_EQ(first["precpu_stats"]["cpu_usage"]["total_usage"], 0);
    EXPECT_EQ(second["read"], "1970-01-01T00:00:02.000000000Z");
    EXPECT_EQ(second["preread"], "1970-01-01T00:00:01.000000000Z");
    EXPECT_EQ(second["cpu_stats"]["cpu_usage"]["total_usage"], 30);
    EXPECT_EQ(second["precpu_stats"]["cpu_usage"]["total_usage"], 10);
    EXPECT_EQ(second["precpu_stats"]["online_cpus"], 2);
    EXPECT_EQ(second["memory_stats"], (json{{"usage", 5}}));
    EXPECT_EQ(second["networks"]["eth0"]["rx_bytes"], 1);
    EXPECT_EQ(second["name"], "/web");
    EXPECT_EQ(second["id"], std::string(64, 'c'));
    EXPECT_THAT(engine.calls, ElementsAre("stats web stream"));
}

TEST_F(ObserveTest, WhatDoesNotRunGetsTheZerosOfDocker) {
    core::StatsSample idle;
    idle.id = "c1";
    idle.name = "web";
    engine.samples = {idle};

    const Reply reply = get("/v1.43/containers/web/stats?stream=false");

    EXPECT_EQ(reply.json(), json::parse(R"({
        "read": "0001-01-01T00:00:00Z", "preread": "0001-01-01T00:00:00Z", "pids_stats": {},
        "blkio_stats": {"io_service_bytes_recursive": null, "io_serviced_recursive": null, "io_queue_recursive": null,
            "io_service_time_recursive": null, "io_wait_time_recursive": null, "io_merged_recursive": null,
            "io_time_recursive": null, "sectors_recursive": null},
        "num_procs": 0, "storage_stats": {},
        "cpu_stats": {"cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
            "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}},
        "precpu_stats": {"cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
            "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}},
        "memory_stats": {}, "name": "/web", "id": "c1"})"));
}

TEST_F(ObserveTest, OneShotIsKnownSinceVersion41) {
    engine.samples = {sample(1, 1)};

    EXPECT_EQ(get("/v1.41/containers/web/stats?stream=false&one-shot=true").status, 200);
    EXPECT_EQ(get("/v1.40/containers/web/stats?stream=0&one-shot=1").status, 200);

    EXPECT_THAT(engine.calls, ElementsAre("stats web one-shot", "stats web"));
}

TEST_F(ObserveTest, FailuresComeBeforeTheStream) {
    engine.failure = Error(ErrorCode::kNotFound, "No such container: web");
    EXPECT_EQ(get("/containers/web/stats").status, 404);
    engine.failure = Error(ErrorCode::kUnimplemented, "backend 'x' does not support resource statistics (stats)");
    EXPECT_EQ(get("/containers/web/stats").status, 501);
}

TEST_F(ObserveTest, AStreamEndsWithItsClient) {
    engine.samples = {sample(1, 1)};
    engine.stats_until_cancelled = true;
    {
        RawClient client(address());
        client.send("GET /containers/web/stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.read_exactly(20);
        EXPECT_FALSE(engine.stats_ended);
    }
    for (int i = 0; i < 10'000 && !engine.stats_ended; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(engine.stats_ended);
}

TEST_F(ObserveTest, TopPassesTheArgumentsOn) {
    const Reply reply = get("/containers/web/top?ps_args=-o%20pid");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.json(), json::parse(R"({"Titles": ["PID"], "Processes": [["7"]]})"));
    get("/containers/web/top");
    EXPECT_THAT(engine.calls, ElementsAre("top web -o pid", "top web "));
    engine.failure = Error(ErrorCode::kInvalidArgument, "ps column 'x' is not supported");
    EXPECT_EQ(get("/containers/web/top?ps_args=-o%20x").status, 400);
}

}  // namespace
}  // namespace slipway::test
