// Command line and configuration file together.
#include "options.hpp"
#include "support/temporary_directory.hpp"

namespace slipway::daemon {
namespace {

using testing::HasSubstr;

Result<Invocation> parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "slipwayd");
    return parse_invocation(arguments);
}

using OptionsTest = TemporaryDirectory;

TEST_F(OptionsTest, CommandLineAndFileComeTogether) {
    const std::string file = write("daemon.json", R"({"bip":"10.9.0.1/16","backends":{"linux":{"x":1}}})");
    const Result<Invocation> parsed = parse({"-H", "unix:///a.sock", "-H", "tcp://127.0.0.1:1", "--bridge", "none",
                                             "--data-root", "/srv/x/", "--config-file", file});
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    const DaemonOptions& options = parsed->options;
    EXPECT_EQ(options.hosts, (std::vector<std::string>{"unix:///a.sock", "tcp://127.0.0.1:1"}));
    EXPECT_EQ(options.bridge, "none");
    EXPECT_EQ(options.data_root, std::filesystem::absolute("/srv/x"));
    EXPECT_EQ(options.bip, "10.9.0.1/16");
    EXPECT_EQ(options.backends["linux"]["x"], 1);
}

TEST_F(OptionsTest, ListensWhereClientsLookUnlessTold) {
    const std::string file = write("daemon.json", "");
    const Result<Invocation> parsed = parse({"--exec-root", "/run/other", "--config-file", file});
    ASSERT_TRUE(parsed.has_value());
#if defined(_WIN32)
    EXPECT_EQ(parsed->options.hosts, std::vector<std::string>{"npipe:////./pipe/slipway_engine"});
#else
    EXPECT_EQ(parsed->options.hosts, std::vector<std::string>{"unix:///run/other/slipway.sock"}) << "in the exec root";
#endif
}

TEST_F(OptionsTest, BadValuesAreNamed) {
    const std::string file = write("daemon.json", "{}");
    const auto message = [&](const std::string& option, const std::string& value) {
        const Result<Invocation> parsed = parse({"--config-file", file, option, value});
        return parsed ? "accepted" : parsed.error().message();
    };
    EXPECT_THAT(message("--log-level", "loud"), HasSubstr("'loud'"));
    EXPECT_THAT(message("--min-api-version", "1.21"), HasSubstr("between 1.22 and 1.51"));
    EXPECT_THAT(message("--min-api-version", "1.52"), HasSubstr("between 1.22 and 1.51"));
    EXPECT_EQ(message("--min-api-version", "1.51"), "accepted");
    EXPECT_THAT(message("--shutdown-timeout", "-1"), HasSubstr("shutdown-timeout"));
    const std::string never = write("never.json", R"({"phase-deadlines": {"create": 0}})");
    EXPECT_THAT(parse({"--config-file", never}).error().message(), HasSubstr("phase-deadlines: that of 'create'"));
    EXPECT_EQ(parse({"--config-file", "/nowhere/daemon.json"}).error().code(), ErrorCode::kNotFound);
}

TEST_F(OptionsTest, DamagedFilesAreNamed) {
    for (const char* content : {"{", "[]", "5"}) {
        const std::string file = write("daemon.json", content);
        const Result<Invocation> parsed = parse({"--config-file", file});
        ASSERT_FALSE(parsed.has_value());
        EXPECT_THAT(parsed.error().message(), HasSubstr(file));
    }
}

}  // namespace
}  // namespace slipway::daemon
