// What a process finds in the default container, by slipway-facts: rows S-50, S-93, S-94 and S-95. The same facts
// beside those of other engines come from scripts/compare-defaults.
#include <tree/tree.hpp>
#include "client.hpp"
#include "default_calls.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace slipway::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using Facts = std::map<std::string, std::string>;  // "topic name" -> value

class DefaultContainer : public DockerClient {
protected:
    static Facts parsed(const std::string& text) {
        Facts facts;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            const size_t first = line.find('\t'), second = line.find('\t', first + 1);
            if (second == std::string::npos) continue;
            facts[line.substr(0, first) + " " + line.substr(first + 1, second - first - 1)] = line.substr(second + 1);
        }
        return facts;
    }
    // Makes a container of the default image with the program in it; it is not started.
    void create(const std::string& name, const std::vector<std::string>& command,
                const std::vector<std::string>& options = {}) const {
        std::vector<std::string> arguments = {"create", "--name", name};
        arguments.insert(arguments.end(), options.begin(), options.end());
        arguments.emplace_back("box");
        arguments.insert(arguments.end(), command.begin(), command.end());
        docker_ok(arguments);
        docker_ok({"cp", std::string(tree::kBuild) + "/bin/slipway-facts", name + ":/facts"});
    }
    Facts facts_of_a_run(const std::string& name, const std::vector<std::string>& options = {}) const {
        create(name, {"/facts"}, options);
        return parsed(docker_ok({"start", "-a", name}));
    }
    Facts facts_of_an_exec(const std::string& name, const std::vector<std::string>& options = {}) const {
        std::vector<std::string> arguments = {"exec"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        arguments.insert(arguments.end(), {name, "/facts"});
        return parsed(docker_ok(arguments));
    }
    // Those of one topic.
    static Facts only(const Facts& facts, const std::string& topic) {
        Facts kept;
        for (const auto& [name, value] : facts) {
            if (name.starts_with(topic + " ")) kept[name.substr(topic.size() + 1)] = value;
        }
        return kept;
    }
    static void expect_capabilities(const Facts& facts, const std::string& held, const std::string& bounding) {
        const Facts expected = {
            {"ambient", "0"}, {"bounding", bounding}, {"effective", held}, {"inheritable", "0"}, {"permitted", held}};
        EXPECT_EQ(only(facts, "capabilities"), expected);
    }
};

constexpr const char* kDockers = "00000000a80425fb";

TEST_F(DefaultContainer, S50_CapabilitiesAreDockersAndNothingIsInherited) {
    expect_capabilities(facts_of_a_run("as-root"), kDockers, kDockers);
    expect_capabilities(facts_of_a_run("as-user", {"-u", "1000"}), "0", kDockers);
    expect_capabilities(facts_of_a_run("more", {"--cap-add", "SYS_TIME"}), "00000000aa0425fb", "00000000aa0425fb");
    create("kept", {"sleep", "600"}, {"--cap-add", "SYS_TIME"});
    docker_ok({"start", "kept"});
    expect_capabilities(facts_of_an_exec("kept"), "00000000aa0425fb", "00000000aa0425fb");
    expect_capabilities(facts_of_an_exec("kept", {"-u", "1000"}), "0", "00000000aa0425fb");
}

void expect_calls(const Facts& calls) {
    EXPECT_EQ(calls.size(), kCalls.size());
    for (const auto& [name, expected] : kCalls) {
        const auto found = calls.find(name);
        if (found == calls.end()) {
            ADD_FAILURE() << name << " was not tried";
            continue;
        }
        std::set<std::string> accepted;
        std::istringstream parts(expected);
        for (std::string part; std::getline(parts, part, '|');) accepted.insert(part);
        EXPECT_EQ(accepted.count(found->second), 1U) << name << " gave " << found->second << ", not " << expected;
    }
}

TEST_F(DefaultContainer, S91_S92_S94_EachCallIsDecidedAsListed) {
    const Facts run = facts_of_a_run("run");
    EXPECT_EQ(run.at("process seccomp mode"), "2");
    EXPECT_EQ(run.at("process no new privileges"), "0");
    expect_calls(only(run, "calls"));
    create("kept", {"sleep", "600"});
    docker_ok({"start", "kept"});
    expect_calls(only(facts_of_an_exec("kept"), "calls"));
}

void expect_protected(const Facts& facts) {
    for (const char* path :
         {"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
          "/sys/devices/system/cpu/cpu0/thermal_throttle", "/sys/firmware"}) {
        EXPECT_THAT(facts.at(std::string("protected paths ") + path), AnyOf(Eq("masked"), Eq("absent"))) << path;
    }
    for (const char* path : {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", "/sys",
                             "/sys/fs/cgroup", "/sys/kernel/security"}) {
        EXPECT_THAT(facts.at(std::string("protected paths ") + path), AnyOf(Eq("read-only"), Eq("absent"))) << path;
    }
}

