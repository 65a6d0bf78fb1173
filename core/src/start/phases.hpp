// core/src/start/phases.hpp - the phases of a start. Each run() acquires something; its undo() gives it back and treats
// "gone already" as success. run() leaves nothing behind when it fails.
#pragma once

#include "start/failure.hpp"
#include "start/start_context.hpp"

#include <vector>

namespace slipway::core {

struct Phase {
    const char* name;
    FailureKind on_failure;
    Status (*run)(StartContext& start, const CallContext& call);
    Status (*undo)(StartContext& start, const CallContext& call);  // null: nothing to give back
    bool is_final = false;  // once done the start has happened, however long it took
};

// The start flow, in order. The backend's capabilities decide where networks are attached.
std::vector<Phase> start_phases(const BackendInfo& backend);

// Is the stored host configuration (still) good for this machine?
Status verify_config(StartContext& start, const CallContext& call);
// Finds the containers this one shares namespaces with or links to, checks that they run, and takes over what it
// shares with the owner of its network: the three network files, host name and domain name. Part of the flow only when
// has_peers().
Status join_peers(StartContext& start, const CallContext& call);
bool has_peers(const ContainerRecord& record);
// hosts, hostname and resolv.conf, written in place: a bind of an older run keeps its inode.
Status prepare_files(StartContext& start, const CallContext& call);
Status mount_root(StartContext& start, const CallContext& call);
Status unmount_root(StartContext& start, const CallContext& call);
// What is mounted into the root, in order; the network files come last. Volumes are looked up as they are now.
Result<std::vector<MountParams>> mounts_of_run(const ContainerRecord& record, VolumeStore& volumes);
Status mount_volumes(StartContext& start, const CallContext& call);
Status unmount_volumes(StartContext& start, const CallContext& call);
Status create_sandbox(StartContext& start, const CallContext& call);
Status destroy_sandbox(StartContext& start, const CallContext& call);
Status attach_networks(StartContext& start, const CallContext& call);
Status detach_networks(StartContext& start, const CallContext& call);
Status build_spec(StartContext& start, const CallContext& call);
// Leaves the first process parked, when the backend parks.
Status create_process(StartContext& start, const CallContext& call);
Status destroy_process(StartContext& start, const CallContext& call);
// Hands over the clients that attached before. One that cannot be served is dropped; the start goes on.
Status attach_streams(StartContext& start, const CallContext& call);
Status start_process(StartContext& start, const CallContext& call);
// Running: published, and in one transaction with the events `connect` and `start` in the store.
Status commit_start(StartContext& start, const CallContext& call);

// Writes a container's hosts file with what is known of its addresses and of the containers it links to.
Status write_hosts(const ContainerRecord& record, const std::vector<LinkedPeer>& links);

}  // namespace slipway::core
