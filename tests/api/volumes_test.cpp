// Volumes with the docker client and by HTTP.
#include "client.hpp"

#include <filesystem>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::Not;

class VolumesOverHttp : public DockerClient {
protected:
    std::string data_of(const std::string& name) const { return daemon->data_root() + "/volumes/" + name + "/_data"; }
    // "mount start unmount die" of what happened since the daemon began.
    std::string actions() const {
        std::this_thread::sleep_for(1100ms);  // the client cuts "now" to whole seconds
        std::string seen;
        std::istringstream lines(docker_ok({"events", "--since", "10m", "--until", "0s", "--format", "{{.Action}}"}));
        for (std::string line; std::getline(lines, line);) seen += line + " ";
        return seen;
    }
};

TEST_F(VolumesOverHttp, TheClientsCommands) {
    EXPECT_EQ(docker_ok({"volume", "create", "--label", "tier=db", "data"}), "data");
    EXPECT_EQ(docker_ok({"volume", "ls", "--format", "{{.Driver}} {{.Name}} {{.Scope}}"}), "local data local");
    EXPECT_EQ(docker_ok({"volume", "inspect", "-f", "{{.Mountpoint}} {{.Labels.tier}}", "data"}),
              data_of("data") + " db");
    docker_ok({"create", "--name", "user", "-v", "data:/d", "box", "true"});
    const RunResult used = docker({"volume", "rm", "data"});
    EXPECT_EQ(used.exit_code, 1);
    EXPECT_THAT(used.err, HasSubstr("remove data: volume is in use - [" + inspect("user", "{{.Id}}") + "]"));
    docker_ok({"rm", "user"});
    // By hand, since what is pruned without -a depends on the client's version of the API.
    EXPECT_THAT(daemon->http("POST", "/v1.43/volumes/prune").out, Not(HasSubstr("data")));
    EXPECT_THAT(daemon->http("POST", "/v1.41/volumes/prune").out, HasSubstr("data"));
    EXPECT_FALSE(fs::exists(data_of("data")));
    EXPECT_THAT(daemon->http("GET", "/volumes/data").out, HasSubstr("get data: no such volume"));
    EXPECT_THAT(docker({"volume", "create", "a"}).err, HasSubstr("volume name is too short"));
    EXPECT_THAT(docker({"run", "--rm", "-v", "sub/dir:/x", "box", "true"}).err,
                HasSubstr("includes invalid characters for a local volume name"));
}

TEST_F(VolumesOverHttp, OurOwnClient) {
    EXPECT_EQ(trimmed(daemon->slipway({"volume", "create", "--label", "k=v", "mine"}).out), "mine");
    EXPECT_THAT(daemon->slipway({"volume", "ls"}).out, HasSubstr("local    mine"));
    EXPECT_THAT(daemon->slipway({"volume", "inspect", "mine"}).out, HasSubstr("\"k\": \"v\""));
    EXPECT_EQ(
        daemon->slipway({"run", "--rm", "-v", "mine:/m", "-v", "/anonymous", "box", "touch", "/m/file"}).exit_code, 0);
    EXPECT_TRUE(fs::exists(data_of("mine") + "/file"));
    EXPECT_TRUE(eventually([&] { return trimmed(daemon->slipway({"volume", "ls", "-q"}).out) == "mine"; }));
    EXPECT_EQ(trimmed(daemon->slipway({"volume", "rm", "mine"}).out), "mine");
    EXPECT_THAT(daemon->slipway({"volume", "prune"}).out, HasSubstr("Reclaimed"));
}

TEST_F(VolumesOverHttp, ContentOutlivesContainersAndTheDaemon) {
    docker_ok({"run", "--rm", "-v", "data:/d", "box", "sh", "-c", "echo kept > /d/file"});
    docker_ok({"run", "-d", "--name", "holder", "-v", "data:/d", "box", "sleep", "600"});
    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    EXPECT_EQ(docker_ok({"run", "--rm", "-v", "data:/d:ro", "box", "cat", "/d/file"}), "kept");
    EXPECT_NE(docker({"volume", "rm", "data"}).exit_code, 0);
    EXPECT_THAT(docker({"run", "--rm", "-v", "data:/d:ro", "box", "touch", "/d/x"}).err,
                HasSubstr("Read-only file system"));
    docker_ok({"rm", "-f", "holder"});
    docker_ok({"volume", "rm", "data"});
}

