// `slipway cp` beside `docker cp`, where both are asked the same.
#include "client.hpp"

#include <filesystem>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;

class SlipwayCopy : public DockerClient {
protected:
    void SetUp() override {
        DockerClient::SetUp();
        if (HasFatalFailure() || daemon == nullptr) return;
        here = daemon->root() + "/here";
        fs::create_directories(here + "/dir/sub");
        write_file(here + "/file", "of the host\n");
        write_file(here + "/dir/sub/deep", "deep\n");
        fs::create_symlink("file", here + "/link");
        docker_ok({"run", "-d", "--name", "one", "box", "sh", "-c",
                   "mkdir -p /data/sub; echo inside > /data/f; ln -s f /data/link; echo s > /data/sub/s; sleep 600"});
        EXPECT_TRUE(eventually([&] { return inside("cat /data/sub/s") == "s"; }));
    }
    RunResult cp(const std::string& from, const std::string& to, std::vector<std::string> options = {},
                 const RunOptions& run_options = {}) const {
        options.insert(options.begin(), "cp");
        options.insert(options.end(), {from, to});
        return daemon->slipway(options, run_options);
    }
    void cp_ok(const std::string& from, const std::string& to, const std::vector<std::string>& options = {}) const {
        const RunResult result = cp(from, to, options);
        EXPECT_EQ(result.exit_code, 0) << from << " to " << to << ": " << result.err;
    }
    std::string inside(const std::string& command) const {
        return trimmed(docker({"exec", "one", "sh", "-c", command}).out);
    }

    std::string here;
};

TEST_F(SlipwayCopy, IntoAContainerUnderTheNameThatIsAskedFor) {
    EXPECT_THAT(cp(here + "/file", "one:/tmp").err, HasSubstr("Successfully copied"));
    EXPECT_EQ(cp(here + "/file", "one:/tmp/renamed", {"-q"}).err, "");
    cp_ok(here + "/dir", "one:/tmp/new");
    cp_ok(here + "/dir", "one:/tmp/new");
    cp_ok(here + "/dir/.", "one:/tmp");
    cp_ok(here + "/link", "one:/tmp");
    cp_ok(here + "/link", "one:/tmp/followed", {"-L"});

    EXPECT_EQ(inside("cat /tmp/file /tmp/renamed"), "of the host\nof the host");
    EXPECT_EQ(inside("cat /tmp/new/sub/deep /tmp/new/dir/sub/deep /tmp/sub/deep"), "deep\ndeep\ndeep");
    EXPECT_EQ(inside("readlink /tmp/link; test -L /tmp/followed || cat /tmp/followed"), "file\nof the host");
}

TEST_F(SlipwayCopy, OutOfAContainerUnderTheNameThatIsAskedFor) {
    cp_ok("one:/data/f", here);
    cp_ok("one:/data/f", here + "/renamed");
    cp_ok("one:/data", here + "/new");
    cp_ok("one:/data", here);
    fs::create_directory(here + "/content");
    cp_ok("one:/data/.", here + "/content");
    cp_ok("one:/data/link", here + "/copied");
    cp_ok("one:/data/link", here + "/followed", {"-L"});

    for (const char* copy : {"/f", "/renamed", "/new/f", "/data/f", "/content/f", "/followed"}) {
        EXPECT_EQ(read_file(here + copy), "inside\n") << copy;
    }
    EXPECT_EQ(read_file(here + "/content/sub/s"), "s\n");
    EXPECT_EQ(fs::read_symlink(here + "/copied"), "f");
}

TEST_F(SlipwayCopy, ArchivesGoThroughStandardStreams) {
    const RunResult out = cp("one:/data", "-");
    ASSERT_EQ(out.exit_code, 0) << out.err;
    write_file(here + "/data.tar", out.out);
    EXPECT_THAT(run({"tar", "-tf", here + "/data.tar"}).out, HasSubstr("data/sub/s\n"));

    RunOptions input;
    input.input = out.out;
    EXPECT_EQ(cp("-", "one:/tmp", {}, input).exit_code, 0);
    EXPECT_EQ(inside("cat /tmp/data/f"), "inside");
    EXPECT_THAT(cp("-", "one:/tmp/data/f", {}, input).err, HasSubstr("must be a directory"));
}

TEST_F(SlipwayCopy, WhatCannotBeIsSaidInDockersWords) {
    EXPECT_THAT(cp(here + "/file", here).err, HasSubstr("must specify at least one container source"));
    EXPECT_THAT(cp("one:/a", "two:/b").err, HasSubstr("copying between containers is not supported"));
    EXPECT_THAT(cp(here + "/missing", "one:/tmp").err, HasSubstr("no such file or directory"));
    EXPECT_THAT(cp("one:/missing", here).err, HasSubstr("Could not find the file /missing in container one"));
    EXPECT_THAT(cp("nobody:/data", here).err, HasSubstr("No such container: nobody"));
    EXPECT_THAT(cp(here + "/dir", "one:/data/f").err, HasSubstr("cannot copy directory"));
    EXPECT_THAT(cp(here + "/file", "one:/tmp/new/").err, HasSubstr("no such directory"));
    EXPECT_THAT(cp("one:/data/f", here + "/no/where").err, HasSubstr("invalid output path: directory"));
}

}  // namespace
}  // namespace slipway::testing
