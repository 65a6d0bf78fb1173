// slw.create/1 as far as no container has to run.
#include <atomic>
#include <thread>

#include "kit.hpp"

namespace conformance {
namespace {

// A host configuration as the engine hands it over: every key it knows, at its default.
const char* const kHostConfig = R"({"Annotations":{},"AutoRemove":false,"Binds":[],"BlkioDeviceReadBps":[],
"BlkioDeviceReadIOps":[],"BlkioDeviceWriteBps":[],"BlkioDeviceWriteIOps":[],"BlkioWeight":0,"BlkioWeightDevice":[],
"CapAdd":[],"CapDrop":[],"Cgroup":"","CgroupParent":"","CgroupnsMode":"","ConsoleSize":[0,0],"ContainerIDFile":"",
"CpuCount":0,"CpuPercent":0,"CpuPeriod":0,"CpuQuota":0,"CpuRealtimePeriod":0,"CpuRealtimeRuntime":0,"CpuShares":0,
"CpusetCpus":"","CpusetMems":"","DeviceCgroupRules":[],"DeviceRequests":[],"Devices":[],"Dns":[],"DnsOptions":[],
"DnsSearch":[],"ExtraHosts":[],"GroupAdd":[],"IOMaximumBandwidth":0,"IOMaximumIOps":0,"Init":null,"IpcMode":"",
"Isolation":"","KernelMemory":0,"KernelMemoryTCP":0,"Links":[],"LogConfig":{"Config":{},"Type":"json-file"},
"MaskedPaths":null,"Memory":0,"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":null,"Mounts":[],"NanoCpus":0,
"NetworkMode":"default","OomKillDisable":null,"OomScoreAdj":0,"PidMode":"","PidsLimit":null,"PortBindings":{},
"Privileged":false,"PublishAllPorts":false,"ReadonlyPaths":null,"ReadonlyRootfs":false,
"RestartPolicy":{"MaximumRetryCount":0,"Name":"no"},"Runtime":"","SecurityOpt":[],"ShmSize":0,"StorageOpt":{},
"Sysctls":{},"Tmpfs":{},"UTSMode":"","Ulimits":[],"UsernsMode":"","VolumeDriver":"","VolumesFrom":[]})";

class Create : public BackendCase {
protected:
    json verify(const json& host_config) {
        const std::string request = json{{"HostConfig", host_config}, {"Config", nullptr}, {"Update", false}}.dump();
        const slw_call call = no_limits();
        slipway::StringSink reply;
        ErrorBuffer err;
        EXPECT_TRUE(
            succeeded(create_->verify(backend_, &call, slipway::text_of(request), reply.get(), err.get()), err));
        return json::parse(reply.take(), nullptr, false);
    }

    int32_t state_of(slw_container* c) {
        slw_process_status status{};
        status.struct_size = sizeof(status);
        ErrorBuffer err;
        EXPECT_TRUE(succeeded(create_->status(c, &status, err.get()), err));
        return status.state;
    }

    slw_status destroy(slw_container* c, ErrorBuffer& err, slw_call call = no_limits()) {
        return create_->destroy(c, &call, err.get());
    }
};

}  // namespace

TEST_F(Create, VerifyAcceptsTheDefaultsAndAdaptsOnce) {
    const json first = verify(json::parse(kHostConfig));

    ASSERT_TRUE(first.is_object() && first.contains("HostConfig"));
    EXPECT_TRUE(first["HostConfig"].is_object());
    EXPECT_TRUE(!first.contains("Warnings") || first["Warnings"].is_array());
    EXPECT_EQ(verify(first["HostConfig"])["HostConfig"], first["HostConfig"]) << "adaptation is not idempotent";
}

TEST_F(Create, VerifyRefusesWhatIsNotJson) {
    const slw_call call = no_limits();
    for (const char* text : {"", "{", "[]", "null", "\xFF"}) {
        slipway::StringSink reply;
        ErrorBuffer err;

        const slw_status status = create_->verify(backend_, &call, slipway::text_of(text), reply.get(), err.get());

        EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, status, err)) << "request '" << text << "'";
        EXPECT_EQ(reply.take(), "");
    }
}

TEST_F(Create, VerifyGivesUpWhenTheReceiverStops) {
    const std::string request =
        json{{"HostConfig", json::parse(kHostConfig)}, {"Config", nullptr}, {"Update", false}}.dump();
    const slw_call call = no_limits();
    slipway::StringSink full(0);
    ErrorBuffer err;

    const slw_status status = create_->verify(backend_, &call, slipway::text_of(request), full.get(), err.get());

    EXPECT_TRUE(failed_with(SLW_ERR_CANCELLED, status, err));
}

