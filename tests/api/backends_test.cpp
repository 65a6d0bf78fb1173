// Broken backends beside the good one: each is reported by name, and the daemon serves on.
#include <tree/tree.hpp>
#include "client.hpp"

#include <filesystem>
#include <map>
#include <sstream>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;

class HostileBackends : public DockerClient {
protected:
    void SetUp() override {
        directory = fs::path(tree::kBuild) / ("hostile-" + std::to_string(getpid()));
        fs::create_directory(directory);
        for (const char* name : {"manifest-major", "symbol-major", "no-entry", "crash-segv", "exit-zero"}) take(name);
        write_file(directory / "libnot-a-library.so", "this is text\n");
        write_file(
            directory / "libnot-a-library.json",
            R"({"slipway_plugin": 1, "name": "not-a-library", "platform": "linux", "abi_major": 1, "abi_minor": 0,)"
            R"( "version": "1", "description": "text"})");
        DockerClient::SetUp();
    }
    void TearDown() override {
        daemon.reset();
        fs::remove_all(directory);
    }
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options result;
        result.arguments = {"--backend-dir", directory};
        return result;
    }
    void take(const std::string& name) const {
        for (const char* suffix : {".so", ".json"}) {
            const std::string file = "lib" + name + suffix;
            fs::copy_file(fs::path(tree::kBuild) / "fixtures/hostile" / file, directory / file);
        }
    }
    fs::path directory;
};

TEST_F(HostileBackends, AreReportedAndTheDaemonServesOn) {
    const RunResult listed = daemon->slipway({"backends"});

    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    std::istringstream lines(listed.out);
    std::map<std::string, std::string> reasons;
    for (std::string line; std::getline(lines, line);) {
        for (const char* name :
             {"manifest-major", "symbol-major", "no-entry", "crash-segv", "exit-zero", "not-a-library"}) {
            if (line.find("not loaded: ") == 0 && line.find(std::string("lib") + name + ".so") != std::string::npos) {
                reasons[name] = line;
            }
        }
    }
    EXPECT_EQ(reasons.size(), 6U) << listed.out;
    for (const char* name : {"manifest-major", "symbol-major"}) {  // both versions are named
        EXPECT_THAT(reasons[name], ::testing::ContainsRegex("ABI [2-9]"));
        EXPECT_THAT(reasons[name], HasSubstr("this host has ABI 1."));
    }
    EXPECT_THAT(reasons["no-entry"], HasSubstr("slw_plugin_entry"));
    EXPECT_THAT(reasons["crash-segv"], HasSubstr("SIGSEGV"));
    EXPECT_THAT(reasons["exit-zero"], HasSubstr("ended the process"));
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "echo", "served"}), "served");
}

}  // namespace
}  // namespace slipway::testing
