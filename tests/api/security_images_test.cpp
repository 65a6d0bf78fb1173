// Images that choose more than their content: rows S-21, S-26, S-27, S-70, S-71, S-80, S-104 and S-113; and the
// default network's rows S-60 and S-62.
#include <tree/tree.hpp>
#include "security.hpp"

#include <poll.h>
#include <sys/fanotify.h>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::Not;

TEST_F(Security, S21_CodeThatWorksOnContainersCannotLoadAnything) {
    const std::string build = tree::kBuild;
    const std::string supervisor =
        run({"sh", "-c", "find " + build + " -type f -name slipway-supervisor | head -n1"}).out;
    const std::string plugin =
        run({"sh", "-c", "find " + build + "/lib -type f -name 'libslipway-linux.so' | head -n1"}).out;
    ASSERT_NE(supervisor, "");
    ASSERT_NE(plugin, "");
    EXPECT_THAT(run({"readelf", "-d", trimmed(supervisor)}).out, Not(HasSubstr("NEEDED"))) << "it is linked statically";
    EXPECT_THAT(run({"readelf", "-l", trimmed(supervisor)}).out, Not(HasSubstr("INTERP")));
    // glibc loads libraries behind each of these, by the file system that is "/" then.
    std::istringstream symbols(run({"nm", "-D", "--undefined-only", trimmed(plugin)}).out);
    const std::set<std::string> loaders = {"getpwnam",      "getpwnam_r",    "getpwuid",   "getpwuid_r",   "getgrnam",
                                           "getgrnam_r",    "getgrgid",      "getgrgid_r", "getgrouplist", "initgroups",
                                           "getaddrinfo",   "gethostbyname", "dlopen",     "iconv_open",   "wordexp",
                                           "getservbyname", "gethostbyaddr", "getnetgrent"};
    int seen = 0;
    for (std::string kind, name; symbols >> kind >> name;) {
        ++seen;
        EXPECT_EQ(loaders.count(name.substr(0, name.find('@'))), 0U) << name;
    }
    EXPECT_GT(seen, 50);
}

TEST_F(Security, S26_BombsCostNoMemory) {
    docker_ok({"create", "--name", "con", "box", "true"});
    const std::string path = daemon->root() + "/bomb";
    // Half a gigabyte of zeros in two megabytes, as a file that is unpacked, and as the headers of one.
    const auto put = [&] {
        return daemon->http("PUT", "/containers/con/archive?path=/tmp", "",
                            {"-T", path, "-H", "Content-Type: application/x-tar"});
    };
    const size_t before = daemon_memory();
    ASSERT_EQ(
        run({"sh", "-c", "cd " + daemon->root() + " && truncate -s 128M zeros && tar -cf - zeros | gzip -1 > bomb"})
            .exit_code,
        0);
    EXPECT_THAT(put().out, ::testing::EndsWith("200"));
    EXPECT_LT(daemon_memory(), before + (size_t{64} << 20));
    ASSERT_EQ(run({"sh", "-c", "head -c 512M /dev/zero | gzip -1 > " + path}).exit_code, 0);
    EXPECT_THAT(put().out, ::testing::EndsWith("400")) << "zeros without end after the mark of the end";
    EXPECT_NE(docker({"import", path, "bomb"}).exit_code, 0);
    EXPECT_NE(docker({"load", "-i", path}).exit_code, 0);
    EXPECT_LT(daemon_memory(), before + (size_t{64} << 20));
    std::string links;
    for (int i = 0; i < 3; ++i) links += tar_entry({"././@LongLink", 'L', std::string(40 << 20, 'n')});
    write_file(path, links + tar_entry({"x", '0', "x"}) + tar_end());
    EXPECT_THAT(put().out, ::testing::EndsWith("400"));
    EXPECT_LT(daemon_memory(), before + (size_t{64} << 20));
    fs::remove(path);
    fs::remove(daemon->root() + "/zeros");
}

