// Each way in which HCS is known to misbehave, once.
#include "backend_test.hpp"

#include <filesystem>

namespace slipway::windows_backend {
namespace {

using WindowsFailures = WindowsBackend;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

json rule(const char* function, const char* action, const char* hresult = "0x80004005", int nth = 1) {
    return {{"function", function}, {"nth", nth}, {"do", action}, {"hresult", hresult}};
}

TEST_F(WindowsFailures, AnExitEventThatIsLostIsFoundOutWithinASecondOrSo) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    simulated::inject(json::array({rule("HcsCreateProcess", "lost_exit")}));
    ASSERT_TRUE(run(c, id, {does({"exit:5"})}));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id, milliseconds(4000)).exit_code, 5);

    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, AnExitEventThatComesTwiceIsToldOnce) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    simulated::inject(json::array({rule("HcsCreateProcess", "double_exit")}));
    ASSERT_TRUE(run(c, id, {does({"sleep:100"})}));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);

    EXPECT_TRUE(give_back(c));

    EXPECT_EQ(host_->count(SLW_EVENT_EXIT, id), 1U);
}

TEST_F(WindowsFailures, AnExitEventThatComesLateIsNotWaitedForAndToldOnce) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    json late = rule("HcsCreateProcess", "late_exit");
    late["delay_ms"] = 3000;
    simulated::inject(json::array({late}));
    const auto begin = Clock::now();
    ASSERT_TRUE(run(c, id, {does({"exit:5"})}));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id, milliseconds(10'000)).exit_code, 5);
    EXPECT_LT(Clock::now() - begin, milliseconds(2900));
    std::this_thread::sleep_until(begin + milliseconds(3500));

    EXPECT_EQ(host_->count(SLW_EVENT_EXIT, id), 1U);
    EXPECT_TRUE(give_back(c));
}

// The system's end is told before its process's.
TEST_F(WindowsFailures, EventsOutOfOrderKeepTheExitCode) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    json late = rule("HcsCreateProcess", "late_exit");
    late["delay_ms"] = 300;
    simulated::inject(json::array({late}));
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));

    simulated::crash_system(id);

    const SeenEvent ended = host_->wait(SLW_EVENT_EXIT, id, milliseconds(5000));
    EXPECT_EQ(ended.exit_code, 1067);
    EXPECT_EQ(host_->count(SLW_EVENT_LOST, id), 0U);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, TheEndOfASystemMayBeToldLateTwiceOrNever) {
    char digit = '1';
    for (const char* action : {"lost_exit", "double_exit", "late_exit"}) {
        SCOPED_TRACE(action);
        const std::string id = test_id(digit++);
        slw_container* c = open(id);
        json changed = rule("HcsCreateComputeSystem", action);
        changed["nth"] = simulated::calls()["HcsCreateComputeSystem"] + 1;
        changed["delay_ms"] = 300;
        simulated::inject(json::array({changed}));
        ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));

        EXPECT_TRUE(signal(c, 9));

        EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id, milliseconds(5000)).exit_code, 1067);
        EXPECT_TRUE(give_back(c));
    }
}

TEST_F(WindowsFailures, AWaitThatFailsForAProcessThatRunsIsRecovered) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    simulated::inject(json::array({rule("HcsCreateProcess", "odd_wait")}));

    ASSERT_TRUE(run(c, id, {does({"say:recovered"})}));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);
    EXPECT_EQ(log_of(id), "stdout:recovered\n");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, WhenTheRecoveryFailsTooTheFirstErrorCounts) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    simulated::inject(
        json::array({rule("HcsCreateProcess", "odd_wait"), rule("HcsGetProcessInfo", "fail_async", "0x8037011D")}));

    const Outcome started = run(c, id, {does({"sleep:60000"})});

    EXPECT_EQ(static_cast<uint32_t>(started.error.os_code), 0x80070057U);
    EXPECT_STREQ(started.error.operation, "HcsCreateProcess");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, ASystemThatEndsUnderItsProcessTakesItAlong) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));

    simulated::crash_system(id);

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 1067);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, ASystemThatEndsWhileItStartsIsAnError) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    simulated::inject(json::array({rule("HcsStartComputeSystem", "crash_system")}));

    const Outcome started = run(c, id, {does({})});

    EXPECT_NE(started.status, SLW_OK);
    EXPECT_THAT(started.message(), testing::HasSubstr("0x80370110"));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, WhenTheServiceGoesAwayItsContainersAreLost) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));

    simulated::disconnect_service();

    const SeenEvent lost = host_->wait(SLW_EVENT_LOST, id, milliseconds(5000));
    EXPECT_EQ(lost.kind, SLW_EVENT_LOST);
    EXPECT_THAT(lost.text, testing::HasSubstr("Host Compute Service went away"));
    EXPECT_EQ(exec(c, test_id('e'), does({})).status, SLW_ERR_CONFLICT);
    give_back(c);
}