TEST_F(Create, FailuresAreReportedToHostsThatDoNotCareAndToOlderOnes) {
    const slw_call call = no_limits();
    slipway::StringSink reply;
    struct {
        slw_error err;
        char guard[8];
    } older{};
    older.err.struct_size = offsetof(slw_error, hint);  // ends there, for all the plugin knows

    EXPECT_NE(create_->verify(backend_, &call, slipway::text_of("{"), reply.get(), nullptr), SLW_OK);
    EXPECT_NE(create_->verify(backend_, &call, slipway::text_of("{"), reply.get(), &older.err), SLW_OK);

    for (const char byte : older.err.hint) ASSERT_EQ(byte, 0) << "a field beyond struct_size was written";
}

TEST_F(Create, OneHandlePerIdAtATime) {
    const std::string id = new_container_id();
    slw_container* first = open_container(id);
    slw_container* second = nullptr;
    slw_container_desc desc{};
    desc.struct_size = sizeof(desc);
    desc.id = id.c_str();
    desc.name = "again";
    desc.state_dir = directory_.c_str();
    desc.data_dir = directory_.c_str();
    ErrorBuffer err;

    const slw_status status = create_->container_open(backend_, &desc, &second, err.get());

    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, status, err));
    EXPECT_EQ(second, nullptr) << "an output was written by a call that failed";
    close_container(first);
    EXPECT_NE(open_container(id), nullptr);
}

TEST_F(Create, CloseIgnoresNull) {
    create_->container_close(nullptr);
}

TEST_F(Create, BuildsADocument) {
    slw_container* c = open_container();
    const std::string request = json{
        {"Id", std::string(64, 'a')}, {"Name", "conformance"},
        {"Hostname", "box"},          {"Domainname", ""},
        {"Config", json::object()},   {"HostConfig", verify(json::parse(kHostConfig))["HostConfig"]},
        {"Path", "/bin/true"},        {"Args", {"true"}},
        {"Env", {"PATH=/bin"}}}.dump();
    const slw_call call = no_limits();
    slipway::StringSink out;
    ErrorBuffer err;

    EXPECT_TRUE(succeeded(create_->build_spec(c, &call, slipway::text_of(request), out.get(), err.get()), err));

    EXPECT_NE(out.take(), "");
    EXPECT_EQ(state_of(c), SLW_PROCESS_NONE);
}

TEST_F(Create, RefusesUnknownFlagsAndLeavesNothing) {
    slw_container* c = open_container();
    slw_create_request request{};
    request.struct_size = sizeof(request);
    request.flags = UINT32_C(1) << 31;
    request.spec = slipway::text_of("{}");
    slw_process_info info{};
    info.struct_size = sizeof(info);
    info.pid = -77;
    const slw_call call = no_limits();
    ErrorBuffer err;

    const slw_status status = create_->create(c, &call, &request, &info, err.get());

    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, status, err));
    EXPECT_EQ(info.pid, -77) << "an output was written by a call that failed";
    EXPECT_EQ(state_of(c), SLW_PROCESS_NONE);
}

TEST_F(Create, StartNeedsACreatedContainer) {
    slw_container* c = open_container();
    slw_process_info info{};
    info.struct_size = sizeof(info);
    const slw_call call = no_limits();
    ErrorBuffer err;

    const slw_status status = create_->start(c, &call, &info, err.get());

    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, status, err));
}

TEST_F(Create, SignalNeedsAProcess) {
    slw_container* c = open_container();
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_NOT_FOUND, create_->signal(c, 15, err.get()), err));
}

TEST_F(Create, DestroyOfNothingIsSuccessAnyNumberOfTimes) {
    slw_container* c = open_container();
    for (int i = 0; i < 3; ++i) {
        ErrorBuffer err;
        EXPECT_TRUE(succeeded(destroy(c, err), err));
    }
    EXPECT_EQ(state_of(c), SLW_PROCESS_NONE);
    EXPECT_TRUE(host_->exits().empty()) << "an exit was reported for a container that never ran";
}

TEST_F(Create, DestroyIgnoresCancellation) {
    slw_container* c = open_container();
    ErrorBuffer err;

    EXPECT_TRUE(succeeded(destroy(c, err, cancelled_call()), err));
}

TEST_F(Create, StatusWritesNothingBeyondTheSizeItIsGiven) {
    slw_container* c = open_container();
    slw_process_status status{};
    status.struct_size = offsetof(slw_process_status, exit_code);
    status.exit_code = 77;

    // Less than ABI 1.0 has: refusing it is as good as filling a part.
    create_->status(c, &status, nullptr);

    EXPECT_EQ(status.exit_code, 77) << "a field beyond struct_size was written";
}

TEST_F(Create, ContainersMayBeUsedFromManyThreads) {
    constexpr int kThreads = 4;
    std::vector<slw_container*> containers;
    for (int i = 0; i < kThreads; ++i) containers.push_back(open_container());
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (slw_container* c : containers) {
        threads.emplace_back([&, c] {
            for (int i = 0; i < 50; ++i) {
                slw_process_status status{};
                status.struct_size = sizeof(status);
                const slw_call call = no_limits();
                if (create_->status(c, &status, nullptr) != SLW_OK) ++failures;
                if (create_->destroy(c, &call, nullptr) != SLW_OK) ++failures;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();

    EXPECT_EQ(failures, 0);
}

}  // namespace conformance