TEST_F(Security, S27_DigestsAreNoPaths) {
    const std::string config =
        R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:../../x"]},"config":{}})";
    const std::string manifest = R"([{"Config":"../../../etc/passwd","RepoTags":["x:1"],"Layers":["../x"]}])";
    const std::string good_manifest = R"([{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar"]}])";
    const auto index = [](const std::string& digest) {
        return R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":3,"digest":")" +
               digest + R"("}]})";
    };
    std::vector<std::string> archives = {tar_entry({"manifest.json", '0', manifest}),
                                         tar_entry({"manifest.json", '0', good_manifest}) +
                                             tar_entry({"c.json", '0', config}) + tar_entry({"l.tar", '0', tar_end()})};
    for (const char* digest : {"sha256:../../x", "sha256:abcd", "md5:00000000000000000000000000000000", "sha256:", "",
                               "sha256:ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"}) {
        archives.push_back(tar_entry({"oci-layout", '0', R"({"imageLayoutVersion":"1.0.0"})"}) +
                           tar_entry({"index.json", '0', index(digest)}));
    }
    const std::string before =
        run({"find", daemon->data_root(), "-newer", canary + "/secret", "-type", "f", "-name", "*x"}).out;
    const std::string path = daemon->root() + "/image.tar";
    for (const std::string& archive : archives) {
        write_file(path, archive + tar_end());
        const RunResult result = docker({"load", "-i", path});
        EXPECT_NE(result.exit_code, 0) << archive.substr(512, 300);
    }
    EXPECT_EQ(docker_ok({"images", "--format", "{{.Repository}}"}), "box");
    EXPECT_EQ(run({"find", daemon->data_root(), "-newer", canary + "/secret", "-type", "f", "-name", "*x"}).out,
              before);
    EXPECT_FALSE(fs::exists(daemon->root() + "/x"));
}

TEST_F(Security, S70_AnImageChoosesNoKeyOfTheEngine) {
    import_image("keyed", "",
                 {"LABEL io.slipway.on-unhealthy=kill", "LABEL com.docker.log.driver=none",
                  "LABEL containerd.io/restart.logpath=" + canary + "/log", "LABEL runtime=evil",
                  "ENV SLIPWAY_RUNTIME=evil SLIPWAY_HOOK=" + canary + "/hook"});
    docker_ok({"create", "--name", "plain", "box", "true"});
    docker_ok({"create", "--name", "keyed", "keyed", "true"});
    const auto host_config = [&](const char* name) { return document(name)["HostConfig"]; };
    EXPECT_EQ(host_config("keyed"), host_config("plain"));
    // The one label that has a meaning has it only from the user's hand.
    docker_ok({"run", "-d", "--name", "sick", "--health-cmd", "false", "--health-interval", "1s", "--health-retries",
               "1", "keyed", "sleep", "600"});
    ASSERT_TRUE(eventually([&] { return inspect("sick", "{{.State.Health.Status}}") == "unhealthy"; }, 20s));
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(inspect("sick", "{{.State.Status}}"), "running");
    docker_ok({"run", "-d", "--name", "killed", "--label", "io.slipway.on-unhealthy=kill", "--health-cmd", "false",
               "--health-interval", "1s", "--health-retries", "1", "box", "sleep", "600"});
    EXPECT_TRUE(eventually([&] { return inspect("killed", "{{.State.Status}}") == "exited"; }, 20s))
        << "where it does work";
}

TEST_F(Security, S71_VolumesOfAnImageHoldItsContentAlone) {
    import_image("climbing", tar_entry({"vol", '2', "", canary}) + tar_entry({"etc/of-the-image", '0', "x"}),
                 {"VOLUME /../../../.." + canary, "VOLUME /vol/sub", "VOLUME /../../etc"});
    const std::string text =
        output_of({}, "climbing", {"sh", "-c", "find " + canary + " /vol/ /etc; cat " + canary + "/secret"});
    EXPECT_THAT(text, Not(HasSubstr(kSecret)));
    // The volume itself is a link to what only the host has.
    import_image("leading", tar_entry({"vol", '2', "", canary}), {"VOLUME /vol"});
    EXPECT_THAT(output_of({}, "leading", {"sh", "-c", "find " + canary + " /vol/; cat /vol/secret"}),
                Not(HasSubstr(kSecret)));
    docker_ok({"create", "--name", "kept", "leading", "true"});
    (void)docker({"start", "-a", "kept"});
    const std::string volumes = run({"grep", "-rl", kSecret, daemon->data_root()}).out;
    EXPECT_EQ(volumes, "") << "nothing of the host was copied";
}

