// The log drivers besides json-file.
#include "client.hpp"

namespace slipway::testing {
namespace {

class LogDrivers : public DockerClient {};

TEST_F(LogDrivers, LocalIsReadBackAcrossItsFiles) {
    docker_ok({"run", "--name", "local", "--log-driver", "local", "--log-opt", "max-size=4k", "--log-opt", "max-file=3",
               "box", "sh", "-c", "i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); done; echo last >&2"});

    EXPECT_EQ(inspect("local", "{{.HostConfig.LogConfig.Type}}"), "local");
    const RunResult logs = docker({"logs", "local"});
    EXPECT_THAT(logs.out, HasSubstr("line 20\n"));
    EXPECT_THAT(logs.out, HasSubstr("line 59\n"));
    EXPECT_EQ(logs.err, "last\n");
    EXPECT_EQ(trimmed(docker({"logs", "--tail", "1", "local"}).err), "last");
}

TEST_F(LogDrivers, LocalRefusesOptionsItDoesNotHave) {
    const RunResult refused = docker({"create", "--log-driver", "local", "--log-opt", "tag=x", "box", "true"});

    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.err, HasSubstr("unknown log opt 'tag' for local log driver"));
}

}  // namespace
}  // namespace slipway::testing
