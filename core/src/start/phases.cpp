#include "start/phases.hpp"

#include "model/host_config.hpp"

namespace slipway::core {

namespace {

// With Hyper-V isolation the root is mounted inside the utility virtual machine, by create; the host never sees it.
bool is_root_mounted_on_host(const ContainerRecord& record) {
    return record.host_config.value("Isolation", "") != "hyperv";
}

}  // namespace

std::vector<Phase> start_phases(const BackendInfo& backend) {
    const Phase networks{"attach_networks", FailureKind::kNetwork, attach_networks, detach_networks};

    std::vector<Phase> flow = {
        {"verify", FailureKind::kRequest, verify_config, nullptr},
        {"prepare_files", FailureKind::kOther, prepare_files, nullptr},
        {"mount_root", FailureKind::kOther, mount_root, unmount_root},
        {"mount_volumes", FailureKind::kOther, mount_volumes, unmount_volumes},
        {"create_sandbox", FailureKind::kNetwork, create_sandbox, destroy_sandbox},
    };
    if (backend.network_first) flow.push_back(networks);
    flow.push_back({"build_spec", FailureKind::kOther, build_spec, nullptr});
    flow.push_back({"create", FailureKind::kLaunch, create_process, destroy_process});
    if (!backend.network_first) flow.push_back(networks);
    flow.push_back({"attach_streams", FailureKind::kOther, attach_streams, nullptr});
    // Undone by create's undo, which ends whatever runs.
    flow.push_back({"start", FailureKind::kLaunch, start_process, nullptr});
    flow.push_back({"commit", FailureKind::kOther, commit_start, nullptr, true});
    return flow;
}

Status verify_config(StartContext& start, const CallContext& call) {
    ContainerRecord& record = start.record;
    if (Status checked = check_host_config(record.host_config, path_style(start.backend.info().image_os)); !checked)
        return checked;
    auto verified = start.backend.verify(call, record.config, record.host_config, false);
    if (!verified) return std::move(verified).error();
    // Nobody hears them otherwise: the reply of a start has no place for warnings.
    for (const std::string& warning : verified->warnings) {
        log_line(start.services.options, LogLevel::kWarn, "start " + record.name + ": " + warning);
    }
    record.host_config = std::move(verified->host_config);
    return ok();
}

Status mount_root(StartContext& start, const CallContext& call) {
    if (!is_root_mounted_on_host(start.record)) return ok();
    // Copies of the last run hold its root, which must not be mounted twice.
    if (!start.container.copies.end_all(kCopyPatience)) {
        return Error(ErrorCode::kConflict, "files of the last run are still being copied")
            .with_resource(start.record.id);
    }
    const bool read_only = start.record.host_config.value("ReadonlyRootfs", false);
    return start.handle.root_mount(call, start.record.layers, read_only);
}

Status unmount_root(StartContext& start, const CallContext& call) {
    if (!is_root_mounted_on_host(start.record)) return ok();
    return start.handle.root_unmount(call);
}

}  // namespace slipway::core