TEST_F(Security, S80_S104_ABadImageDisturbsNoGoodOne) {
    const std::string path = daemon->root() + "/bad.tar";
    const std::string whole = read_file(default_image_tar());
    write_file(path, whole.substr(0, whole.size() / 2));
    std::vector<std::thread> loads;
    std::atomic<int> good{0}, bad{0};
    for (int i = 0; i < 6; ++i) {
        loads.emplace_back([&, i] {
            const bool broken = i % 2 == 0;
            const RunResult result =
                docker({"import", broken ? path : default_image_tar(), "image" + std::to_string(i)});
            if (broken && result.exit_code != 0) ++bad;
            if (!broken && result.exit_code == 0) ++good;
        });
    }
    for (std::thread& load : loads) load.join();
    EXPECT_EQ(bad, 3);
    EXPECT_EQ(good, 3);
    EXPECT_EQ(trimmed(output_of({}, "image1", {"echo", "runs"})), "runs");
}

// Files the daemon opens by a name in the directory that everybody may write to.
class OpensInTmp {
public:
    explicit OpensInTmp(pid_t pid)
        : pid_(pid),
          events_(::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE,
                                  O_RDONLY | O_CLOEXEC)) {
        works_ =
            events_ >= 0 && ::fanotify_mark(events_, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD, "/tmp") == 0;
    }
    OpensInTmp(const OpensInTmp&) = delete;
    OpensInTmp& operator=(const OpensInTmp&) = delete;
    ~OpensInTmp() { ::close(events_); }
    bool works() const { return works_; }
    // Paths so far below /tmp.
    const std::set<std::string>& read() {
        alignas(fanotify_event_metadata) char buffer[16 << 10];
        for (ssize_t size = 0; (size = ::read(events_, buffer, sizeof(buffer))) > 0;) {
            const auto* event = reinterpret_cast<const fanotify_event_metadata*>(buffer);
            for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
                if (event->fd < 0) continue;
                std::error_code gone;
                const std::string path = fs::read_symlink("/proc/self/fd/" + std::to_string(event->fd), gone).string();
                if (event->pid == pid_ && path.starts_with("/tmp")) paths_.insert(path);
                ::close(event->fd);
            }
        }
        return paths_;
    }

private:
    pid_t pid_;
    int events_;
    bool works_ = false;
    std::set<std::string> paths_;
};

TEST_F(Security, S113_TheDaemonUsesNoSharedTemporaryDirectory) {
    // setpriv became the daemon, so this is its own id.
    OpensInTmp opens(daemon->pid());
    SLW_SKIP_WITHOUT(opens.works(), "fanotify is not to be had here");
    std::atomic<bool> done{false};
    std::thread reader([&] {
        while (!done) {
            opens.read();
            std::this_thread::sleep_for(5ms);
        }
    });
    import_image("again", tar_entry({"added", '0', "x"}));
    const std::string path = daemon->root() + "/packed.tar.gz";
    EXPECT_EQ(run({"sh", "-c", "gzip -1 < " + default_image_tar() + " > " + path}).exit_code, 0);
    docker_ok({"import", path, "packed"});
    (void)docker({"load", "-i", path});
    docker_ok({"run", "-d", "--name", "con", "-v", "vol:/vol", "box", "sleep", "600"});
    docker_ok({"exec", "con", "true"});
    docker_ok({"cp", path, "con:/tmp/"});
    docker_ok({"export", "-o", path, "con"});
    docker_ok({"rm", "-f", "con"});
    done = true;
    reader.join();
    bool seen_own = false;
    for (const std::string& opened : opens.read()) {
        const bool own = opened.starts_with(daemon->root());
        seen_own = seen_own || own;
        EXPECT_TRUE(own) << opened;
    }
    EXPECT_TRUE(seen_own) << "its own directory, below the test's, is in /tmp too";
}

TEST_F(Security, S60_S62_BridgesAndLinksTakeNoRoutersWord) {
    docker_ok({"run", "-d", "--name", "con", "box", "sleep", "600"});
    const std::string conf = "/proc/sys/net/ipv6/conf/";
    SLW_SKIP_WITHOUT(fs::exists(conf), "this kernel has no IPv6");
    std::vector<std::string> devices = {daemon->bridge()};
    for (const auto& entry : fs::directory_iterator("/sys/class/net/" + daemon->bridge() + "/brif"))
        devices.push_back(entry.path().filename());
    EXPECT_EQ(devices.size(), 2U);
    for (const std::string& device : devices) {
        EXPECT_EQ(trimmed(read_file(conf + device + "/accept_ra")), "0") << device;
        EXPECT_EQ(trimmed(read_file(conf + device + "/disable_ipv6")), "1") << device;
    }
    EXPECT_EQ(docker_ok({"exec", "con", "sh", "-c", "cat /proc/net/if_inet6 | grep -v ' lo$'; ip -6 route; true"}), "");
}

}  // namespace
}  // namespace slipway::testing
