// Statements about the request of a start and about exit codes, at the engine.
#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace slipway::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(SF, Sf06_IdNameAndPrefixResolveAndTheIdWins) {
    const std::string id = create({"sleep"}, {}, "web");
    const std::string other = create({"sleep"}, {}, id.substr(0, 12));
    for (const std::string& ref : {id, std::string("web"), std::string("/web"), id.substr(0, 20)}) {
        auto found = engine->find_container(ref);
        ASSERT_TRUE(found) << ref;
        EXPECT_EQ((*found)->id, id) << ref;
    }
    EXPECT_EQ((*engine->find_container(id.substr(0, 12)))->id, other) << "an exact name wins over a prefix";
    auto missing = engine->start_container("nobody");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(missing.error().message(), "No such container: nobody");
}

TEST_F(SF, Sf07_AnAmbiguousPrefixNamesThePrefix) {
    std::map<char, int> first;
    for (int i = 0; i < 17; ++i) ++first[create({"sleep"})[0]];
    for (const auto& [digit, count] : first) {
        if (count < 2) continue;
        auto started = engine->start_container(std::string(1, digit));
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code(), ErrorCode::kInvalidArgument);
        EXPECT_EQ(started.error().message(), std::string("multiple IDs found with provided prefix: ") + digit);
    }
}

TEST_F(SF, Sf08_AContainerBeingRemovedCannotBeStarted) {
    const std::string id = create({"sleep"});
    sim->block("root_remove");
    std::thread remover([&] { EXPECT_TRUE(engine->remove_container(id, {})); });
    sim->wait_until_blocked("root_remove");
    const auto events = events_of(id);

    auto started = engine->start_container(id);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(started.error().message(), "container is marked for removal and cannot be started");
    EXPECT_EQ(record(id)->error, "");
    EXPECT_EQ(events_of(id), events);
    sim->release("root_remove");
    remover.join();
}

TEST_F(SF, Sf17_WarningsComeWithCreateAndAreLoggedAtStart) {
    CreateContainer request;
    request.config = {{"Cmd", {"sleep"}}};
    request.host_config = {{"Memory", 64 << 20}};
    auto created = engine->create_container(request);
    ASSERT_TRUE(created);
    EXPECT_THAT(created->warnings, Contains("swap was set to twice the memory"));

    sim->warn_next("the kernel has changed its mind");
    ASSERT_TRUE(engine->start_container(created->id));
    EXPECT_THAT(log_lines(), Contains(HasSubstr("the kernel has changed its mind")));
}

TEST_F(SF, Sf47_ATextWithBothCausesIsDeniedByItsCode) {
    const std::string id = create({"sleep"});
    sim->fail_next(
        "start", Error(ErrorCode::kExecDenied, "exec: \"x\": no such file or directory, or rather: permission denied"));
    ASSERT_FALSE(engine->start_container(id));
    EXPECT_EQ(record(id)->exit_code, 126);
}

TEST_F(SF, Sf48_AFailureBeforeTheLaunchKeepsAnEarlierCode) {
    for (const auto& [call, text] : {std::pair{"endpoint_attach", "no address"}, std::pair{"mount", "no source"}}) {
        const std::string never = create({"sleep"});
        const std::string zero = create({"exit", "0"});
        const std::string three = create({"exit", "3"});
        for (const std::string& id : {zero, three}) {
            ASSERT_TRUE(engine->start_container(id));
            wait_exit(id);
        }
        for (const auto& [id, code] : {std::pair{never, 128}, std::pair{zero, 128}, std::pair{three, 3}}) {
            sim->fail_next(call, Error(ErrorCode::kSystem, text));
            ASSERT_FALSE(engine->start_container(id)) << call;
            EXPECT_EQ(record(id)->exit_code, code) << call;
        }
    }
}

TEST_F(SF, Sf49_125IsNeverStored) {
    for (const ErrorCode code :
         {ErrorCode::kSystem, ErrorCode::kUnavailable, ErrorCode::kExecNotFound, ErrorCode::kExecDenied,
          ErrorCode::kMountType, ErrorCode::kInternal, ErrorCode::kResourceExhausted, ErrorCode::kInvalidArgument}) {
        for (const char* call : {"root_mount", "sandbox_create", "build_spec", "create", "start"}) {
            const std::string id = create({"sleep"});
            sim->fail_next(call, Error(code, "exit status 125"));
            ASSERT_FALSE(engine->start_container(id));
            EXPECT_THAT(record(id)->exit_code, ::testing::AnyOf(126, 127, 128));
        }
    }
}

}  // namespace
}  // namespace slipway::test
