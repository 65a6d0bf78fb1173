// The simulated computecore: states, operations, processes, injection, leak report.
#include "raw_host.hpp"

#include <simulator/command_split.hpp>

#include <unistd.h>

namespace slipway::windows_backend {
namespace {

int fd_of(raw::Handle handle) {
    return static_cast<int>(reinterpret_cast<intptr_t>(handle) - 1);
}

std::string read_all(raw::Handle handle) {
    std::string text;
    char buffer[256];
    ssize_t got = 0;
    while ((got = read(fd_of(handle), buffer, sizeof(buffer))) > 0) text.append(buffer, static_cast<size_t>(got));
    close(fd_of(handle));
    return text;
}

class SimulatedCompute : public RawHost {
protected:
    void running_system() {
        make_volume();
        ASSERT_EQ(create(document(), &system_), raw::kOk) << answer_;
        ASSERT_EQ(start(system_), raw::kOk);
    }
    void end_system() {
        terminate(system_);
        ASSERT_FALSE(system_events_ && system_events_->wait(raw::kEventSystemExited).is_null());
        api_->HcsCloseComputeSystem(system_);
        drop_volume();
        EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
    }
    raw::Handle system_ = nullptr;
    std::unique_ptr<EventLog> system_events_;
};

TEST_F(SimulatedCompute, ASystemGoesThroughItsStatesOnce) {
    make_volume();
    ASSERT_EQ(create(document(), &system_), raw::kOk) << answer_;
    EXPECT_EQ(create(document(), &system_), raw::kHcsSystemAlreadyExists);
    raw::ProcessInformation info;
    raw::Handle process = nullptr;
    EXPECT_EQ(launch(system_, {{"CommandLine", "true"}}, &process, &info), raw::kHcsInvalidState);
    api_->HcsCloseProcess(process);
    EXPECT_EQ(start(system_), raw::kOk);
    EXPECT_EQ(start(system_), raw::kHcsInvalidState);
    EventLog events;
    ASSERT_EQ(api_->HcsSetComputeSystemCallback(system_, 0, &events, &EventLog::record), raw::kOk);
    EXPECT_EQ(api_->HcsSetComputeSystemCallback(system_, 0, &events, &EventLog::record), raw::kHcsCallbackAlreadySet);
    EXPECT_EQ(terminate(system_), raw::kOk);
    EXPECT_EQ(events.wait(raw::kEventSystemExited).value("ExitType", ""), "ForcedExit");
    EXPECT_EQ(terminate(system_), raw::kHcsSystemAlreadyStopped);
    api_->HcsCloseComputeSystem(system_);
    drop_volume();
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(SimulatedCompute, DocumentsAreRefusedWithTheirPath) {
    make_volume();
    const auto refused = [&](const char* pointer, const json& value, const std::string& text) {
        json changed = document();
        changed[json::json_pointer(pointer)] = value;
        raw::Handle system = nullptr;
        EXPECT_EQ(create(changed, &system), raw::kHcsInvalidJson) << pointer;
        api_->HcsCloseComputeSystem(system);
        EXPECT_THAT(answer_, testing::HasSubstr(text)) << pointer;
    };
    refused("/owner", "x", "owner: is not a member of the schema");
    refused("/Container/Storage/Path", volume_, "Container.Storage");
    refused("/Container/Storage/Layers", json::array(), "Container.Storage.Layers: has too few items");
    refused("/Container/Storage/Layers/0/Id", guid_of_id("other").text(), "differ from those of the storage filter");
    refused("/Container/Processor", {{"Count", 1}, {"Weight", 1}}, "exactly one of Count, Maximum and Weight");
    refused("/Container/Processor", {{"Maximum", 10001}}, "out of range");
    refused("/Container/Memory", {{"SizeInMB", "512"}}, "is not a whole number");
    refused("/Container/Networking", {{"Namespace", guid_of_id("none").text()}}, "does not exist");
    refused("/Container/MappedDirectories",
            json::array({{{"HostPath", directory_ + "/no"}, {"ContainerPath", "C:\\a"}}}), "is not a directory");
    refused("/Container/MappedDirectories", json::array({{{"HostPath", directory_}, {"ContainerPath", "c:\\a"}}}),
            "not a normal path");
    refused("/SchemaVersion/Minor", 9, "out of range");
    refused("/VirtualMachine", json::object(), "exactly one of Container");
    refused("/Owner", nullptr, "is not a string");
    drop_volume();
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(SimulatedCompute, OperationsAreForOneCallAndTellWhatTheyWaitFor) {
    running_system();
    raw::Handle operation = api_->HcsCreateOperation(nullptr, nullptr);
    char16_t* document = nullptr;
    EXPECT_EQ(api_->HcsWaitForOperationResult(operation, 10, &document), raw::kHcsOperationNotStarted);
    simulated::inject(json::array({{{"function", "HcsGetComputeSystemProperties"}, {"do", "hang"}}}));
    EXPECT_EQ(api_->HcsGetComputeSystemProperties(system_, operation, nullptr), raw::kOk);
    EXPECT_EQ(api_->HcsGetComputeSystemProperties(system_, operation, nullptr), raw::kHcsOperationAlreadyStarted);
    EXPECT_EQ(api_->HcsWaitForOperationResult(operation, 0, &document), raw::kHcsOperationPending);
    EXPECT_EQ(api_->HcsWaitForOperationResult(operation, 10, &document), raw::kHcsOperationTimeout);
    raw::ProcessInformation info;
    EXPECT_EQ(api_->HcsWaitForOperationResultAndProcessInfo(operation, 10, &info, &document), raw::kInvalidArgument);
    api_->HcsCloseOperation(operation);
    end_system();
}

TEST_F(SimulatedCompute, AProcessIsRealWithPipesAndExitCode) {
    running_system();
    raw::ProcessInformation info;
    raw::Handle process = nullptr;
    const json parameters = {{"CommandLine", R"(cmd /c "read line; echo got $line $GREETING; echo bad >&2; exit 3")"},
                             {"Environment", {{"GREETING", "hello"}}},
                             {"CreateStdInPipe", true},
                             {"CreateStdOutPipe", true},
                             {"CreateStdErrPipe", true}};
    ASSERT_EQ(launch(system_, parameters, &process, &info), raw::kOk) << answer_;
    EventLog events;
    ASSERT_EQ(api_->HcsSetProcessCallback(process, 0, &events, &EventLog::record), raw::kOk);
    ASSERT_EQ(write(fd_of(info.std_input), "word\n", 5), 5);
    EXPECT_EQ(read_all(info.std_output), "got word hello\n");
    EXPECT_EQ(read_all(info.std_error), "bad\n");
    EXPECT_EQ(events.wait(raw::kEventProcessExited).value("ExitCode", 0), 3);
    close(fd_of(info.std_input));
    const auto status = run([&](raw::Handle op) { return api_->HcsTerminateProcess(process, op, nullptr); });
    EXPECT_EQ(status, raw::kHcsProcessAlreadyStopped);
    api_->HcsCloseProcess(process);
    end_system();
}

TEST_F(SimulatedCompute, ClosingStdinIsEndOfFileWhoeverHoldsThePipe) {
    running_system();
    raw::ProcessInformation info;
    raw::Handle process = nullptr;
    ASSERT_EQ(launch(system_, {{"CommandLine", "cat"}, {"CreateStdInPipe", true}}, &process, &info), raw::kOk);
    EventLog events;
    ASSERT_EQ(api_->HcsSetProcessCallback(process, 0, &events, &EventLog::record), raw::kOk);
    const std::u16string request = to_utf16(R"({"Operation":"CloseHandle","CloseHandle":{"Handle":"StdIn"}})");
    EXPECT_EQ(run([&](raw::Handle op) { return api_->HcsModifyProcess(process, op, request.c_str()); }), raw::kOk);
    EXPECT_FALSE(events.wait(raw::kEventProcessExited).is_null());
    EXPECT_EQ(info.std_output, raw::kNoHandle);
    close(fd_of(info.std_input));
    api_->HcsCloseProcess(process);
    end_system();
}

TEST_F(SimulatedCompute, CommandsThatDoNotExistAreNotFound) {
    running_system();
    raw::ProcessInformation info;
    raw::Handle process = nullptr;
    EXPECT_EQ(launch(system_, {{"CommandLine", "no-such-program-here"}}, &process, &info), raw::kFileNotFound);
    api_->HcsCloseProcess(process);
    end_system();
}

TEST_F(SimulatedCompute, TheLastHandleEndsASystemThatSaysSo) {
    running_system();
    raw::ProcessInformation info;
    raw::Handle process = nullptr, second = nullptr;
    ASSERT_EQ(launch(system_, {{"CommandLine", "sleep 60"}}, &process, &info), raw::kOk);
    ASSERT_EQ(api_->HcsOpenComputeSystem(u"c1", raw::kGenericAll, &second), raw::kOk);
    EventLog events;
    ASSERT_EQ(api_->HcsSetProcessCallback(process, 0, &events, &EventLog::record), raw::kOk);
    api_->HcsCloseComputeSystem(system_);
    EXPECT_TRUE(events.wait(raw::kEventProcessExited, 50).is_null());
    api_->HcsCloseComputeSystem(second);
    EXPECT_EQ(events.wait(raw::kEventProcessExited).value("ExitCode", 0), 1067);
    api_->HcsCloseProcess(process);
    drop_volume();
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(SimulatedCompute, AShutdownAndAnEventForAProcessAreOverWhenItHasEnded) {
    running_system();
    raw::ProcessInformation info;
    raw::Handle process = nullptr;
    const json parameters = {{"CommandLine", R"(cmd /c "trap '' TERM; echo deaf; while :; do sleep 1; done")"},
                             {"CreateStdOutPipe", true}};
    ASSERT_EQ(launch(system_, parameters, &process, &info), raw::kOk) << answer_;
    char byte = 0;
    ASSERT_EQ(read(fd_of(info.std_output), &byte, 1), 1);
    const std::u16string event = to_utf16(R"({"Signal":"CtrlC"})");
    raw::Handle signalled = api_->HcsCreateOperation(nullptr, nullptr);
    raw::Handle stopped = api_->HcsCreateOperation(nullptr, nullptr);

    EXPECT_EQ(api_->HcsSignalProcess(process, signalled, event.c_str()), raw::kOk);
    EXPECT_EQ(api_->HcsShutDownComputeSystem(system_, stopped, nullptr), raw::kOk);
    for (const raw::Handle operation : {signalled, stopped}) {
        EXPECT_EQ(api_->HcsWaitForOperationResult(operation, 50, nullptr), raw::kHcsOperationTimeout);
    }
    EXPECT_EQ(terminate(system_), raw::kOk);

    for (const raw::Handle operation : {signalled, stopped}) {
        EXPECT_EQ(api_->HcsWaitForOperationResult(operation, 5000, nullptr), raw::kOk);
        api_->HcsCloseOperation(operation);
    }
    close(fd_of(info.std_output));
    api_->HcsCloseProcess(process);
    api_->HcsCloseComputeSystem(system_);
    drop_volume();
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(SimulatedCompute, AHandleThatIsClosedUnderACallIsAViolation) {
    running_system();
    simulated::inject(json::array({{{"function", "HcsGetComputeSystemProperties"}, {"do", "hang"}}}));
    raw::Handle operation = api_->HcsCreateOperation(nullptr, nullptr);
    ASSERT_EQ(api_->HcsGetComputeSystemProperties(system_, operation, nullptr), raw::kOk);
    api_->HcsCloseComputeSystem(system_);
    api_->HcsCloseOperation(operation);
    drop_volume();
    expected_violations_ = {"HcsCloseComputeSystem: somebody still waits for what he asked by this handle"};
}

TEST_F(SimulatedCompute, InjectedFailuresComeAtTheirCall) {
    simulated::inject(json::array({
        {{"function", "HcsEnumerateComputeSystems"}, {"nth", 2}, {"do", "fail"}, {"hresult", "0x80070005"}},
        {{"function", "HcsEnumerateComputeSystems"},
         {"nth", 3},
         {"do", "fail_async"},
         {"hresult", "0x80370105"},
         {"message", "why"}},
        {{"function", "HcsEnumerateComputeSystems"}, {"nth", 4}, {"do", "hang"}},
    }));
    const auto enumerate = [&] {
        return run([&](raw::Handle op) { return api_->HcsEnumerateComputeSystems(u"{}", op); }, 20);
    };
    EXPECT_EQ(enumerate(), raw::kOk);
    EXPECT_EQ(enumerate(), raw::kAccessDenied);
    EXPECT_EQ(enumerate(), raw::kHcsInvalidState);
    EXPECT_THAT(answer_, testing::HasSubstr("why"));
    EXPECT_EQ(enumerate(), raw::kHcsOperationTimeout);
    EXPECT_EQ(enumerate(), raw::kOk);
    EXPECT_EQ(simulated::calls()["HcsEnumerateComputeSystems"], 5);
}

TEST_F(SimulatedCompute, ExitEventsCanBeLostAndDoubled) {
    running_system();
    simulated::inject(json::array({{{"function", "HcsCreateProcess"}, {"nth", 1}, {"do", "lost_exit"}},
                                   {{"function", "HcsCreateProcess"}, {"nth", 2}, {"do", "double_exit"}}}));
    EventLog lost, twice;
    raw::ProcessInformation info;
    raw::Handle first = nullptr, second = nullptr;
    ASSERT_EQ(launch(system_, {{"CommandLine", "sleep 0.05"}}, &first, &info), raw::kOk);
    ASSERT_EQ(api_->HcsSetProcessCallback(first, 0, &lost, &EventLog::record), raw::kOk);
    ASSERT_EQ(launch(system_, {{"CommandLine", "sleep 0.1"}}, &second, &info), raw::kOk);
    ASSERT_EQ(api_->HcsSetProcessCallback(second, 0, &twice, &EventLog::record), raw::kOk);
    EXPECT_FALSE(twice.wait(raw::kEventProcessExited).is_null());
    api_->HcsCloseProcess(first);
    api_->HcsCloseProcess(second);
    end_system();
    EXPECT_EQ(lost.count(), 0U);
    EXPECT_LE(twice.count(), 2U);
}

TEST_F(SimulatedCompute, LeaksAreNamed) {
    running_system();
    EXPECT_THAT(simulated::leaks(),
                testing::IsSupersetOf({testing::HasSubstr("system c1"), testing::HasSubstr("open handle of a system"),
                                       testing::HasSubstr("attached disk"), testing::HasSubstr("storage filter")}));
    end_system();
}

TEST_F(SimulatedCompute, StaleHandlesAreViolations) {
    raw::Handle operation = api_->HcsCreateOperation(nullptr, nullptr);
    api_->HcsCloseOperation(operation);
    api_->HcsCloseOperation(operation);
    EXPECT_EQ(api_->HcsStartComputeSystem(operation, operation, nullptr), raw::kInvalidHandle);
    expected_violations_ = {"HcsCloseOperation: a handle that is not open, or of another kind",
                            "HcsStartComputeSystem: a handle that is not open, or of another kind"};
}

TEST(SimulatedCommandLine, IsSplitAsTheRuntimeDoes) {
    using simulated::split_command_line;
    using Words = std::vector<std::string>;
    EXPECT_EQ(split_command_line(R"(a "b c" "" d\e "f\\" "g\"h" i\\j)"),
              (Words{"a", "b c", "", R"(d\e)", R"(f\)", R"(g"h)", R"(i\\j)"}));
    EXPECT_EQ(split_command_line("  "), Words{});
    EXPECT_EQ(split_command_line(R"(C:\a\ b)"), (Words{R"(C:\a\)", "b"}));
    EXPECT_EQ(simulated::local_command("CMD /S /C \"exit 3\""), (Words{"/bin/sh", "-c", "exit 3"}));
    EXPECT_EQ(simulated::local_command("sleep 1"), (Words{"sleep", "1"}));
}

}  // namespace
}  // namespace slipway::windows_backend
