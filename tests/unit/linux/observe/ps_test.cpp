// What ps arguments mean, and the columns they name.
#include "../cgroup/fake_tree.hpp"

#include <observe/process_list.hpp>

#include <gmock/gmock.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using test::FakeTree;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

std::vector<std::string> titles(std::string_view arguments) {
    const auto fields = parse_ps_arguments(arguments);
    EXPECT_TRUE(fields) << fields.error().message();
    std::vector<std::string> all;
    for (const PsField& field : fields ? *fields : std::vector<PsField>{}) all.push_back(field.title);
    return all;
}

std::string refusal(std::string_view arguments) {
    const auto fields = parse_ps_arguments(arguments);
    if (fields) return "accepted";
    EXPECT_EQ(fields.error().code(), ErrorCode::kInvalidArgument);
    return fields.error().message();
}

TEST(PsArguments, FormatsHaveTheColumnsOfPs) {
    const std::vector<std::string> full = {"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"};
    for (const char* same : {"", "  ", "-ef", "-e -f", "-fww"})
        EXPECT_THAT(titles(same), ElementsAreArray(full)) << same;
    EXPECT_THAT(titles("aux"),
                ElementsAre("USER", "PID", "%CPU", "%MEM", "VSZ", "RSS", "TTY", "STAT", "START", "TIME", "COMMAND"));
    EXPECT_THAT(titles("-e"), ElementsAre("PID", "TTY", "TIME", "CMD"));
    EXPECT_THAT(titles("ax"), ElementsAre("PID", "TTY", "STAT", "TIME", "COMMAND"));
    EXPECT_THAT(titles("-el"), ElementsAre("F", "S", "UID", "PID", "PPID", "C", "PRI", "NI", "ADDR", "SZ", "WCHAN",
                                           "TTY", "TIME", "CMD"));
}

TEST(PsArguments, ListsComeInEveryWriting) {
    for (const char* list : {"-o pid,comm", "-opid,comm", "-eo pid,comm", "-o pid -o comm", "o pid,comm",
                             "axo pid,comm", "--format pid,comm", "--format=pid,comm", "-o pid:10,comm"}) {
        EXPECT_THAT(titles(list), ElementsAre("PID", "COMMAND")) << list;
    }
    EXPECT_THAT(titles("-o pid,user=OWNER -o args=A,B"), ElementsAre("PID", "OWNER", "A,B"));
    EXPECT_THAT(titles("-o pid="), ElementsAre(""));
}

TEST(PsArguments, S57_WhatIsNotKnownIsNamedAndRefused) {
    EXPECT_EQ(refusal("-o pid,secrets"), "ps column 'secrets' is not supported");
    EXPECT_EQ(refusal("-ef -p 1"), "ps argument '-p' is not supported");
    EXPECT_EQ(refusal("-efZ"), "ps argument '-efZ' is not supported");
    EXPECT_EQ(refusal("--ppid=1"), "ps argument '--ppid=1' is not supported");
    EXPECT_EQ(refusal("-ef;touch /x"), "ps argument '-ef;touch' is not supported");
    EXPECT_EQ(refusal("$(id)"), "ps argument '$(id)' is not supported");
    EXPECT_EQ(refusal("-o pid:x"), "ps column 'pid:x' is not supported");
    EXPECT_EQ(refusal("-o"), "ps argument '-o' is not supported");
    EXPECT_EQ(refusal("-o pid,"), "ps argument ',' is not supported");
    EXPECT_EQ(refusal("-"), "ps argument '-' is not supported");
    EXPECT_EQ(refusal("-\x1b[2J"), "ps argument '-?[2J' is not supported");
    std::string many = "-o pid";
    for (int i = 0; i < 64; ++i) many += ",pid";
    EXPECT_EQ(refusal(many), "more than 64 ps columns");
}

