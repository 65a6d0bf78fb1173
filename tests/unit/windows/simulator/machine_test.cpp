// The simulated virtual machines: documents, what hangs on what, pausing, and containers that end with their machine.
#include "raw_host.hpp"

#include <documents/hosted_document.hpp>
#include <documents/vm_document.hpp>
#include <documents/vm_requests.hpp>

#include <fstream>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;

class SimulatedMachine : public RawHost {
protected:
    void SetUp() override {
        RawHost::SetUp();
        const fs::path boot = fs::path(directory_) / "UtilityVM/Files/EFI/Microsoft/Boot";
        fs::create_directories(boot);
        fs::create_directories(directory_ + "/layer");
        std::ofstream(boot / "bootmgfw.efi") << "loader\n";
        for (const char* name : {"vm.vhdx", "sandbox.vhdx"}) {
            raw::Handle disk = nullptr;
            ASSERT_EQ(api_->create_disk(to_utf16(file(name)).c_str(), 1 << 20, nullptr, &disk), raw::kOk);
            api_->close_disk(disk);
            ASSERT_EQ(api_->HcsGrantVmAccess(u"vm", to_utf16(file(name)).c_str()), raw::kOk);
        }
    }

    std::string file(const std::string& name) const { return directory_ + "/" + name; }
    json machine_document() const {
        return complete_vm_document(vm_document(json::object(), "test", 4), directory_ + "/UtilityVM/Files",
                                    file("vm.vhdx"));
    }
    raw::Hresult change(const json& request) {
        const std::u16string text = to_utf16(request.dump());
        return run(
            [&](raw::Handle operation) { return api_->HcsModifyComputeSystem(vm_, operation, text.c_str(), nullptr); });
    }
    static json removing(json request) {
        if (request.contains("ResourcePath")) request["RequestType"] = "Remove";
        if (request.contains("GuestRequest")) request["GuestRequest"]["RequestType"] = "Remove";
        return request;
    }
    std::vector<LayerFolder> layers() const { return {{guid_of_id("layer").text(), share_in_guest("l0")}}; }
    json container_document() const {
        SystemParts parts;
        parts.layers = layers();
        parts.volume_path = "C:\\c\\1";
        return complete_hosted_document(hosted_document({{"Id", "c1"}}, "test"), parts, "vm");
    }
    json share() const { return add_share_request("l0", directory_ + "/layer", true, true); }
    json disk() const { return add_disk_request(1, file("sandbox.vhdx"), "C:\\c\\1"); }
    json combined() const { return combine_layers_request("C:\\c\\1", layers()); }

    void run_machine() {
        ASSERT_EQ(create(machine_document(), &vm_, u"vm"), raw::kOk) << answer_;
        ASSERT_EQ(start(vm_), raw::kOk);
        for (const json& request : {share(), disk(), combined()}) ASSERT_EQ(change(request), raw::kOk) << answer_;
    }
    void give_back() {
        if (container_ != nullptr) api_->HcsCloseComputeSystem(container_);
        terminate(vm_);
        api_->HcsCloseComputeSystem(vm_);
        for (const char* name : {"vm.vhdx", "sandbox.vhdx"}) {
            api_->HcsRevokeVmAccess(u"vm", to_utf16(file(name)).c_str());
        }
        EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
    }

    raw::Handle vm_ = nullptr, container_ = nullptr;
};

