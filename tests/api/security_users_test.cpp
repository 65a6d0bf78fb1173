// Users, names and texts that want to be more than they are: rows S-51 to S-59 and S-102 to S-105.
#include <tree/tree.hpp>
#include "security.hpp"

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::AnyOf;
using ::testing::Not;

// Message of a reply, "" when it has none.
std::string message_of(const HttpReply& reply) {
    const json body = json::parse(reply.body, nullptr, false);
    return body.is_object() ? body.value("message", "") : "";
}

class Watch {
public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::string build_file(const std::string& name) {
    return read_file(std::string(tree::kBuild) + "/bin/" + name);
}

TEST_F(Security, S51_ThePrimaryGroupAlwaysBinds) {
    // For its group the file is worse to have than for others.
    import_image("negative", tar_entry({"closed", '0', "SECRET", "", 0604, 0, 1000}) +
                                 tar_entry({"etc/passwd", '0', "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"}) +
                                 tar_entry({"etc/group", '0', "root:x:0:\napp:x:1000:\nextra:x:2000:app\n"}));
    struct Row {
        std::vector<std::string> options;
        const char* groups;
        bool reads;
    };
    const std::vector<Row> rows = {{{"-u", "1000:1000"}, "1000", false},
                                   {{"-u", "1000"}, "1000 2000", false},
                                   {{"-u", "app"}, "1000 2000", false},
                                   {{"-u", "app:extra"}, "2000", true},
                                   {{"-u", "7", "--group-add", "1000"}, "0 1000", false},
                                   {{"-u", "7:7", "--group-add", "extra"}, "7 2000", true},
                                   {{"-u", "7:7"}, "7", true}};
    docker_ok({"run", "-d", "--name", "con", "negative", "sleep", "600"});
    for (const Row& row : rows) {
        const std::string script = "id -G; cat /closed 2>/dev/null; true";
        const std::string expected = std::string(row.groups) + "\n" + (row.reads ? "SECRET" : "");
        EXPECT_EQ(trimmed(output_of(row.options, "negative", {"sh", "-c", script})), trimmed(expected))
            << row.options[1];
        if (row.options.size() > 2) continue;
        std::vector<std::string> exec = {"exec"};
        exec.insert(exec.end(), row.options.begin(), row.options.end());
        exec.insert(exec.end(), {"con", "sh", "-c", script});
        EXPECT_EQ(docker_ok(exec), trimmed(expected)) << row.options[1];
    }
    for (const char* user : {"app:nogroup", "nouser", "7:extra2"}) {
        EXPECT_THAT(output_of({"-u", user}, "negative", {"echo", "RAN"}), HasSubstr("unable to find ")) << user;
    }
    EXPECT_THAT(output_of({"--group-add", "nogroup"}, "negative", {"echo", "RAN"}),
                HasSubstr("unable to find group nogroup: no matching entries in group file"));
}

TEST_F(Security, S52_OnlyZeroAndRootAreRoot) {
    import_image("names", tar_entry({"etc/passwd", '0',
                                     "root:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\nbig:x:4294967296:0::/:/bin/sh\n"
                                     "minus:x:-1:0::/:/bin/sh\nblank:x::0::/:/bin/sh\n"}));
    docker_ok({"run", "-d", "--name", "con", "names", "sleep", "600"});
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"0", "0"}, {"root", "0"}, {"1", "1"}, {"1000", "1000"}, {"2147483647", "2147483647"}, {"1:", "1"}};
    for (const auto& [user, uid] : rows) {
        EXPECT_EQ(trimmed(output_of({"-u", user}, "names", {"id", "-u"})), uid) << user;
        EXPECT_EQ(docker_ok({"exec", "-u", user, "con", "id", "-u"}), uid) << user;
    }
    for (const char* user : {"01", "+0", " 0", "0 ", "-1", "0x0", "2147483648", "4294967295", "4294967296",
                             "18446744073709551616", "1e3", "big", "minus", "blank", "1:-1", "1:4294967296"}) {
        const HttpReply made = raw("POST", "/containers/create?name=odd",
                                   json({{"Image", "names"}, {"Cmd", {"id", "-u"}}, {"User", user}}).dump());
        if (made.status == 201) {
            EXPECT_NE(raw("POST", "/containers/odd/start").status, 204) << user;
            EXPECT_EQ(raw("DELETE", "/containers/odd?force=1").status, 204);
        } else {
            EXPECT_EQ(made.status, 400) << user;
        }
        EXPECT_EQ(try_exec("con", {{"Cmd", {"true"}}, {"User", user}}).status, 400) << user;
    }
}

