// docker cp, diff and export with the docker client and by HTTP.
#include "client.hpp"
#include "tar.hpp"

#include <support/raw_http.hpp>

#include <sys/stat.h>

#include <filesystem>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::Not;

class ArchiveOverHttp : public DockerClient {
protected:
    // A container of each kind: one that runs, one that has, one that never did.
    void make(const std::string& state, std::vector<std::string> options = {}) {
        std::vector<std::string> create = {"create", "--name", state};
        create.insert(create.end(), options.begin(), options.end());
        create.insert(create.end(), {"box", "sh", "-c", state == "stopped" ? "true" : "exec sleep 600"});
        docker_ok(create);
        if (state != "created") docker_ok({"start", state});
        if (state == "stopped") docker_ok({"wait", state});
    }
    std::string file(const std::string& name, const std::string& content) const {
        const std::string path = daemon->root() + "/" + name;
        fs::create_directories(fs::path(path).parent_path());
        write_file(path, content);
        return path;
    }
    // What `docker cp container:path -` gives, or its complaint.
    RunResult copy_out(const std::string& from) const { return docker({"cp", from, "-"}); }
    std::string in_running(const std::string& command) const {
        return docker_ok({"exec", "running", "sh", "-c", command});
    }
    HttpReply put(const std::string& container, const std::string& query, const std::string& tar) const {
        return raw_http(daemon->socket(), "PUT", "/containers/" + container + "/archive?" + query, tar);
    }
};

TEST_F(ArchiveOverHttp, FilesAndDirectoriesGoBothWaysInEveryState) {
    const std::string out = daemon->root() + "/out";
    const std::string in = file("in/deep/er/file", "content");
    write_file(daemon->root() + "/in/two", "2");
    fs::permissions(daemon->root() + "/in/two", fs::perms(0751));
    fs::create_symlink("deep/er/file", daemon->root() + "/in/link");
    for (const std::string state : {"running", "stopped", "created"}) {
        make(state);
        docker_ok({"cp", in, state + ":/tmp/renamed"});
        docker_ok({"cp", daemon->root() + "/in", state + ":/new"});
        docker_ok({"cp", daemon->root() + "/in", state + ":/tmp"});
        fs::remove_all(out);
        fs::create_directory(out);
        docker_ok({"cp", state + ":/tmp/renamed", out + "/file"});
        EXPECT_EQ(read_file(out + "/file"), "content");
        docker_ok({"cp", state + ":/new", out});
        EXPECT_EQ(read_file(out + "/new/deep/er/file"), "content");
        docker_ok({"cp", state + ":/tmp/in/.", out + "/contents"});
        EXPECT_EQ(read_file(out + "/contents/two"), "2");
        EXPECT_EQ(fs::status(out + "/contents/two").permissions(), fs::perms(0751));
        EXPECT_EQ(fs::read_symlink(out + "/contents/link"), "deep/er/file");
    }
    docker_ok({"start", "created", "stopped"});
    EXPECT_EQ(docker_ok({"exec", "created", "cat", "/new/deep/er/file"}), "content");
    EXPECT_EQ(in_running("cat /tmp/in/two; stat -c %a /new/two"), "2751");
}

TEST_F(ArchiveOverHttp, LinksLeadWhereTheyDoInTheContainer) {
    make("running");
    in_running("mkdir -p /run /var; rm -rf /var/run; ln -s /run /var/run; ln -s nowhere /dangling; ln -s /run /up");
    docker_ok({"cp", file("f", "x"), "running:/var/run/f"});
    EXPECT_EQ(in_running("cat /run/f"), "x");
    EXPECT_EQ(docker_ok({"cp", "running:/var/run/f", daemon->root() + "/back"}), "");
    EXPECT_EQ(read_file(daemon->root() + "/back"), "x");
    // To a link that leads to a directory: into it.
    docker_ok({"cp", file("g", "y"), "running:/up"});
    EXPECT_EQ(in_running("cat /run/g"), "y");
    // The link itself, unless it is to be followed.
    docker_ok({"cp", "running:/up", daemon->root() + "/linked"});
    EXPECT_EQ(fs::read_symlink(daemon->root() + "/linked"), "/run");
    docker_ok({"cp", "-L", "running:/up", daemon->root() + "/followed"});
    EXPECT_EQ(read_file(daemon->root() + "/followed/g"), "y");
    docker_ok({"cp", "running:/dangling", daemon->root() + "/dangling"});
    EXPECT_EQ(fs::read_symlink(daemon->root() + "/dangling"), "nowhere");
}

