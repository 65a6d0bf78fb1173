// Containers that run: commands, streams, signals, execs, limits.
#include "backend_test.hpp"

#include <filesystem>
#include <fstream>
#include <thread>

namespace slipway::windows_backend {
namespace {

using WindowsRun = WindowsBackend;
using std::chrono::milliseconds;

TEST_F(WindowsRun, ACommandsOutputReachesTheLogBeforeItsExitIsTold) {
    const std::string id = test_id('1');
    slw_container* c = open(id);

    ASSERT_TRUE(run(c, id, {does({"env:GREETING", "complain:bad", "exit:3"})}));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 3);
    EXPECT_EQ(status(c).state, SLW_PROCESS_EXITED);
    EXPECT_EQ(status(c).exit_code, 3);
    EXPECT_THAT(log_of(id), testing::HasSubstr("stdout:hello\n"));
    EXPECT_THAT(log_of(id), testing::HasSubstr("stderr:bad\n"));
    EXPECT_TRUE(give_back(c));
    EXPECT_EQ(host_->count(SLW_EVENT_EXIT, id), 1U);
}

TEST_F(WindowsRun, LogRecordsCarryTheAttributesTheyAreGiven) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    RunOptions options{does({"env:GREETING"})};
    options.log_attributes = R"({"tag":"web"})";

    ASSERT_TRUE(run(c, id, options));

    host_->wait(SLW_EVENT_EXIT, id);
    std::ifstream log(log_path(id));
    std::string line;
    std::getline(log, line);
    EXPECT_THAT(line, testing::StartsWith(R"({"log":"hello\n","stream":"stdout","attrs":{"tag":"web"},"time":)"));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, SF28_AHostConfigurationAtStartIsNotAccepted) {
    const auto* ops = table<slw_create_ops>(SLW_EXT_CREATE);
    EXPECT_EQ(ops->flags & SLW_CREATE_ACCEPTS_START_HOSTCONFIG, 0U);
    EXPECT_EQ(ops->flags & SLW_CREATE_PARKS, 0U);
    EXPECT_NE(ops->flags & SLW_CREATE_NETWORK_FIRST, 0U);
}

TEST_F(WindowsRun, SF42_TheRootOfAProcessIsolatedContainerIsMountedOnTheHostAndReleased) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({})}));
    EXPECT_THAT(simulated::leaks(), testing::Contains(testing::HasSubstr("attached disk")));
    EXPECT_THAT(simulated::leaks(), testing::Contains(testing::HasSubstr("storage filter")));
    host_->wait(SLW_EVENT_EXIT, id);

    EXPECT_TRUE(give_back(c));

    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(WindowsRun, TheSystemIsMadeOfWhatWasPrepared) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    uint64_t mount = 0;
    slw_mount_request request{};
    request.struct_size = sizeof(request);
    request.flags = SLW_MOUNT_READ_ONLY;
    request.source = directory_.c_str();
    request.target = "c:/data";
    const slw_call limits = call();
    ASSERT_EQ(table<slw_mount_ops>(SLW_EXT_MOUNT)->mount(c, &limits, &request, &mount, nullptr), SLW_OK);
    RunOptions options{does({})};
    options.host_config = {{"Memory", 64 << 20}, {"CpuShares", 500}};
    ASSERT_TRUE(run(c, id, options));

    const json container = simulated::document_of(id)["Container"];

    EXPECT_EQ(container["MappedDirectories"],
              (json::array({{{"HostPath", directory_}, {"ContainerPath", "C:\\data"}, {"ReadOnly", true}}})));
    EXPECT_EQ(container["Memory"]["SizeInMB"], 64);
    EXPECT_EQ(container["Processor"]["Weight"], 500);
    EXPECT_EQ(container["Networking"]["AllowUnqualifiedDnsQuery"], true);
    EXPECT_EQ(container["Networking"]["DnsSearchList"], "a.example");
    EXPECT_EQ(simulated::endpoints_of(container["Networking"]["Namespace"]).size(), 1U);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, CommandsThatCannotRunAreTyped) {
    const std::string id = test_id('1');
    slw_container* c = open(id);

    const Outcome started = run(c, id, {{"no-such-program", "x"}});

    EXPECT_EQ(started.status, SLW_ERR_EXEC_NOT_FOUND);
    EXPECT_EQ(started.error.os_domain, SLW_OS_HRESULT);
    EXPECT_EQ(static_cast<uint32_t>(started.error.os_code), 0x80070002U);
    EXPECT_STREQ(started.error.operation, "HcsCreateProcess");
    EXPECT_STREQ(started.error.resource, "no-such-program x");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, SignalsAreShutdownTerminationAndControlEvents) {
    const struct {
        int32_t number;
        const char* function;
        int32_t code;
    } rows[] = {{9, "HcsTerminateComputeSystem", 1067},
                {15, "HcsShutDownComputeSystem", static_cast<int32_t>(0xC000013A)},
                {2, "HcsSignalProcess", static_cast<int32_t>(0xC000013A)}};
    char digit = '1';
    for (const auto& row : rows) {
        const std::string id = test_id(digit++);
        slw_container* c = open(id);
        ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));
        EXPECT_EQ(signal(c, 12).status, SLW_ERR_INVALID_ARGUMENT);

        EXPECT_TRUE(signal(c, row.number));

        EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, row.code);
        EXPECT_GE(simulated::calls()[row.function], 1);
        EXPECT_EQ(signal(c, 15).status, SLW_ERR_NOT_FOUND);
        EXPECT_TRUE(give_back(c));
    }
}