// A machine that was booted at 1700000000 and has been up for 1000 s.
class ProcessList : public testing::Test {
protected:
    ProcessList() {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
        tree.put("stat", "cpu  10 20 30 40 50 60 70 999 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nbtime 1700000000\n");
        tree.put("uptime", "1000.00 900.00\n");
        tree.put("meminfo", "MemTotal:     1000 kB\nMemFree: 1 kB\n");
        context.proc = tree.root;
        context.machine = read_machine(tree.root);
        context.machine.ticks_per_second = 100;
        context.now = 1700001000;
        context.users = parse_id_names("root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\nwrong\n:x:7:\n");
    }
    // Started 500 s after boot, has used 75 s of processor time.
    void add(int pid, const std::string& name, const std::string& state = "S",
             const std::string& arguments = "") const {
        const std::string directory = std::to_string(pid);
        tree.put(directory + "/stat",
                 directory + " (" + name + ") " + state +
                     " 1 10 10 34817 10 4194560 0 0 0 0 5000 2500 0 0 20 0 3 0 50000 2048000 25 "
                     "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
        tree.put(directory + "/status", "Name:\tx\nUid:\t1000\t33\t33\t33\nGid:\t0\t7\t7\t7\nVmLck:\t       4 kB\n");
        tree.put(directory + "/cmdline", arguments);
    }
    json rows(const std::vector<pid_t>& pids, std::string_view arguments) const {
        const auto table = list_processes(pids, *parse_ps_arguments(arguments), context, [] { return ok(); });
        EXPECT_TRUE(table) << table.error().message();
        return table ? table->at("Processes") : json();
    }

    FakeTree tree;
    PsContext context;
};

TEST_F(ProcessList, RendersTheDefaultColumns) {
    add(10, "sleep", "S",
        std::string("sleep\0"
                    "1000\0",
                    11));

    EXPECT_EQ(rows({10}, ""), json::parse(R"([["web","10","1","15","22:21","pts/1","00:01:15","sleep 1000"]])"));
    EXPECT_EQ(rows({10}, "aux")[0], json::parse(R"(["web","10","15.0","10.0","2000","100","pts/1","SLsl+","22:21",
                                                    "1:15","sleep 1000"])"));
}

TEST_F(ProcessList, RendersEveryColumnOfPs) {
    add(10, "sleep", "S",
        std::string("sleep\0"
                    "1\0",
                    8));
    tree.put("10/wchan", "do_wait");
    tree.put("10/cgroup", "1:cpu:/a\n0::/b\n");

    EXPECT_EQ(
        rows({10}, "-o uid,ruid,gid,group,ruser,etime,etimes,lstart,ni,pri,psr,nlwp,pgid,sid,wchan,cgroup,c,state"),
        json::parse(R"([["33","1000","7","7","1000","08:20","500","Tue Nov 14 22:21:40 2023","0","19","1","3","10",
                               "10","do_wait","1:cpu:/a,0::/b","15","S"]])"));
}

TEST_F(ProcessList, NamesOfProcessesCannotLie) {
    add(10, "a) S 1 (b\n\x1b[31m", "R");
    add(11, "dead", "Z", "kept");
    add(12, "kthread");

    EXPECT_EQ(rows({10, 11, 12}, "-o pid,comm,args"), json::parse(R"([["10","a) S 1 (b??[31m","[a) S 1 (b??[31m]"],
                                                                      ["11","dead <defunct>","[dead] <defunct>"],
                                                                      ["12","kthread","[kthread]"]])"));
    EXPECT_EQ(printable_text("h\xc3\xa9 \xff\xc0\xaf\xed\xa0\x80\xc2\x9b\x7f"),
              "h\xc3\xa9 ????????"
              "?");
}

TEST_F(ProcessList, LeavesOutWhatHasEndedMeanwhile) {
    add(10, "a");
    add(12, "b");
    std::filesystem::remove(tree.root + "/12/status");

    EXPECT_EQ(rows({9, 10, 12}, "-o pid"), json::parse(R"([["10"]])"));
}

TEST_F(ProcessList, StaysBoundedHoweverLongArgumentsAre) {
    add(10, "a", "S", std::string(100'000, 'x'));
    EXPECT_EQ(rows({10}, "-o args")[0][0].get<std::string>().size(), 32U * 1024);

    const std::vector<pid_t> many(2000, 10);
    EXPECT_LT(rows(many, "-o args").dump().size(), size_t{8} << 20);
}

TEST_F(ProcessList, StopsWhenTheCallerGivesUp) {
    const auto table = list_processes({1}, *parse_ps_arguments(""), context,
                                      [] { return Status(Error(ErrorCode::kCancelled, "enough")); });

    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code(), ErrorCode::kCancelled);
}

TEST_F(ProcessList, KnowsTheMachine) {
    EXPECT_EQ(context.machine.cpu_ticks, 280U) << "user to softirq, without the time stolen";
    EXPECT_EQ(context.machine.cpus_online, 2U);
    EXPECT_EQ(context.machine.memory_bytes, 1024000U);
}

}  // namespace
}  // namespace slipway::linux_backend