TEST_F(ArchiveOverHttp, StreamsFromAndToTheClient) {
    make("running");
    make("stopped");
    const RunResult tar = copy_out("running:/etc/passwd");
    EXPECT_EQ(tar.exit_code, 0) << tar.err;
    EXPECT_THAT(tar.out, StartsWith("passwd"));
    RunOptions input;
    input.input = tar_entry({"given", '0', "by pipe", "", 04750, 1234, 4321}) + tar_end();
    for (const char* into : {"running:/tmp", "stopped:/tmp"}) {
        EXPECT_EQ(docker({"cp", "-", into}, input).exit_code, 0);
    }
    EXPECT_EQ(in_running("stat -c '%u:%g %a' /tmp/given"), "1234:4321 4750");
    EXPECT_THAT(copy_out("stopped:/tmp/given").out, HasSubstr("by pipe"));
    // Everything of one into another, names with a slash in front.
    input.input = copy_out("stopped:/").out;
    EXPECT_EQ(docker({"cp", "-", "running:/tmp"}, input).exit_code, 0);
    EXPECT_EQ(in_running("cat /tmp/tmp/given"), "by pipe");
}

TEST_F(ArchiveOverHttp, MountsArePartOfWhatIsCopied) {
    const std::string bound = daemon->root() + "/bound";
    fs::create_directory(bound);
    const std::vector<std::string> mounts = {"-v",      "vol:/v", "-v", bound + ":/b/deep",
                                             "--tmpfs", "/t",     "-v", bound + ":/readonly:ro"};
    for (const std::string state : {"running", "stopped", "created"}) {
        make(state, mounts);
        docker_ok({"cp", file("f", state), state + ":/v/" + state});
        docker_ok({"cp", file("f", state), state + ":/b/deep/" + state});
        EXPECT_EQ(read_file(daemon->data_root() + "/volumes/vol/_data/" + state), state);
        EXPECT_EQ(read_file(bound + "/" + state), state);
        EXPECT_THAT(copy_out(state + ":/b").out, HasSubstr("b/deep/" + state));
        const RunResult refused = docker({"cp", file("f", state), state + ":/readonly/"});
        EXPECT_NE(refused.exit_code, 0);
        EXPECT_THAT(refused.err, HasSubstr("mounted volume is marked read-only"));
    }
    docker_ok({"cp", file("f", "in memory"), "running:/t/f"});
    EXPECT_EQ(in_running("cat /t/f"), "in memory");
    EXPECT_THAT(copy_out("running:/t/f").out, HasSubstr("in memory"));
    // Windows into the kernel are no files.
    EXPECT_THAT(copy_out("running:/proc/version").err, HasSubstr("/proc/version"));
    const RunResult all = docker({"cp", "running:/", daemon->root() + "/all"});
    EXPECT_EQ(all.exit_code, 0) << all.err;
    EXPECT_TRUE(fs::is_empty(daemon->root() + "/all/proc"));
    EXPECT_EQ(read_file(daemon->root() + "/all/v/running"), "running");
}

TEST_F(ArchiveOverHttp, ReadOnlyRootsAreNotWrittenTo) {
    for (const std::string state : {"running", "stopped", "created"}) {
        make(state, {"--read-only", "-v", "vol:/v"});
        const RunResult refused = docker({"cp", file("f", "x"), state + ":/f"});
        EXPECT_NE(refused.exit_code, 0);
        EXPECT_THAT(refused.err, HasSubstr("container rootfs is marked read-only"));
        EXPECT_EQ(put(state, "path=/", tar_end()).status, 403);
        docker_ok({"cp", file("f", "x"), state + ":/v/f"});
        EXPECT_EQ(copy_out(state + ":/etc/passwd").exit_code, 0);
    }
}

TEST_F(ArchiveOverHttp, SaysWhatIsWrongAsDockerDoes) {
    make("running");
    const std::string socket = daemon->socket();
    const auto get = [&](const std::string& query) {
        return raw_http(socket, "GET", "/containers/running/archive" + query);
    };
    EXPECT_EQ(get("?path=/no/thing").status, 404);
    EXPECT_THAT(get("?path=/no/thing").body, HasSubstr("Could not find the file /no/thing in container running"));
    EXPECT_EQ(get("").status, 400);
    EXPECT_EQ(get("?path=/etc/passwd/x").status, 400);
    EXPECT_EQ(raw_http(socket, "GET", "/containers/nobody/archive?path=/").status, 404);
    EXPECT_EQ(put("running", "path=/no/dir", tar_end()).status, 404);
    const HttpReply no_directory = put("running", "path=/etc/passwd", tar_end());
    EXPECT_EQ(no_directory.status, 400);
    EXPECT_THAT(no_directory.body, HasSubstr("extraction point is not a directory"));
    EXPECT_EQ(put("running", "path=/", "this is no archive").status, 400);
    const std::string over_directory = tar_entry({"etc", '0', "a file"}) + tar_end();
    EXPECT_THAT(put("running", "path=/&noOverwriteDirNonDir=true", over_directory).body,
                HasSubstr("cannot overwrite directory \\\"/etc\\\" with non-directory"));
    const std::string over_file = tar_entry({"passwd", '5'}) + tar_end();
    EXPECT_THAT(put("running", "path=/etc&noOverwriteDirNonDir=1", over_file).body,
                HasSubstr("cannot overwrite non-directory"));
    EXPECT_THAT(
        docker({"cp", "running:/missing", daemon->root()}).err,
        AnyOf(HasSubstr("No such container:path: running:/missing"), HasSubstr("Could not find the file /missing")));
    EXPECT_THAT(docker({"cp", file("f", "x"), "running:/no/dir/f"}).err, HasSubstr("/no/dir"));
}