TEST_F(SimulatedMachine, DocumentsAreRefusedWithTheirPath) {
    const auto refused = [&](const char* pointer, const json& value, const std::string& text) {
        json changed = machine_document();
        changed[json::json_pointer(pointer)] = value;
        raw::Handle system = nullptr;
        EXPECT_EQ(create(changed, &system, u"vm"), raw::kHcsInvalidJson) << pointer;
        api_->HcsCloseComputeSystem(system);
        EXPECT_THAT(answer_, testing::HasSubstr(text)) << pointer;
    };
    refused("/VirtualMachine/Memory", 1, "VirtualMachine.Memory: is not a member of the schema");
    refused("/VirtualMachine/ComputeTopology/Memory/SizeInMB", 511, "SizeInMB is odd");
    refused("/VirtualMachine/ComputeTopology/Memory/AllowOvercommit", false, "EnableHotHint without");
    refused("/VirtualMachine/ComputeTopology/Processor/Limit", 100'001, "out of range");
    refused("/VirtualMachine/Chipset/Uefi/BootThis/DevicePath", "\\EFI\\other.efi", "no such file in the share 'os'");
    refused("/VirtualMachine/Devices/VirtualSmb/Shares/0/Path", directory_ + "/none", "is not a directory");
    refused("/VirtualMachine/Devices/VirtualSmb/Shares/0/Options/Readonly", true, "is not a member of the schema");
    refused("/VirtualMachine/Devices/Scsi/0/Attachments/0/Path", directory_ + "/none.vhdx", "does not exist");
    refused("/VirtualMachine/Devices/Scsi/0/Attachments", json::object(), "no disk of its own");
    refused("/HostingSystemId", "vm", "HostingSystemId without HostedSystem");
    ASSERT_EQ(api_->HcsRevokeVmAccess(u"vm", to_utf16(file("vm.vhdx")).c_str()), raw::kOk);
    refused("/Owner", "test", "may not open");
    api_->HcsRevokeVmAccess(u"vm", to_utf16(file("sandbox.vhdx")).c_str());
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(SimulatedMachine, WhatAMachineGetsHangsTogether) {
    ASSERT_EQ(create(machine_document(), &vm_, u"vm"), raw::kOk) << answer_;
    EXPECT_EQ(change(share()), raw::kHcsInvalidState) << "before it runs";
    ASSERT_EQ(start(vm_), raw::kOk);
    const auto refused = [&](const json& request, const std::string& text) {
        EXPECT_NE(change(request), raw::kOk) << request;
        EXPECT_THAT(answer_, testing::HasSubstr(text));
    };
    refused(combined(), "no disk is mounted");
    ASSERT_EQ(change(disk()), raw::kOk) << answer_;
    refused(disk(), "is in use");
    refused(combined(), "is no share that is read only");
    ASSERT_EQ(change(share()), raw::kOk) << answer_;
    refused(share(), "is taken");
    ASSERT_EQ(change(combined()), raw::kOk) << answer_;

    refused(removing(share()), "is in use");
    refused(removing(disk()), "layers are combined on");
    ASSERT_EQ(create(container_document(), &container_, u"c1"), raw::kOk) << answer_;
    refused(removing(combined()), "a container lives on");
    raw::Handle second = nullptr;
    EXPECT_EQ(create(container_document(), &second, u"c2"), raw::kHcsInvalidJson);
    EXPECT_THAT(answer_, testing::HasSubstr("is in use"));
    api_->HcsCloseComputeSystem(second);
    EXPECT_EQ(terminate(container_), raw::kOk);

    for (const json& request : {combined(), disk(), share()}) {
        EXPECT_EQ(change(removing(request)), raw::kOk) << answer_;
    }
    refused(removing(share()), "there is no");
    give_back();
}

TEST_F(SimulatedMachine, ADiskInAMachineIsNoneOfTheHosts) {
    run_machine();
    raw::Handle disk = nullptr;

    EXPECT_EQ(api_->open_disk(to_utf16(file("sandbox.vhdx")).c_str(), &disk), raw::kSharingViolation);
    EXPECT_EQ(api_->HcsDestroyLayer(to_utf16(directory_).c_str()), raw::kAccessDenied);

    give_back();
}

TEST_F(SimulatedMachine, ContainersAreRefusedWhereTheirMachineIsNotWhatTheyNeed) {
    run_machine();
    const auto refused = [&](const char* pointer, const json& value, const std::string& text) {
        json changed = container_document();
        changed[json::json_pointer(pointer)] = value;
        raw::Handle system = nullptr;
        EXPECT_EQ(create(changed, &system, u"c1"), raw::kHcsInvalidJson) << pointer;
        api_->HcsCloseComputeSystem(system);
        EXPECT_THAT(answer_, testing::HasSubstr(text)) << pointer;
    };
    const std::string container = "/HostedSystem/Container";
    refused("/HostingSystemId", "other", "there is no such machine");
    refused((container + "/Storage/Path").c_str(), "C:\\c\\2", "no combined layers are there");
    refused((container + "/Storage/Path").c_str(), "\\\\?\\Volume{x}\\", "is not a directory of the guest");
    refused((container + "/Storage/Layers/0/Id").c_str(), guid_of_id("o").text(), "differ from those");
    refused((container + "/MappedDirectories").c_str(),
            json::array({{{"HostPath", share_in_guest("l0")}, {"ContainerPath", "C:\\a"}}}),
            "ReadOnly is not what the share is");
    refused((container + "/MappedPipes").c_str(),
            json::array({{{"HostPath", pipe_in_guest("\\\\.\\pipe\\x")}, {"ContainerPipeName", "x"}}}),
            "is no pipe of");
    refused((container + "/Networking").c_str(), {{"Namespace", guid_of_id("n").text()}}, "has none of this GUID");
    give_back();
}

TEST_F(SimulatedMachine, ContainersEndWithTheirMachine) {
    run_machine();
    ASSERT_EQ(create(container_document(), &container_, u"c1"), raw::kOk) << answer_;
    ASSERT_EQ(start(container_), raw::kOk);
    EventLog events;
    ASSERT_EQ(api_->HcsSetComputeSystemCallback(container_, 0, &events, &EventLog::record), raw::kOk);

    EXPECT_EQ(terminate(vm_), raw::kOk);

    EXPECT_EQ(events.wait(raw::kEventSystemExited).value("ExitType", ""), "ForcedExit");
    give_back();
}

TEST_F(SimulatedMachine, APausedMachineDoesNothingButGoOnOrEnd) {
    run_machine();
    ASSERT_EQ(create(container_document(), &container_, u"c1"), raw::kOk) << answer_;
    const auto pause = [&](raw::Handle system) {
        return run([&](raw::Handle operation) { return api_->HcsPauseComputeSystem(system, operation, nullptr); });
    };
    const auto resume = [&](raw::Handle system) {
        return run([&](raw::Handle operation) { return api_->HcsResumeComputeSystem(system, operation, nullptr); });
    };
    EXPECT_EQ(pause(container_), raw::kNotImplemented) << "not apart from its machine";
    EXPECT_EQ(resume(vm_), raw::kHcsInvalidState);
    ASSERT_EQ(pause(vm_), raw::kOk);
    EXPECT_EQ(pause(vm_), raw::kHcsInvalidState);
    EXPECT_EQ(start(container_), raw::kHcsInvalidState);
    EXPECT_EQ(terminate(container_), raw::kHcsInvalidState);
    EXPECT_EQ(change(share()), raw::kHcsInvalidState);
    ASSERT_EQ(resume(vm_), raw::kOk);
    EXPECT_EQ(start(container_), raw::kOk);
    ASSERT_EQ(pause(vm_), raw::kOk);
    EXPECT_EQ(terminate(vm_), raw::kOk);
    give_back();
}

TEST_F(SimulatedMachine, APauseWithoutConnectedSuspendLosesTheContainer) {
    json document = machine_document();
    document["VirtualMachine"]["GuestConnection"] = json::object();
    ASSERT_EQ(create(document, &vm_, u"vm"), raw::kOk) << answer_;
    ASSERT_EQ(start(vm_), raw::kOk);
    for (const json& request : {share(), disk(), combined()}) ASSERT_EQ(change(request), raw::kOk) << answer_;
    ASSERT_EQ(create(container_document(), &container_, u"c1"), raw::kOk) << answer_;
    ASSERT_EQ(start(container_), raw::kOk);
    EventLog events;
    ASSERT_EQ(api_->HcsSetComputeSystemCallback(container_, 0, &events, &EventLog::record), raw::kOk);

    EXPECT_EQ(run([&](raw::Handle operation) { return api_->HcsPauseComputeSystem(vm_, operation, nullptr); }),
              raw::kOk);

    EXPECT_EQ(events.wait(raw::kEventSystemExited).value("ExitType", ""), "UnexpectedExit");
    give_back();
}

TEST_F(SimulatedMachine, AccessThatIsNotTakenBackIsALeak) {
    EXPECT_THAT(simulated::leaks(), testing::SizeIs(2));
    EXPECT_THAT(simulated::leaks(), testing::Contains(testing::HasSubstr("access of vm to ")));
    EXPECT_EQ(api_->HcsGrantVmAccess(u"vm", u"/none"), raw::kFileNotFound);
}

}  // namespace
}  // namespace slipway::windows_backend