TEST_F(DefaultContainer, S93_S95_PathsAreProtectedInRunExecAndProbe) {
    // These two every kernel has.
    const Facts run = facts_of_a_run("run");
    EXPECT_EQ(run.at("protected paths /proc/interrupts"), "masked");
    EXPECT_EQ(run.at("protected paths /proc/sys"), "read-only");
    expect_protected(run);
    create("kept", {"sleep", "600"},
           {"--health-cmd", "/facts > /found.new && mv /found.new /found", "--health-interval", "1s"});
    docker_ok({"start", "kept"});
    expect_protected(facts_of_an_exec("kept"));
    ASSERT_TRUE(eventually([&] { return docker({"exec", "kept", "test", "-e", "/found"}).exit_code == 0; }));
    const Facts probe = parsed(docker_ok({"exec", "kept", "cat", "/found"}));
    expect_protected(probe);
    expect_capabilities(probe, kDockers, kDockers);
    EXPECT_EQ(probe.at("process seccomp mode"), "2");
}

TEST_F(DefaultContainer, HasTheMountsAndDevicesOfTheTable) {
    const Facts facts = facts_of_a_run("run");
    const Facts mounts = only(facts, "mounts");
    const Facts expected = {{"/proc", "proc rw,nosuid,nodev,noexec,relatime"},
                            {"/dev", "tmpfs rw,nosuid,size=65536k,mode=755"},
                            {"/dev/pts", "devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666"},
                            {"/sys", "sysfs ro,nosuid,nodev,noexec,relatime"},
                            {"/dev/mqueue", "mqueue rw,nosuid,nodev,noexec,relatime"},
                            {"/dev/shm", "tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k"}};
    for (const auto& [point, options] : expected) EXPECT_EQ(mounts.at(point), options) << point;
    for (const auto& [point, options] : mounts) {
        EXPECT_EQ(options.find(" master"), std::string::npos) << point << " receives mounts of the host";
        EXPECT_EQ(options.find(" shared"), std::string::npos) << point << " passes mounts to the host";
    }
    const Facts devices = {{"/dev/core", "-> /proc/kcore"},       {"/dev/fd", "-> /proc/self/fd"},
                           {"/dev/full", "c 1:7 0666"},           {"/dev/mqueue", "directory 1777"},
                           {"/dev/null", "c 1:3 0666"},           {"/dev/ptmx", "-> pts/ptmx"},
                           {"/dev/pts", "directory 0755"},        {"/dev/pts/ptmx", "c 5:2 0666"},
                           {"/dev/random", "c 1:8 0666"},         {"/dev/shm", "directory 1777"},
                           {"/dev/stderr", "-> /proc/self/fd/2"}, {"/dev/stdin", "-> /proc/self/fd/0"},
                           {"/dev/stdout", "-> /proc/self/fd/1"}, {"/dev/tty", "c 5:0 0666"},
                           {"/dev/urandom", "c 1:9 0666"},        {"/dev/zero", "c 1:5 0666"}};
    EXPECT_EQ(only(facts, "devices"), devices);
}

TEST_F(DefaultContainer, HasNameSpacesEnvironmentAndAttributesOfItsOwn) {
    const Facts facts = facts_of_a_run("run");
    for (const auto& [kind, target] : only(facts, "namespaces")) {
        const bool shared = std::filesystem::read_symlink("/proc/self/ns/" + kind).string() == target;
        EXPECT_EQ(shared, kind == "user" || kind == "time") << kind;
    }
    const Facts environment = {{"HOME", "/root"},
                               {"HOSTNAME", "ID"},
                               {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
    EXPECT_EQ(only(facts, "environment"), environment);
    const Facts process = only(facts, "process");
    const Facts expected = {{"blocked signals", "0"},
                            {"descriptors", "0 1 2"},
                            {"gid", "0 0 0 0"},
                            {"groups", "0"},
                            {"ignored signals", "0"},
                            {"nice", "0"},
                            {"oom_score_adj", "0"},
                            {"personality", "00000000"},
                            {"pid", "1"},
                            {"scheduler", "0"},
                            {"session", "1"},
                            {"uid", "0 0 0 0"},
                            {"umask", "0022"},
                            {"working directory", "/"}};
    for (const auto& [name, value] : expected) EXPECT_EQ(process.at(name), value) << name;
    EXPECT_EQ(facts.at("limits open files").substr(0, 5), "1024,");
    for (const auto& [name, path] : only(facts, "control groups")) {
        if (name.starts_with("path of ")) {
            EXPECT_EQ(path, "/") << name;
        }
    }
}

}  // namespace
}  // namespace slipway::testing