TEST_F(ArchiveOverHttp, ALargeFileArrivesWhole) {
    make("running");
    std::string content(size_t{1} << 20, '\0');
    for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761U >> 13);
    const std::string large = file("large", "");
    for (int i = 0; i < 200; ++i) {
        content[static_cast<size_t>(i)] = static_cast<char>(i);
        std::FILE* to = std::fopen(large.c_str(), "ab");
        ASSERT_NE(to, nullptr);
        ASSERT_EQ(std::fwrite(content.data(), 1, content.size(), to), content.size());
        std::fclose(to);
    }
    docker_ok({"cp", large, "running:/large"});
    docker_ok({"cp", "running:/large", large + ".back"});
    EXPECT_EQ(run({"cmp", large, large + ".back"}).exit_code, 0);
}

TEST_F(ArchiveOverHttp, ASlowReaderDelaysNobody) {
    make("running");
    in_running("dd if=/dev/zero of=/large bs=1M count=64");
    RawRequest slow(daemon->socket(), "GET", "/containers/running/archive?path=/large");
    std::this_thread::sleep_for(200ms);  // it has begun: the socket's buffer is full
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(inspect("running", "{{.State.Status}}"), "running");
    docker_ok({"stop", "-t", "0", "running"});
    EXPECT_EQ(inspect("running", "{{.State.Status}}"), "exited");
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    slow.hang_up();
    docker_ok({"start", "running"});
    EXPECT_EQ(in_running("stat -c %s /large"), "67108864");
}

TEST_F(ArchiveOverHttp, DiffExportAndEvents) {
    make("running", {"-v", "vol:/v"});
    in_running("echo x > /added; rm /etc/group; echo y > /v/mounted; chmod 0700 /tmp");
    const std::string diff = docker_ok({"diff", "running"});
    EXPECT_THAT(diff, HasSubstr("A /added"));
    EXPECT_THAT(diff, HasSubstr("D /etc/group"));
    EXPECT_THAT(diff, HasSubstr("C /etc"));
    const std::string all = daemon->root() + "/all.tar";
    for (const bool runs : {true, false}) {
        if (!runs) docker_ok({"kill", "running"});
        if (!runs) docker_ok({"wait", "running"});
        docker_ok({"export", "-o", all, "running"});
        const std::string names = run({"tar", "tf", all}).out;
        EXPECT_THAT(names, HasSubstr("added\n"));
        EXPECT_THAT(names, HasSubstr("v/\n"));
        EXPECT_THAT(names, Not(HasSubstr("mounted")));
        EXPECT_THAT(names, Not(HasSubstr("etc/group")));
        EXPECT_THAT(names, Not(HasSubstr("proc/1")));
    }
    EXPECT_EQ(docker_ok({"diff", "running"}), diff);
    docker_ok({"cp", file("f", "x"), "running:/f"});
    EXPECT_EQ(copy_out("running:/f").exit_code, 0);
    const std::string events = events_so_far({"--filter", "type=container", "--format", "{{.Action}}"});
    for (const char* action : {"export", "archive-path", "extract-to-dir"}) EXPECT_THAT(events, HasSubstr(action));
    // What was exported can be imported and runs.
    docker_ok({"import", all, "again"});
    EXPECT_EQ(docker_ok({"run", "--rm", "again", "cat", "/added"}), "x");
}

TEST_F(ArchiveOverHttp, LeavesTheMachineAsItWas) {
    make("running", {"-v", "vol:/v"});
    make("stopped", {"-v", "vol:/v"});
    const auto copy_all = [&] {
        for (const std::string state : {"running", "stopped"}) {
            EXPECT_EQ(copy_out(state + ":/etc").exit_code, 0);
            EXPECT_EQ(put(state, "path=/tmp", tar_entry({"f", '0', "x"}) + tar_end()).status, 200);
            EXPECT_EQ(put(state, "path=/tmp", "no tar").status, 400);
            EXPECT_NE(copy_out(state + ":/nothing").exit_code, 0);
        }
    };
    copy_all();
    const MachineState before = daemon->machine_at_rest();
    copy_all();
    EXPECT_EQ(daemon->leaks_since(before), "");
}

}  // namespace
}  // namespace slipway::testing
