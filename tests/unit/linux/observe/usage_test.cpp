// Usage from control group files of both versions.
#include "../cgroup/fake_tree.hpp"

#include <observe/usage.hpp>

#include <gmock/gmock.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using test::FakeTree;

TEST(Usage, V1HasTheShapesOfDocker) {
    const FakeTree tree;
    tree.put("cpuacct/cpuacct.usage", "5000000\n");
    tree.put("cpuacct/cpuacct.usage_percpu", "3000000 2000000 \n");
    tree.put("cpuacct/cpuacct.stat", "user 3\nsystem 2\n");
    tree.put("cpu/cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 77\n");
    tree.put("memory/memory.usage_in_bytes", "4096\n");
    tree.put("memory/memory.max_usage_in_bytes", "8192\n");
    tree.put("memory/memory.failcnt", "2\n");
    tree.put("memory/memory.limit_in_bytes", "9223372036854771712\n");
    tree.put("memory/memory.stat", "cache 1\nrss 2\ntotal_inactive_file 3\n");
    tree.put("pids/pids.current", "6\n");
    tree.put("pids/pids.max", "max\n");
    tree.put("blkio/blkio.throttle.io_service_bytes_recursive",
             "8:0 Read 512\n8:0 Write 1024\n8:0 Total 1536\nTotal 1536\n");
    tree.put("blkio/blkio.throttle.io_serviced", "8:16 Read 1\n");

    json usage = read_v1_usage([&](const std::string& controller) { return tree.root + "/" + controller; }, 100);
    MachineFacts machine;
    machine.cpu_ticks = 150;
    machine.cpus_online = 2;
    machine.memory_bytes = 1 << 20;
    add_machine(usage, machine);

    EXPECT_EQ(usage["cpu_stats"], json::parse(R"({
        "cpu_usage": {"total_usage": 5000000, "percpu_usage": [3000000, 2000000], "usage_in_usermode": 30000000,
                      "usage_in_kernelmode": 20000000},
        "throttling_data": {"periods": 9, "throttled_periods": 4, "throttled_time": 77},
        "system_cpu_usage": 1500000000, "online_cpus": 2})"));
    EXPECT_EQ(usage["memory_stats"], json::parse(R"({
        "usage": 4096, "max_usage": 8192, "failcnt": 2, "limit": 1048576,
        "stats": {"cache": 1, "rss": 2, "total_inactive_file": 3}})"));
    EXPECT_EQ(usage["pids_stats"], json::parse(R"({"current": 6})"));
    EXPECT_EQ(usage["blkio_stats"]["io_service_bytes_recursive"],
              json::parse(R"([{"major": 8, "minor": 0, "op": "Read", "value": 512},
                              {"major": 8, "minor": 0, "op": "Write", "value": 1024},
                              {"major": 8, "minor": 0, "op": "Total", "value": 1536}])"));
    EXPECT_EQ(usage["blkio_stats"]["io_serviced_recursive"],
              json::parse(R"([{"major": 8, "minor": 16, "op": "Read", "value": 1}])"));
    EXPECT_EQ(usage["blkio_stats"]["sectors_recursive"], json::array());
}

TEST(Usage, V1WithoutControllersSaysWhatThereIs) {
    json usage = read_v1_usage([](const std::string&) { return std::string(); }, 100);

    EXPECT_EQ(usage.size(), 1U);
    EXPECT_EQ(usage["cpu_stats"]["cpu_usage"]["total_usage"], 0);
}

TEST(Usage, V2HasTheShapesOfDocker) {
    const FakeTree tree;
    tree.put("cpu.stat",
             "usage_usec 50\nuser_usec 30\nsystem_usec 20\nnr_periods 1\nnr_throttled 2\nthrottled_usec 3\n");
    tree.put("memory.current", "4096\n");
    tree.put("memory.max", "65536\n");
    tree.put("memory.stat", "anon 10\ninactive_file 20\n");
    tree.put("pids.current", "1\n");
    tree.put("pids.max", "max\n");
    tree.put("io.stat", "254:0 rbytes=7 wbytes=100 rios=1 wios=2 dbytes=0 dios=0\n254:16 \n");

    json usage = read_v2_usage(tree.root);
    MachineFacts machine;
    machine.memory_bytes = 1 << 20;
    add_machine(usage, machine);

    EXPECT_EQ(usage["cpu_stats"]["cpu_usage"],
              json::parse(R"({"total_usage": 50000, "usage_in_usermode": 30000, "usage_in_kernelmode": 20000})"));
    EXPECT_EQ(usage["cpu_stats"]["throttling_data"],
              json::parse(R"({"periods": 1, "throttled_periods": 2, "throttled_time": 3000})"));
    EXPECT_EQ(usage["memory_stats"],
              json::parse(R"({"usage": 4096, "limit": 65536, "stats": {"anon": 10, "inactive_file": 20}})"));
    EXPECT_EQ(usage["pids_stats"], json::parse(R"({"current": 1, "limit": 18446744073709551615})"));
    EXPECT_EQ(usage["blkio_stats"], json::parse(R"({"io_service_bytes_recursive": [
        {"major": 254, "minor": 0, "op": "read", "value": 7}, {"major": 254, "minor": 0, "op": "write", "value": 100}]})"));
}

TEST(Usage, NetworksAreThoseOfTheNameSpaceWithoutLoopback) {
    EXPECT_EQ(parse_networks("Inter-|   Receive                           |  Transmit\n"
                             " face |bytes    packets errs drop fifo frame compressed multicast|bytes ...\n"
                             "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
                             "  eth0:5338 36 1 2 0 0 0 0 648 8 3 4 0 0 0 0\n"),
              json::parse(R"({"eth0": {"rx_bytes": 5338, "rx_packets": 36, "rx_errors": 1, "rx_dropped": 2,
                                       "tx_bytes": 648, "tx_packets": 8, "tx_errors": 3, "tx_dropped": 4}})"));
    EXPECT_EQ(parse_networks(""), json::object());
}

}  // namespace
}  // namespace slipway::linux_backend
