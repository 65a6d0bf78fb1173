// The phases that prepare files and mounts.

#include "model/host_config.hpp"
#include "model/links.hpp"
#include "model/mount_plan.hpp"
#include "start/network_files.hpp"
#include "start/phases.hpp"
#include "sys/tree.hpp"
#include "volume/volume_store.hpp"

#include <slipway/core/path.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace slipway::core {

namespace {

// The content of a file, or nothing: a machine without /etc/hosts is no reason to refuse a start.
std::string read_file(const std::string& path) {
    std::ifstream file(path_of(path), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

// Keeps the inode, which a running container may have bound. Writes over the old content and cuts off the rest: ext4
// flushes a file to the disk on close when it was truncated to nothing before (auto_da_alloc), which costs a start more
// than everything else the engine does.
Status write_in_place(const std::string& path, const std::string& text) {
    std::error_code missing;
    const bool exists = std::filesystem::exists(path_of(path), missing);
    const std::string old = exists ? read_file(path) : "";
    if (exists && old == text) return ok();
    std::fstream file(path_of(path), std::ios::binary | std::ios::out | (exists ? std::ios::in : std::ios::trunc));
    file << text;
    file.close();
    std::error_code error;
    if (file && old.size() > text.size()) std::filesystem::resize_file(path_of(path), text.size(), error);
    if (file && !error) return ok();
    if (!error) error = std::error_code(errno, std::generic_category());
    return Error::from_code(error, "write '" + path + "'").with_operation("write").with_resource(path);
}

// systemd-resolved puts only its stub on 127.0.0.53 into resolv.conf, which a container cannot reach; what it forwards
// to is in a second file.
std::string read_host_resolv_conf(bool host_mode) {
    std::string text = read_file("/etc/resolv.conf");
    if (!host_mode && text.find("nameserver 127.0.0.53") != std::string::npos) {
        std::string upstream = read_file("/run/systemd/resolve/resolv.conf");
        if (!upstream.empty()) return upstream;
    }
    return text;
}

std::vector<std::string> strings(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array()) return {};
    return found->get<std::vector<std::string>>();
}

bool is_host_mode(const ContainerRecord& record) {
    return record.host_config.value("NetworkMode", "") == "host";
}

struct NetworkFile {
    const std::string& source;
    const char* target;
};

// The three files, unless the user mounts something of his own there.
std::vector<MountParams> network_file_mounts(const ContainerRecord& record, const std::vector<MountSpec>& wanted) {
    if (record.hosts_path.empty()) return {};
    const NetworkFile files[] = {{record.resolv_conf_path, "/etc/resolv.conf"},
                                 {record.hostname_path, "/etc/hostname"},
                                 {record.hosts_path, "/etc/hosts"}};
    std::vector<MountParams> mounts;
    for (const NetworkFile& file : files) {
        const bool covered = std::any_of(wanted.begin(), wanted.end(),
                                         [&](const MountSpec& spec) { return spec.params.target == file.target; });
        if (covered) continue;
        MountParams params;
        params.source = file.source;
        params.target = file.target;
        params.propagation = "rprivate";
        if (record.user_namespace.is_object()) params.flags |= SLW_MOUNT_MAP_IDS;
        if (record.host_config.value("ReadonlyRootfs", false)) params.flags |= SLW_MOUNT_READ_ONLY;
        mounts.push_back(std::move(params));
    }
    return mounts;
}

// The source of a volume's mount as it is today.
Result<MountParams> volume_mount(VolumeStore& volumes, const ContainerRecord& record, const MountSpec& spec) {
    auto volume = volumes.find(spec.volume);
    if (!volume) return std::move(volume).error();
    MountParams params = spec.params;
    params.source = volume->mountpoint;
    if (record.user_namespace.is_object()) params.flags |= SLW_MOUNT_MAP_IDS;
    if (spec.subpath.empty()) return params;
    // What a container writes into a volume must not lead out of it; the way to the volume may have links.
    std::error_code error;
    const std::filesystem::path real = real_path(path_of(volume->mountpoint), error);
    if (error) return Error::from_code(error, "volume " + spec.volume).with_resource(volume->mountpoint);
    params.source = (real / spec.subpath).string();
    params.flags |= SLW_MOUNT_NO_SYMLINKS;
    return params;
}

}  // namespace

Status write_hosts(const ContainerRecord& record, const std::vector<LinkedPeer>& links) {
    if (record.hosts_path.empty()) return ok();
    HostsInput input;
    input.hostname = record.config.value("Hostname", "");
    input.domainname = record.config.value("Domainname", "");
    input.extra_hosts = strings(record.host_config, "ExtraHosts");
    if (is_host_mode(record)) input.host_file = read_file("/etc/hosts");
    for (const EndpointRecord& endpoint : record.endpoints) {
        if (!endpoint.result.is_object()) continue;
        for (const char* key : {"IPAddress", "GlobalIPv6Address"}) {
            const std::string address = endpoint.result.value(key, "");
            if (!address.empty()) input.addresses.push_back(address);
        }
        if (input.gateway.empty()) input.gateway = endpoint.result.value("Gateway", "");
    }
    for (const LinkedPeer& link : links) {
        input.links.push_back({bridge_address(*link.target), link_names(*link.target, link.alias)});
    }
    return write_in_place(record.hosts_path, render_hosts(input));
}

Status prepare_files(StartContext& start, const CallContext&) {
    // The owner's files are the owner's to write; other systems than Linux have none.
    if (!start.network_owner.empty() || start.container.backend->info().image_os != "linux") return ok();
    ContainerRecord& record = start.record;
    use_own_network_files(record);
    if (Status written = write_in_place(record.hostname_path, record.config.value("Hostname", "") + "\n"); !written) {
        return written;
    }
    ResolvInput resolv;
    resolv.keep_loopback = is_host_mode(record);
    resolv.host_file = read_host_resolv_conf(resolv.keep_loopback);
    resolv.servers = strings(record.host_config, "Dns");
    resolv.search = strings(record.host_config, "DnsSearch");
    resolv.options = strings(record.host_config, "DnsOptions");
    if (Status written = write_in_place(record.resolv_conf_path, render_resolv_conf(resolv)); !written) return written;
    return write_hosts(record, start.links);
}

Result<std::vector<MountParams>> mounts_of_run(const ContainerRecord& record, VolumeStore& volumes) {
    auto wanted = mounts_of(record);
    if (!wanted) return std::move(wanted).error();
    std::vector<MountParams> mounts;
    for (const MountSpec& spec : *wanted) {
        auto params = spec.type == "volume" ? volume_mount(volumes, record, spec) : Result<MountParams>(spec.params);
        if (!params) return std::move(params).error();
        mounts.push_back(std::move(*params));
    }
    for (MountParams& params : network_file_mounts(record, *wanted)) mounts.push_back(std::move(params));
    return mounts;
}

Status mount_volumes(StartContext& start, const CallContext& call) {
    const auto mounts = mounts_of_run(start.record, start.services.volumes);
    if (!mounts) return mounts.error();
    for (const MountParams& params : *mounts) {
        auto id = start.handle.mount(call, params);
        if (id) {
            start.container.mount_ids.push_back(*id);
            continue;
        }
        CallContext unlimited;
        if (Status undone = unmount_volumes(start, unlimited); !undone) start.container.needs_release = true;
        return std::move(id).error().context("mount '" + params.target + "'");
    }
    return ok();
}

Status unmount_volumes(StartContext& start, const CallContext& call) {
    Status result = ok();
    std::vector<uint64_t>& ids = start.container.mount_ids;
    while (!ids.empty()) {
        const uint64_t id = ids.back();
        ids.pop_back();
        if (Status unmounted = start.handle.unmount(call, id); !unmounted && result) result = std::move(unmounted);
    }
    return result;
}

}  // namespace slipway::core