TEST_F(Security, S53_SysctlsCannotSetOthers) {
    const std::vector<std::pair<const char*, const char*>> odd = {
        {"net.ipv4.ip_default_ttl", "77\nkernel.core_pattern=|/x"},
        {"net.ipv4.ip_default_ttl", "77+kernel.core_pattern=|/x"},
        {"net.ipv4.ip_default_ttl", "77;x"},
        {"net.ipv4.ip_default_ttl=1 kernel.core_pattern", "|/x"},
        {"net.ipv4.ip_default_ttl\n", "77"},
        {"net.../kernel/core_pattern", "|/x"},
        {"net/../kernel/core_pattern", "|/x"},
        {"net.ipv4/ip_default_ttl", "77"},
        {"kernel.core_pattern", "|/x"},
        {"kernel/core_pattern", "|/x"},
        {"kernel.sysrq", "1"},
        {"vm.overcommit_memory", "1"},
        {"fs.file-max", "1"},
        {"", "1"}};
    for (const auto& [key, value] : odd) {
        const json body = {{"Image", "box"}, {"Cmd", {"true"}}, {"HostConfig", {{"Sysctls", {{key, value}}}}}};
        const HttpReply reply = raw("POST", "/containers/create", body.dump());
        EXPECT_EQ(reply.status, 400) << key << "=" << value << reply.body;
    }
    // In the host's name spaces none are anybody's to set.
    for (const auto& [mode, key] : std::vector<std::pair<const char*, const char*>>{
             {"NetworkMode", "net.ipv4.ip_default_ttl"}, {"IpcMode", "kernel.msgmax"}}) {
        const json body = {
            {"Image", "box"}, {"Cmd", {"true"}}, {"HostConfig", {{mode, "host"}, {"Sysctls", {{key, "77"}}}}}};
        EXPECT_EQ(raw("POST", "/containers/create", body.dump()).status, 400) << mode;
    }
}

TEST_F(Security, S54_AnnotationsAndLabelsAreJustTexts) {
    const std::vector<std::string> keys = {"org.systemd.property.ExecStartPre=['/bin/touch', '" + canary + "/ran']",
                                           "run.oci.keep_original_groups=1",
                                           "run.oci.hooks.stdout=" + canary + "/hook",
                                           "io.kubernetes.cri-o.userns-mode=host",
                                           "io.podman.annotations.label=disable",
                                           "devices.nri.io/container.x=- path: /dev/mem",
                                           "cdi.k8s.io/x=vendor.example/thing=one"};
    std::vector<std::string> changes, options;
    for (const std::string& key : keys) {
        changes.push_back("LABEL \"" + key.substr(0, key.find('=')) + "\"=\"x\"");
        options.insert(options.end(), {"--annotation", key, "--label", key});
    }
    import_image("labelled", "", changes);
    const std::string script =
        "grep -E '^(Groups|Cap|Seccomp|NoNewPrivs)' /proc/self/status; ls /dev; cut -d: -f3 /proc/self/cgroup | sort "
        "-u";
    const std::string plain = script_output(script);
    EXPECT_THAT(plain, HasSubstr("Seccomp:\t2"));
    EXPECT_EQ(script_output(script, options), plain);
    EXPECT_EQ(trimmed(output_of({}, "labelled", {"sh", "-c", script})), plain);
}

TEST_F(Security, S58_PathsOfAnImageDoNotChooseSourcesOfMounts) {
    // The engine mounts three files of its own; whatever stands there in the image is not their source.
    import_image("secrets",
                 tar_entry({"run/secrets", '2', "", canary}) + tar_entry({"etc/hosts", '2', "", "/proc/1/root"}) +
                     tar_entry({"etc/system-fips", '0', "1"}) + tar_entry({"proc/sys/crypto/fips_enabled", '0', "1"}));
    const RunResult result = docker({"run", "--rm", "secrets", "sh", "-c", "ls /run/secrets/; cat /etc/hosts"});
    EXPECT_THAT(result.out, Not(HasSubstr("secret")));
    EXPECT_THAT(result.out + result.err, AnyOf(HasSubstr("localhost"), HasSubstr("/etc/hosts")));
    // Words of propagation and options of other file systems are not passed through.
    for (const char* mode : {"shared,shared", "rw,bind=/etc",
                             "ro,upperdir="
                             "/etc",
                             "rslave,x"}) {
        const RunResult odd = docker({"create", "-v", canary + ":/x:" + mode, "box", "true"});
        EXPECT_NE(odd.exit_code, 0) << mode;
        EXPECT_THAT(odd.err, HasSubstr("invalid")) << mode;
    }
}