TEST_F(WindowsFailures, AGrandchildThatHoldsTheOutputIsNotWaitedForLong) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    const auto begin = Clock::now();
    ASSERT_TRUE(run(c, id, {does({"hold:30000", "say:begun"})}));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id, milliseconds(8000)).kind, SLW_EVENT_EXIT);

    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(6));
    EXPECT_EQ(log_of(id), "stdout:begun\n");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, AShutdownThatNeverEndsIsFollowedByTermination) {
#ifdef _WIN32
    GTEST_SKIP() << "the simulated host's control events cannot be ignored on Windows: they need a console of both";
#endif
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"deaf", "say:deaf", "sleep:60000"})}));
    ASSERT_TRUE(says(id, "stdout:deaf\n"));
    const auto begin = Clock::now();
    EXPECT_TRUE(signal(c, 15));
    EXPECT_LT(Clock::now() - begin, milliseconds(2500)) << "handed over, not waited for";
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id, milliseconds(300)).kind, 0);

    EXPECT_TRUE(signal(c, 9));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 1067);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, AShutdownThatTakesItsTimeIsNotCutShort) {
#ifdef _WIN32
    GTEST_SKIP() << "the simulated host's control events cannot be ignored on Windows: they need a console of both";
#endif
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"deaf", "say:deaf", "sleep:6000", "exit:7"})}));
    ASSERT_TRUE(says(id, "stdout:deaf\n"));

    EXPECT_TRUE(signal(c, 15));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 7);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, AControlEventThatIsIgnoredIsSentAllTheSame) {
#ifdef _WIN32
    GTEST_SKIP() << "the simulated host's control events cannot be ignored on Windows: they need a console of both";
#endif
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"deaf", "say:deaf", "sleep:60000"})}));
    ASSERT_TRUE(says(id, "stdout:deaf\n"));
    const auto begin = Clock::now();

    EXPECT_TRUE(signal(c, 2));

    EXPECT_LT(Clock::now() - begin, milliseconds(2500));
    EXPECT_TRUE(signal(c, 9));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 1067);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, ATerminationThatIsNotOverSoonIsSentAllTheSame) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));
    json slow = rule("HcsTerminateComputeSystem", "late");
    slow["delay_ms"] = 6000;
    simulated::inject(json::array({slow}));

    EXPECT_TRUE(signal(c, 9));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 1067);
    EXPECT_TRUE(give_back(c));
}

class WindowsTimes : public WindowsBackend {
protected:
    json config() const override { return {{"timeouts_ms", {{"process", 300}, {"stop", 5000}, {"undo", 500}}}}; }
};

TEST_F(WindowsTimes, TheFirstProcessHasItsOwnAfterASlowBoot) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    json slow = rule("HcsStartComputeSystem", "late");
    slow["delay_ms"] = 600;
    simulated::inject(json::array({slow}));

    EXPECT_TRUE(run(c, id, {does({"sleep:60000"})}));

    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsTimes, WhatOutlivesTheFirstProcessHasThatOfAStop) {
#ifdef _WIN32
    GTEST_SKIP() << "the simulated host's control events cannot be ignored on Windows: they need a console of both";
#endif
    const std::string id = test_id('1'), exec_id = test_id('e');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"sleep:1500"})}));
    ASSERT_TRUE(exec(c, exec_id, does({"deaf", "sleep:2500", "exit:6"})));
    ASSERT_EQ(host_->wait(SLW_EVENT_EXIT, id).kind, SLW_EVENT_EXIT);

    EXPECT_TRUE(destroy(c));

    EXPECT_EQ(host_->wait(SLW_EVENT_EXEC_EXIT, exec_id).exit_code, 6) << "not terminated";
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, TerminationThatFindsNothingIsDone) {
    for (const char* code : {"0x80370110", "0x8037010E", "0x80070005"}) {
        const std::string id = test_id('1');
        slw_container* c = open(id);
        ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));
        const int before = simulated::calls()["HcsTerminateComputeSystem"];
        simulated::inject(json::array({rule("HcsTerminateComputeSystem", "fail_async", code, before + 1)}));

        EXPECT_TRUE(signal(c, 9));

        EXPECT_TRUE(give_back(c)) << code;
        close(c);
    }
}

// Only a termination's "access denied" says that the end has come.
TEST_F(WindowsFailures, ASignalThatIsDeniedIsAnErrorAndTheContainerLives) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));
    simulated::inject(json::array({rule("HcsSignalProcess", "fail_async", "0x80070005")}));

    EXPECT_EQ(signal(c, 2).status, SLW_ERR_PERMISSION_DENIED);

    EXPECT_EQ(host_->wait(SLW_EVENT_LOST, id, milliseconds(300)).kind, 0);
    EXPECT_EQ(status(c).state, SLW_PROCESS_RUNNING);
    EXPECT_TRUE(signal(c, 9));
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, AttachingIsTriedAgainWhenTheDiskIsNotReady) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    simulated::inject(json::array({rule("HcsAttachLayerStorageFilter", "fail", "0x80070015", 1),
                                   rule("HcsAttachLayerStorageFilter", "fail", "0x8007048F", 2)}));

    EXPECT_TRUE(mount_root(c));

    EXPECT_EQ(simulated::calls()["HcsAttachLayerStorageFilter"], 3);
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, ASuccessWithAnErrorRecordIsAFailure) {
    slw_container* c = open(test_id('1'));
    simulated::inject(json::array({rule("HcnCreateEndpoint", "error_record")}));

    const Outcome joined = join_network(c, test_id('1'), {does({})});

    EXPECT_EQ(joined.status, SLW_ERR_SYSTEM);
    EXPECT_STREQ(joined.error.operation, "HcnCreateEndpoint");
    EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsFailures, TheMessagesOfHcsReachTheError) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    json broken = rule("HcsStartComputeSystem", "fail_async", "0x80370101");
    broken["message"] = "The container operating system does not match the host operating system.";
    simulated::inject(json::array({broken}));

    const Outcome started = run(c, id, {does({})});

    EXPECT_EQ(started.status, SLW_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(started.message(), testing::HasSubstr("does not match the host operating system"));
    EXPECT_THAT(started.message(), testing::HasSubstr("(0x80370101)"));
    EXPECT_STRNE(started.error.hint, "");
    EXPECT_TRUE(give_back(c));
}

}  // namespace
}  // namespace slipway::windows_backend