TEST_F(VolumesOverHttp, ANewVolumeGetsTheImagesContentOwnersModesAndLinks) {
    // An image whose /srv/d is all that.
    const std::string tar = daemon->root() + "/made.tar", root = daemon->root() + "/made";
    ASSERT_EQ(run({"mkdir", "-p", root}).exit_code, 0);
    ASSERT_EQ(run({"tar", "-C", root, "-xf", default_image_tar()}).exit_code, 0);
    ASSERT_EQ(run({"sh", "-c",
                   "mkdir -p " + root + "/srv/d/deep && cd " + root +
                       "/srv/d && echo one > a && ln a b && ln -s a c && chmod 4751 a && chown 12:34 deep && "
                       "chmod 1770 deep && mkfifo p && chown 5:6 . && chmod 2775 . && "
                       "setfattr -n user.note -v hello a; tar --xattrs -C " +
                       root + " -cf " + tar + " ."})
                  .exit_code,
              0);
    docker_ok({"import", "-c", "VOLUME /srv/d", tar, "full:v1"});

    const std::string listing = "stat -c '%a %u:%g %h %F' . a c deep p; cat a; readlink c; [ a -ef b ] && echo same";
    const std::string text =
        docker_ok({"run", "--name", "first", "-v", "named:/srv/d", "-w", "/srv/d", "full:v1", "sh", "-c", listing});

    EXPECT_EQ(text,
              "2775 5:6 3 directory\n4751 0:0 2 regular file\n777 0:0 1 symbolic link\n1770 12:34 2 directory\n"
              "644 0:0 1 fifo\none\na\nsame");
    EXPECT_EQ(trimmed(run({"stat", "-c", "%a %u:%g", data_of("named")}).out), "2775 5:6");
    // What the container left stays, whatever the next image has there.
    docker_ok({"run", "--rm", "-v", "named:/srv/d", "full:v1", "rm", "/srv/d/a"});
    EXPECT_EQ(docker({"run", "--rm", "-v", "named:/srv/d", "full:v1", "test", "-e", "/srv/d/a"}).exit_code, 1);
    EXPECT_EQ(docker_ok({"run", "--rm", "-v", "bare:/srv/d:nocopy", "full:v1", "ls", "/srv/d"}), "");
    // The image's own VOLUME, anonymous, goes with --rm.
    EXPECT_EQ(docker_ok({"run", "--rm", "full:v1", "cat", "/srv/d/a"}), "one");
    EXPECT_TRUE(eventually([&] {
        return docker_ok({"volume", "ls", "-q"}) == "bare\nnamed";
    })) << docker_ok({"volume", "ls", "-q"});
    // A data container need not run for others to have its content.
    docker_ok({"create", "--name", "data", "full:v1", "true"});
    EXPECT_EQ(docker_ok({"run", "--rm", "--volumes-from", "data:ro", "box", "cat", "/srv/d/a"}), "one");
    docker_ok({"rm", "-v", "data"});
    EXPECT_EQ(docker_ok({"volume", "ls", "-q"}), "bare\nnamed");
}

TEST_F(VolumesOverHttp, SubpathsStayInsideTheVolume) {
    docker_ok({"run", "--rm", "-v", "data:/d", "box", "sh", "-c",
               "mkdir -p /d/in/side && echo x > /d/in/side/f && ln -s /etc /d/out"});
    // By hand: Debian 12's client knows no volume-subpath.
    int number = 0;
    const auto create_with = [&](const std::string& subpath) {
        const std::string name = "sub" + std::to_string(number++);
        const std::string mount =
            R"({"Type":"volume","Source":"data","Target":"/m","VolumeOptions":{"Subpath":")" + subpath + R"("}})";
        const std::string body = R"({"Image":"box","Cmd":["cat","/m/f"],"HostConfig":{"Mounts":[)" + mount + "]}}";
        return std::pair(name, daemon->http("POST", "/containers/create?name=" + name, body).out);
    };
    EXPECT_EQ(docker_ok({"start", "-a", create_with("in/side").first}), "x");
    EXPECT_NE(docker({"start", "-a", create_with("out").first}).exit_code, 0);
    EXPECT_THAT(create_with("../x").second, HasSubstr("subpath must be a relative path within the volume"));
}

TEST_F(VolumesOverHttp, Sf50_MountBeforeConnectBeforeStart) {
    docker_ok({"run", "--rm", "-v", "data:/d", "box", "true"});
    EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); }));
    const std::string seen = actions();
    EXPECT_THAT(seen, HasSubstr("mount connect start disconnect unmount die destroy ")) << seen;
}

TEST_F(VolumesOverHttp, Sf51_AFailedStartIsBalanced) {
    docker_ok({"create", "--name", "bad", "-v", "data:/d", "box", "nosuchcommand"});
    EXPECT_NE(docker({"start", "bad"}).exit_code, 0);
    const std::string seen = actions();
    const auto count = [&](const std::string& action) {
        int found = 0;
        for (size_t at = seen.find(" " + action + " "); at != std::string::npos;
             at = seen.find(" " + action + " ", at + 1)) {
            ++found;
        }
        return found;
    };
    EXPECT_EQ(count("mount"), count("unmount"));
    EXPECT_EQ(count("connect"), count("disconnect"));
    EXPECT_EQ(count("start") + count("die"), 0) << seen;
}

}  // namespace
}  // namespace slipway::testing