TEST_F(Security, S59_NoNewPrivilegesHoldsForEveryProcess) {
    import_image("setuid", tar_entry({"facts", '0', build_file("slipway-facts"), "", 04755}) +
                               tar_entry({"tmp", '5', "", "", 01777}));
    const std::string gained = "process\tno new privileges\t0\nprocess\tuid\t1000 0 0 0";
    const std::string kept = "process\tno new privileges\t1\nprocess\tuid\t1000 1000 1000 1000";
    const auto seen = [&](const RunResult& result) {
        RunOptions sorted;
        sorted.input = result.out;
        return trimmed(run({"sh", "-c", "grep -E '^process.(uid|no new privileges)' | sort"}, sorted).out);
    };
    EXPECT_EQ(seen(docker({"run", "--rm", "-u", "1000", "setuid", "/facts"})), gained) << "without the option it works";
    const std::vector<std::string> option = {"--security-opt", "no-new-privileges"};
    EXPECT_EQ(seen(docker({"run", "--rm", "-u", "1000", option[0], option[1], "setuid", "/facts"})), kept);
    docker_ok({"run", "-d", "--name", "con", "-u", "1000", option[0], option[1], "--health-cmd",
               "/facts > /tmp/new && mv /tmp/new /tmp/probe", "--health-interval", "1s", "setuid", "sleep", "600"});
    EXPECT_EQ(seen(docker({"exec", "con", "/facts"})), kept);
    EXPECT_EQ(seen(docker({"exec", "-u", "1000", "con", "/facts"})), kept);
    ASSERT_TRUE(eventually([&] { return docker({"exec", "con", "test", "-e", "/tmp/probe"}).exit_code == 0; }));
    EXPECT_EQ(seen(docker({"exec", "con", "cat", "/tmp/probe"})), kept);
}

TEST_F(Security, S55_LineBreaksInNamesAreRefusedAtCreate) {
    const std::string lines = "a\nnameserver 6.6.6.6";
    const std::vector<std::pair<const char*, json>> requests = {
        {"Hostname", {{"Hostname", lines}}},
        {"Domainname", {{"Domainname", lines}}},
        {"User", {{"User", "1000\nroot:x:0:0"}}},
        {"Dns", {{"HostConfig", {{"Dns", {"1.1.1.1\nsearch evil.test"}}}}}},
        {"DnsSearch", {{"HostConfig", {{"DnsSearch", {lines}}}}}},
        {"DnsOptions", {{"HostConfig", {{"DnsOptions", {"ndots:1\nnameserver 6.6.6.6"}}}}}},
        {"ExtraHosts name", {{"HostConfig", {{"ExtraHosts", {"a\n6.6.6.6 bank:1.2.3.4"}}}}}},
        {"ExtraHosts address", {{"HostConfig", {{"ExtraHosts", {"a:1.2.3.4\n6.6.6.6 bank"}}}}}},
        {"Links", {{"HostConfig", {{"Links", {"peer:a\n6.6.6.6 bank"}}}}}},
        {"Ulimits", {{"HostConfig", {{"Ulimits", {{{"Name", "nofile\ncore"}, {"Soft", 1}, {"Hard", 1}}}}}}}}};
    docker_ok({"run", "-d", "--name", "peer", "box", "sleep", "600"});
    for (const auto& [what, request] : requests) {
        json body = {{"Image", "box"}, {"Cmd", {"true"}}};
        body.update(request);
        const HttpReply reply = raw("POST", "/containers/create", body.dump());
        EXPECT_EQ(reply.status, 400) << what << ": " << reply.body;
        EXPECT_THAT(message_of(reply), AnyOf(HasSubstr("invalid"), HasSubstr("bad format"))) << what;
    }
    EXPECT_EQ(docker_ok({"ps", "-aq"}).size(), 12U) << "no container but the peer";
}

TEST_F(Security, S55_FilesHaveTheLinesThatWereAskedFor) {
    const std::string text = script_output("cat /etc/resolv.conf; echo --; cat /etc/hosts; echo --; cat /etc/hostname",
                                           {"--hostname", "ship", "--dns", "192.0.2.1", "--dns-search", "a.test",
                                            "--dns-option", "ndots:2", "--add-host", "peer:192.0.2.7"});
    EXPECT_THAT(text, StartsWith("nameserver 192.0.2.1\nsearch a.test\noptions ndots:2\n--\n"));
    EXPECT_THAT(text, HasSubstr("\n192.0.2.7\tpeer\n"));
    EXPECT_THAT(text, ::testing::EndsWith("--\nship"));
    // Nothing of ours writes a user database, and what others might make of such a home is not for us to try.
    for (const char* home : {"HOME=/x\nroot:x:0:0", "HOME=/x:0:0"}) {
        EXPECT_THAT(script_output("echo RAN", {"-e", home}), HasSubstr("HOME has a line break or a colon in it"));
    }
}