TEST_F(WindowsRun, ClientsAttachedBeforeTheStartMissNothingAndGiveInput) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    RunOptions options{does({"line", "drain", "complain:end"})};
    options.flags = SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE;
    ASSERT_TRUE(mount_root(c));
    ASSERT_TRUE(join_network(c, id, options));
    ASSERT_TRUE(create(c, id, options));
    Connection client;
    slw_attach_request request = attach_request(client, SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR |
                                                            SLW_ATTACH_MULTIPLEXED | SLW_ATTACH_REPLY_FIRST);
    request.preamble = text_of("HTTP/1.1 101\r\n\r\n");
    request.early_input = text_of("one");
    const slw_call limits = call();
    ASSERT_EQ(table<slw_stdio_ops>(SLW_EXT_STDIO)->attach(c, &limits, &request, nullptr), SLW_OK);
    ASSERT_TRUE(start(c));

    client.send(" two\n");
    client.end_writing();

    // Two pipes have no order between them.
    const std::string head = "HTTP/1.1 101\r\n\r\n", out = framed(1, "got one two\n"), err = framed(2, "end\n");
    EXPECT_THAT(client.read_all(), testing::AnyOf(head + out + err, head + err + out));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, InputThatEndsBeforeTheStartIsReadWhole) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    RunOptions options{does({"line", "drain"})};
    options.flags = SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE;
    ASSERT_TRUE(mount_root(c));
    ASSERT_TRUE(join_network(c, id, options));
    ASSERT_TRUE(create(c, id, options));
    Connection client;
    const slw_attach_request request = attach_request(client, SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT);
    const slw_call limits = call();
    ASSERT_EQ(table<slw_stdio_ops>(SLW_EXT_STDIO)->attach(c, &limits, &request, nullptr), SLW_OK);
    client.send("whole\n");
    client.end_writing();
    std::this_thread::sleep_for(milliseconds(100));  // both have been read by then

    ASSERT_TRUE(start(c));

    EXPECT_EQ(client.read_all(), "got whole\n");
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, FramesOfBothStreamsStayWhole) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    const RunOptions options{does({"both:300"})};
    ASSERT_TRUE(mount_root(c));
    ASSERT_TRUE(join_network(c, id, options));
    ASSERT_TRUE(create(c, id, options));
    Connection client;
    const slw_attach_request request =
        attach_request(client, SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR | SLW_ATTACH_MULTIPLEXED);
    const slw_call limits = call();
    ASSERT_EQ(table<slw_stdio_ops>(SLW_EXT_STDIO)->attach(c, &limits, &request, nullptr), SLW_OK);
    ASSERT_TRUE(start(c));

    std::string text = client.read_all();

    std::map<int, std::string> streams;
    while (text.size() >= 8) {
        const size_t size = static_cast<unsigned char>(text[6]) * 256U + static_cast<unsigned char>(text[7]);
        ASSERT_GE(text.size(), 8 + size);
        ASSERT_TRUE(text[0] == 1 || text[0] == 2) << static_cast<int>(text[0]);
        streams[text[0]] += text.substr(8, size);
        text.erase(0, 8 + size);
    }
    EXPECT_EQ(text, "");
    EXPECT_EQ(streams[1].size(), 300 * 4U);
    EXPECT_EQ(streams[2].size(), 300 * 4U);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, ATerminalHasOneStreamASizeAndDetachKeys) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    RunOptions options{does({"say:out", "complain:err", "line"})};
    options.flags = SLW_CREATE_TTY | SLW_CREATE_OPEN_STDIN;
    ASSERT_TRUE(mount_root(c));
    ASSERT_TRUE(join_network(c, id, options));
    ASSERT_TRUE(create(c, id, options));
    Connection leaving, staying;
    slw_attach_request request = attach_request(leaving, SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT);
    request.detach_keys = text_of("\x10\x11");
    const slw_call limits = call();
    const auto* stdio = table<slw_stdio_ops>(SLW_EXT_STDIO);
    ASSERT_EQ(stdio->attach(c, &limits, &request, nullptr), SLW_OK);
    request = attach_request(staying, SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR);
    ASSERT_EQ(stdio->attach(c, &limits, &request, nullptr), SLW_OK);
    ASSERT_TRUE(start(c));
    EXPECT_EQ(stdio->resize(c, 40, 120, nullptr), SLW_OK);

    leaving.send("line\x10\x11");
    const std::string seen = leaving.read_all();
    EXPECT_TRUE(says(id, "stdout:out\nstdout:err\n"));
    const auto end = signal(c, 9);

    EXPECT_TRUE(seen.empty() || seen == "out\n" || seen == "out\nerr\n") << seen;
    EXPECT_TRUE(end);
    EXPECT_EQ(staying.read_all(), "out\nerr\n");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, ExecsRunInTheSystemOfTheContainer) {
    const std::string id = test_id('1'), first = test_id('e'), second = test_id('f');
    slw_container* c = open(id);
    EXPECT_EQ(exec(c, first, does({})).status, SLW_ERR_CONFLICT);
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));
    Connection client;
    const slw_attach_request request =
        attach_request(client, SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR | SLW_ATTACH_MULTIPLEXED);

    ASSERT_TRUE(exec(c, first, does({"say:hi", "exit:4"}), &request, 100));

    const SeenEvent ended = host_->wait(SLW_EVENT_EXEC_EXIT, first);
    EXPECT_EQ(ended.exit_code, 4);
    EXPECT_EQ(ended.container, id);
    const auto* ops = table<slw_exec_ops>(SLW_EXT_EXEC);
    StringSink kept;
    EXPECT_EQ(ops->output(c, first.c_str(), kept.get(), nullptr), SLW_OK);
    EXPECT_EQ(kept.take(), "hi\n");
    const slw_call limits = call();
    EXPECT_EQ(ops->release(c, &limits, first.c_str(), nullptr), SLW_OK);
    EXPECT_EQ(client.read_all(), framed(1, "hi\n"));

    ASSERT_TRUE(exec(c, second, does({"sleep:60000"})));
    EXPECT_EQ(exec(c, second, does({})).status, SLW_ERR_CONFLICT);
    EXPECT_EQ(ops->signal(c, second.c_str(), 9, nullptr), SLW_OK);
    EXPECT_EQ(host_->wait(SLW_EVENT_EXEC_EXIT, second).exit_code, 1067);
    EXPECT_EQ(exec(c, test_id('a'), {"no-such-program"}).status, SLW_ERR_EXEC_NOT_FOUND);
    ASSERT_TRUE(exec(c, test_id('a'), does({"sleep:60000"})));
    EXPECT_TRUE(give_back(c));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXEC_EXIT, test_id('a')).kind, SLW_EVENT_EXEC_EXIT) << "ends with its container";
}

