// What goes wrong, and whether the daemon names it: for each cause the phase, the operation, the object, a hint where
// there is something to do about it, the exit code, and the same facts in the record and in the Slipway-Error header.
#include "error_causes.hpp"

namespace slipway::testing {

namespace {

TEST_P(ErrorCause, IsNamedWithItsObject) {
    const Cause& cause = GetParam();
    if (cause.before) cause.before(*this);
    json body = {{"Image", "box"}, {"Cmd", {"true"}}};
    body.update(json::parse(say(cause.body.dump())));
    // From a file: what is to be too long for a command is too long for curl's own arguments as well.
    const ApiReply created =
        request("POST", "/containers/create?name=c1", "@" + file("body.json", body.dump()), {"-D", "-"});
    if (cause.phase.empty()) {
        EXPECT_EQ(created.status, cause.status) << created.body;
        EXPECT_THAT(created.body, HasSubstr(say(cause.message)));
        expect_said(error_header(created.body), "header");
        EXPECT_EQ(docker_ok({"ps", "-aq", "--filter", "name=^c1$"}), "");
        return;
    }
    ASSERT_EQ(created.status, 201) << created.body;
    if (cause.between) cause.between(*this);

    const ApiReply started = request("POST", "/containers/c1/start", "", {"-D", "-"});

    EXPECT_EQ(started.status, cause.status) << started.body;
    EXPECT_THAT(started.body, HasSubstr(say(cause.message)));
    expect_said(error_header(started.body), "header");
    const json state = document("c1")["State"];
    EXPECT_EQ(state["ExitCode"], cause.exit_code);
    EXPECT_EQ(state["Status"], "created");
    EXPECT_THAT(started.body, HasSubstr(json(state["Error"].get<std::string>()).dump().substr(1, 40)));
    expect_said(state["Slipway"]["LastStart"]["Error"], "record");
}

class AddressesExhausted : public HttpClient {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options wanted;
        wanted.bridge_prefix = 30;
        return wanted;
    }
};

TEST_F(AddressesExhausted, NamesTheSubnet) {
    docker_ok({"run", "-d", "--name", "only", "box", "sleep", "600"});
    create("c1", {"true"});
    const ApiReply reply = request("POST", "/containers/c1/start");
    EXPECT_EQ(reply.status, 500);
    EXPECT_THAT(reply.body, HasSubstr("no available IPv4 addresses in '"));
    const json error = document("c1")["State"]["Slipway"]["LastStart"]["Error"];
    EXPECT_EQ(error["phase"], "attach_networks");
    EXPECT_EQ(error["code"], "resource_exhausted");
    EXPECT_EQ(error["operation"], "allocate address");
    EXPECT_THAT(error["resource"].get<std::string>(), HasSubstr("/30"));
    EXPECT_THAT(error["hint"].get<std::string>(), HasSubstr("larger subnet"));
    EXPECT_EQ(document("c1")["State"]["ExitCode"], 128);
}

std::string name_of(const ::testing::TestParamInfo<Cause>& instance) {
    return instance.param.name;
}
INSTANTIATE_TEST_SUITE_P(Command, ErrorCause, ::testing::ValuesIn(command_causes()), name_of);
INSTANTIATE_TEST_SUITE_P(Mounts, ErrorCause, ::testing::ValuesIn(mount_causes()), name_of);
INSTANTIATE_TEST_SUITE_P(Networks, ErrorCause, ::testing::ValuesIn(network_causes()), name_of);
INSTANTIATE_TEST_SUITE_P(Create, ErrorCause, ::testing::ValuesIn(create_causes()), name_of);

}  // namespace
}  // namespace slipway::testing