// Whatever an image or a process of a container puts where the user database is, a lookup ends, and says why.
TEST_F(Security, S102_UserDatabasesOfEveryKindAreLookedUpInBoundedTime) {
    docker_ok({"run", "-d", "--name", "con", "box", "sleep", "600"});
    const std::string etc = root_of("con") + "/etc/";
    ASSERT_EQ(try_exec("con", {{"Cmd", {"true"}}, {"User", "root"}}).status, 200);
    const size_t before = daemon_memory();
    const std::vector<std::pair<const char*, const char*>> links = {{"/proc/kmsg", "leads to a file of the kernel"},
                                                                    {"/proc/version", "leads to a file of the kernel"},
                                                                    {"/dev/zero", "is not a regular file"},
                                                                    {"/dev/ptmx", "is not a regular file"}};
    const auto expect_refused = [&](const std::string& name, const std::string& why) {
        const Watch watch;
        const HttpReply reply = try_exec("con", {{"Cmd", {"true"}}, {"User", "root:root"}});
        EXPECT_EQ(reply.status, 400) << name << reply.body;
        EXPECT_THAT(message_of(reply), ::testing::EndsWith("'/etc/" + name + "' of the container " + why));
        EXPECT_LT(watch.seconds(), 2) << name << " " << why;
    };
    for (const std::string name : {"passwd", "group"}) {
        const std::string file = etc + name;
        const std::string kept = read_file(file);
        for (const auto& [target, why] : links) {
            fs::remove(file);
            fs::create_symlink(target, file);
            expect_refused(name, why);
        }
        fs::remove(file);
        ASSERT_EQ(::mkfifo(file.c_str(), 0644), 0);
        expect_refused(name, "is not a regular file");
        fs::remove(file);
        write_file(file, "");
        fs::resize_file(file, uintmax_t{5} << 30);
        expect_refused(name, "is too large");
        write_file(file, std::string(2 << 20, 'x'));
        expect_refused(name, "is too large");
        std::string many;
        for (int i = 0; many.size() < (2 << 20); ++i)
            many += "g" + std::to_string(i) + ":x:" + std::to_string(i) + ":\n";
        write_file(file, many);
        expect_refused(name, "is too large");
        write_file(file, kept);
        EXPECT_EQ(try_exec("con", {{"Cmd", {"true"}}, {"User", "root:root"}}).status, 200);
    }
    EXPECT_LT(daemon_memory(), before + (size_t{32} << 20));
}

TEST_F(Security, S102_AStartLooksNoFurtherThanTheImage) {
    // Before its own /proc is there a container's link into it leads nowhere; a FIFO is in the way at once.
    import_image("kmsg",
                 tar_entry({"etc/passwd", '2', "", "/proc/kmsg"}) + tar_entry({"etc/group", '2', "", "/proc/kmsg"}));
    import_image("fifo", tar_entry({"etc/passwd", '6'}));
    const Watch watch;
    EXPECT_THAT(output_of({"-u", "0"}, "kmsg", {"echo", "ran"}), HasSubstr("ran"));
    EXPECT_THAT(output_of({"-u", "nobody"}, "kmsg", {"echo", "ran"}),
                HasSubstr("unable to find user nobody: no matching entries in passwd file"));
    EXPECT_THAT(output_of({}, "fifo", {"echo", "ran"}),
                HasSubstr("'/etc/passwd' of the container is not a regular file"));
    EXPECT_LT(watch.seconds(), 20);
}

TEST_F(Security, S103_ListsOfProcessorsAreBounded) {
    std::string ones = "0";
    while (ones.size() < (size_t{1} << 20)) ones += ",0";
    std::string ranges = "0-8191";
    while (ranges.size() < (size_t{1} << 20)) ranges += ",0-8191";
    const Watch watch;
    for (const std::string& list : {std::string("0-2147483647"), std::string("0-18446744073709551615"), ones, ranges}) {
        for (const char* key : {"CpusetCpus", "CpusetMems"}) {
            const json body = {{"Image", "box"}, {"Cmd", {"true"}}, {"HostConfig", {{key, list}}}};
            const HttpReply reply = raw("POST", "/containers/create", body.dump());
            EXPECT_EQ(reply.status, 400) << key << list.substr(0, 40);
            EXPECT_LT(reply.body.size(), 1000U) << "the list is not repeated";
        }
    }
    EXPECT_LT(watch.seconds(), 5);
}

TEST_F(Security, S105_LabelsAreBounded) {
    const auto status = [&](const json& labels) {
        return raw("POST", "/containers/create", json({{"Image", "box"}, {"Cmd", {"true"}}, {"Labels", labels}}).dump())
            .status;
    };
    EXPECT_EQ(status({{"a", std::string(60'000, 'x')}}), 201);
    EXPECT_EQ(status({{"a", std::string(70'000, 'x')}}), 400);
    json many;
    for (int i = 0; i < 20; ++i) many["label" + std::to_string(i)] = std::string(60'000, 'x');
    EXPECT_EQ(status(many), 400);
}

}  // namespace
}  // namespace slipway::testing