TEST_F(WindowsRun, StatsTopAndUpdateAreOfTheSystem) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));
    const slw_call limits = call();
    StringSink stats, top;

    EXPECT_EQ(table<slw_stats_ops>(SLW_EXT_STATS)->read(c, &limits, stats.get(), nullptr), SLW_OK);
    EXPECT_EQ(table<slw_top_ops>(SLW_EXT_TOP)->list(c, &limits, text_of(""), top.get(), nullptr), SLW_OK);
    const std::string change = R"({"HostConfig":{"Memory":134217728},"Changed":["Memory"]})";
    EXPECT_EQ(table<slw_update_ops>(SLW_EXT_UPDATE)->update(c, &limits, text_of(change), nullptr), SLW_OK);

    const json numbers = json::parse(stats.take());
    EXPECT_EQ(numbers["memory_stats"]["privateworkingset"], 4 << 20);
    EXPECT_EQ(numbers["storage_stats"]["write_size_bytes"], 0);
    const json listed = json::parse(top.take());
    EXPECT_EQ(listed["Titles"], (json{"Name", "PID", "CPU", "Private Working Set"}));
    EXPECT_EQ(listed["Processes"][0][2], "00:00:01.500");
    EXPECT_EQ(simulated::document_of(id)["Container"]["Memory"]["SizeInMB"], 128);
    EXPECT_EQ(table<slw_top_ops>(SLW_EXT_TOP)->list(c, &limits, text_of("-ef"), top.get(), nullptr),
              SLW_ERR_INVALID_ARGUMENT);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsRun, ManyContainersStartAndStopAtOnce) {
    constexpr int kContainers = 12;
    std::vector<std::thread> threads;
    std::vector<slw_container*> containers;
    std::vector<Outcome> outcomes(kContainers);
    for (int i = 0; i < kContainers; ++i) {
        std::string id = test_id('a');
        id.replace(0, 8, std::string(7, '0') + static_cast<char>('a' + i % 6));
        id[8] = static_cast<char>('0' + i / 6);
        id.replace(0, 2, std::to_string(10 + i));
        containers.push_back(open(id));
        threads.emplace_back([this, i, id, c = containers.back(), &outcomes] {
            outcomes[static_cast<size_t>(i)] = run(c, id, {does({"sleep:50"})});
            if (outcomes[static_cast<size_t>(i)]) host_->wait(SLW_EVENT_EXIT, id);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Outcome& outcome : outcomes) EXPECT_TRUE(outcome) << outcome.message();
    for (slw_container* c : containers) EXPECT_TRUE(give_back(c));
}

}  // namespace
}  // namespace slipway::windows_backend
