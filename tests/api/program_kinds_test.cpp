// Programs of each kind start under the default profile: against glibc and musl, static, 32-bit, Go and Node. Images
// are made of this machine's own compilers and programs; scripts/deps --test installs what is needed.
#include <tree/tree.hpp>
#include "client.hpp"

#include <filesystem>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;

class ProgramKinds : public DockerClient {
protected:
    void SetUp() override {
        DockerClient::SetUp();
        if (daemon == nullptr || HasFatalFailure()) return;
        root = daemon->root() + "/image";
        fs::create_directories(root);
        ASSERT_EQ(run({"tar", "-C", root, "-xf", default_image_tar()}).exit_code, 0);
    }

    // False, with a failure in CI and a reason to skip elsewhere, when this machine cannot make the kind.
    bool has(const std::string& file, const std::string& package) const {
        const bool found = file.starts_with("/") ? fs::exists(file) : run({"which", file}).exit_code == 0;
        if (!found && std::getenv("CI") != nullptr) ADD_FAILURE() << file << " is missing; install " << package;
        return found;
    }
    void build(std::vector<std::string> command) const {
        command.insert(command.end(), {"-o", root + "/program"});
        const RunResult built = run(command);
        ASSERT_EQ(built.exit_code, 0) << built.err;
    }
    // Into the image, at the same path, with what it links to.
    void add(const std::string& path) const {
        const std::string target = root + path;
        if (fs::exists(target)) return;
        fs::create_directories(fs::path(target).parent_path());
        fs::copy_file(path, target);
    }
    // The libraries and the loader of a program, as the loader itself finds them.
    void add_libraries_of(const std::string& program) const {
        std::istringstream lines(run({"ldd", program}).out);
        for (std::string line; std::getline(lines, line);) {
            const size_t from = line.find('/'), to = line.find(" (0x");
            if (from != std::string::npos && to != std::string::npos) add(line.substr(from, to - from));
        }
    }
    // Runs it as root, and as another user with the filter loaded last; both must write `expected`.
    void expect_runs(const std::vector<std::string>& command, const std::string& expected) const {
        const std::string tar = daemon->root() + "/kind.tar";
        ASSERT_EQ(run({"tar", "-C", root, "-cf", tar, "."}).exit_code, 0);
        docker_ok({"import", tar, "kind"});
        const std::vector<std::vector<std::string>> ways = {
            {"--rm"}, {"--rm", "-u", "1000:1000", "--security-opt", "no-new-privileges"}};
        for (const std::vector<std::string>& way : ways) {
            std::vector<std::string> arguments = {"run"};
            arguments.insert(arguments.end(), way.begin(), way.end());
            arguments.emplace_back("kind");
            arguments.insert(arguments.end(), command.begin(), command.end());
            const RunResult result = docker(arguments);
            EXPECT_EQ(result.exit_code, 0) << result.err;
            EXPECT_THAT(result.out, HasSubstr(expected)) << result.err;
        }
    }

    const std::string source = std::string(tree::kSource) + "/tests/fixtures/kinds/program";
    std::string root;
};

TEST_F(ProgramKinds, AgainstGlibc) {
    if (!has("gcc", "g++")) GTEST_SKIP() << "no gcc";
    build({"gcc", "-O1", source + ".c"});
    add_libraries_of(root + "/program");
    expect_runs({"/program"}, "64 bits: all done");
}

TEST_F(ProgramKinds, Static) {
    if (!has("gcc", "g++")) GTEST_SKIP() << "no gcc";
    build({"gcc", "-O1", "-static", source + ".c"});
    expect_runs({"/program"}, "64 bits: all done");
}

TEST_F(ProgramKinds, AgainstMusl) {
    if (!has("musl-gcc", "musl-tools")) GTEST_SKIP() << "no musl-gcc";
    build({"musl-gcc", "-O1", source + ".c"});
    add("/lib/ld-musl-x86_64.so.1");
    EXPECT_FALSE(fs::exists(root + "/lib64"));  // nothing of glibc
    expect_runs({"/program"}, "64 bits: all done");
}

TEST_F(ProgramKinds, Of32Bits) {
    if (!has("/usr/lib32/crt1.o", "libc6-dev-i386")) GTEST_SKIP() << "no 32-bit libc";
    // The compiler's own 32-bit files are in a package with a dozen others; a C program does without them, and the
    // kernel's headers are the same.
    build({"gcc", "-m32", "-O1", "-isystem", "/usr/include/x86_64-linux-gnu", "-no-pie", "-nostdlib", "-nostartfiles",
           "/usr/lib32/crt1.o", "/usr/lib32/crti.o", source + ".c", "-lc", "/usr/lib32/crtn.o"});
    add_libraries_of(root + "/program");
    expect_runs({"/program"}, "32 bits: all done");
}

// The docker client is Debian's largest Go program here. It runs a plugin, so that it starts a child, too.
TEST_F(ProgramKinds, Go) {
    const std::string client = trimmed(run({"which", "docker"}).out);
    add(client);
    add_libraries_of(client);
    const std::string plugins = root + "/usr/local/lib/docker/cli-plugins";
    fs::create_directories(plugins);
    write_file(plugins + "/docker-hello",
               "#!/bin/sh\n[ \"$1\" = docker-cli-plugin-metadata ] && "
               "echo '{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"test\",\"Version\":\"1\"}' || echo said $2\n");
    fs::permissions(plugins + "/docker-hello", fs::perms(0755));
    expect_runs({client, "hello", "it"}, "said it");
    // Fails only when it looks for a daemon, after it has written what it is.
    const RunResult version = docker({"run", "--rm", "kind", client, "version"});
    EXPECT_THAT(version.out, ::testing::ContainsRegex("Go version: +go1"));
    EXPECT_THAT(version.err, HasSubstr("Cannot connect to the Docker daemon"));
}

TEST_F(ProgramKinds, Node) {
    if (!has("node", "nodejs")) GTEST_SKIP() << "no node";
    const std::string node = trimmed(run({"which", "node"}).out);
    add(node);
    add_libraries_of(node);
    // Debian's keeps parts of the standard library outside of the program.
    for (const char* part : {"acorn", "acorn-walk", "busboy", "cjs-module-lexer", "streamsearch", "undici", "xtend"}) {
        const std::string directory = std::string("/usr/share/nodejs/") + part;
        if (!fs::exists(directory)) continue;
        fs::create_directories(root + directory);
        fs::copy(directory, root + directory, fs::copy_options::recursive | fs::copy_options::skip_symlinks);
    }
    fs::copy_file(source + ".js", root + "/program.js");
    expect_runs({node, "/program.js"}, "node: 42 spawned hello file 8999994");
}

}  // namespace
}  // namespace slipway::testing
