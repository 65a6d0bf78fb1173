#include <documents/vm_document.hpp>

#include <documents/json_access.hpp>
#include <documents/system_document.hpp>

#include <algorithm>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

constexpr int64_t kDefaultMemoryMb = 1024;
constexpr int64_t kDefaultProcessors = 2;
constexpr int64_t kNano = 1'000'000'000;
constexpr int64_t kWholeProcessor = 100'000;  // of Limit: thousandths of a percent

int64_t processor_count(const json& host_config, int64_t host_processors) {
    const int64_t nano = read_int(host_config, "NanoCpus");
    int64_t count = read_int(host_config, "CpuCount");
    if (count <= 0) count = nano > 0 ? (nano + kNano - 1) / kNano : kDefaultProcessors;
    return std::clamp<int64_t>(count, 1, std::max<int64_t>(1, host_processors));
}

// {"Limit", "Weight"}, each where it is asked for.
json processor_limits(const json& host_config, int64_t count) {
    json limits = json::object();
    if (const int64_t nano = read_int(host_config, "NanoCpus"); nano > 0 && nano < count * kNano) {
        limits["Limit"] = std::max<int64_t>(1, nano / count / (kNano / kWholeProcessor));
    }
    if (const int64_t percent = read_int(host_config, "CpuPercent"); percent > 0) {
        limits["Limit"] = percent * kWholeProcessor / 100;
    }
    if (const int64_t shares = read_int(host_config, "CpuShares"); shares > 0) limits["Weight"] = shares;
    return limits;
}

}  // namespace

json vm_document(const json& request, const std::string& owner, unsigned host_processors) {
    const json& host_config = member_of(request, "HostConfig");
    const int64_t memory = read_int(host_config, "Memory");
    const int64_t count = processor_count(host_config, host_processors);
    json processor = processor_limits(host_config, count);
    processor["Count"] = count;
    json machine = {
        {"StopOnReset", true},
        {"Chipset",
         {{"Uefi", {{"BootThis", {{"DevicePath", R"(\EFI\Microsoft\Boot\bootmgfw.efi)"}, {"DeviceType", "VmbFs"}}}}}}},
        {"ComputeTopology",
         {{"Memory",
           {{"SizeInMB", memory > 0 ? memory_in_mb(memory) : kDefaultMemoryMb},
            {"AllowOvercommit", true},
            {"EnableHotHint", true}}},
          {"Processor", std::move(processor)}}},
        // HCS talks to the guest itself; without it nothing could be hosted. It keeps the connection through a pause:
        // the hosted container, its processes and their pipes hang on it.
        {"GuestConnection", {{"UseConnectedSuspend", true}}},
        // SYSTEM and administrators may bind the sockets that the guest is reached by.
        {"Devices",
         {{"HvSocket", {{"HvSocketConfig", {{"DefaultBindSecurityDescriptor", "D:P(A;;FA;;;SY)(A;;FA;;;BA)"}}}}}}}};
    if (const json limits = quality_of_service(host_config); !limits.empty()) machine["StorageQoS"] = limits;
    // A daemon that dies takes its machines with it, and they their containers.
    return {{"Owner", owner},
            {"SchemaVersion", {{"Major", 2}, {"Minor", 1}}},
            {"ShouldTerminateOnLastHandleClosed", true},
            {"VirtualMachine", std::move(machine)}};
}

json complete_vm_document(json document, const std::string& os_files, const std::string& disk) {
    json& devices = document["VirtualMachine"]["Devices"];
    devices["Scsi"] = {{"0", {{"Attachments", {{"0", {{"Type", "VirtualDisk"}, {"Path", disk}}}}}}}};
    const json options = {{"ReadOnly", true},
                          {"PseudoOplocks", true},
                          {"TakeBackupPrivilege", true},
                          {"CacheIo", true},
                          {"ShareRead", true}};
    devices["VirtualSmb"] = {{"DirectFileMappingInMB", 1024},
                             {"Shares", json::array({{{"Name", "os"}, {"Path", os_files}, {"Options", options}}})}};
    return document;
}

Result<std::vector<json>> vm_update_requests(const json& host_config, const std::vector<std::string>& changed,
                                             const json& document) {
    std::vector<json> requests;
    bool limits = false;
    for (const std::string& key : changed) {
        if (key == "Memory" && read_int(host_config, "Memory") > 0) {
            requests.push_back({{"ResourcePath", "VirtualMachine/ComputeTopology/Memory/SizeInMB"},
                                {"RequestType", "Update"},
                                {"Settings", memory_in_mb(read_int(host_config, "Memory"))}});
        } else if (key == "CpuShares" || key == "CpuPercent" || key == "NanoCpus") {
            limits = true;
        } else if (key != "RestartPolicy") {  // the engine's own business
            return Error(ErrorCode::kUnimplemented,
                         "the " + key + " of a container whose virtual machine runs cannot be changed")
                .with_resource(key);
        }
    }
    if (!limits) return requests;
    const json& machine = member_of(member_of(document, "VirtualMachine"), "ComputeTopology");
    const int64_t count = std::max<int64_t>(1, read_int(member_of(machine, "Processor"), "Count"));
    if (read_int(host_config, "NanoCpus") > count * kNano) {
        return Error(ErrorCode::kUnimplemented, "the virtual machine of the container has " + std::to_string(count) +
                                                    " processors, and gets no more while it runs")
            .with_resource("NanoCpus");
    }
    json settings = processor_limits(host_config, count);
    if (!settings.contains("Limit")) settings["Limit"] = kWholeProcessor;
    requests.push_back({{"ResourcePath", "VirtualMachine/ComputeTopology/Processor/Limits"},
                        {"RequestType", "Update"},
                        {"Settings", std::move(settings)}});
    return requests;
}

}  // namespace slipway::windows_backend
