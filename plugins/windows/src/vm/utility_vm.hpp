// plugins/windows/src/vm/utility_vm.hpp - the virtual machine that a container with Hyper-V isolation runs in.
//
// It boots from the folder UtilityVM of the nearest layer that has a whole one, with a disk of its own, and is given
// the container's parts one by one: layers and directories as shares, the container's disk, pipes, adapters. Its guest
// puts the file system together; the host never mounts it. One machine holds one container and ends after it.
#pragma once

#include <documents/system_document.hpp>
#include <hcs/system.hpp>
#include <net/network_manager.hpp>
#include <vm/vm_access.hpp>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace slipway::windows_backend {

// The id of the machine of a container, and the reverse; an id that is no machine's is as it is.
std::string machine_id(const std::string& container_id);
std::string container_of_machine(const std::string& id);

struct VmPlan {
    std::string id;
    nlohmann::json document;          // of vm_document()
    std::vector<LayerFolder> layers;  // nearest parent first, the base layer last
    std::filesystem::path disk;       // the container's writable one
    std::filesystem::path folder;     // for the machine's own; made, and removed with it
};

// Safe on any thread, but for what the host of the backend serialises: boot(), what the machine is given, and end().
class UtilityVm {
public:
    // Runs, with the container's layers combined. On failure nothing is left.
    //   kInvalidArgument  no layer has what a machine could boot from
    static Result<std::unique_ptr<UtilityVm>> boot(const Api& api, Workers& workers, const Timeouts& timeouts,
                                                   AccessGate& gate, VmPlan plan, const CallLimits& call);
    // Ends it; see end(). A failure goes to the log of the host.
    ~UtilityVm();
    UtilityVm(const UtilityVm&) = delete;
    UtilityVm& operator=(const UtilityVm&) = delete;

    // Gives the machine the directories and pipes in `parts`, and answers with all of it as the guest sees it.
    Result<SystemParts> take(SystemParts parts, const CallLimits& call);
    // The name space and an adapter for each endpoint in it.
    Status join(const GuestNetwork& network, const CallLimits& call);
    Status add_adapter(const GuestNetwork& network, const nlohmann::json& endpoint, const CallLimits& call);
    // An adapter that was never added, or is removed already, is success.
    Status remove_adapter(const Guid& endpoint, const CallLimits& call);
    Status modify(const nlohmann::json& request, const CallLimits& call) const;

    // All that runs in it stands still, or goes on. As it is already is success. A pause that comes after its deadline
    // is taken back.
    Status pause(const Limits& limits);
    Status resume(const Limits& limits);
    bool is_paused() const;

    // Runs once, on a thread of HCS or of the caller, when the machine has ended or is lost.
    void when_gone(std::function<void(const std::string& why)> handler);
    // Success: it has ended.
    Status terminate(const Limits& limits) const;
    // Terminates it, waits until it is gone, and takes back what it was given; each step has the time for undoing. The
    // first failure; what failed is tried again by the next call, but not waited for again where the service hung over
    // access lists. Other calls may be inside meanwhile.
    Status end();

    const std::string& id() const { return plan_.id; }
    const nlohmann::json& document() const { return plan_.document; }
    // Null once it has ended. Whoever calls it keeps it open meanwhile.
    std::shared_ptr<const System> system() const;

private:
    UtilityVm(const Api& api, Workers& workers, const Timeouts& timeouts, AccessGate& gate, VmPlan plan);
    Status prepare_disks(const CallLimits& call);
    Status start(const CallLimits& call);
    Status combine_layers(const CallLimits& call);
    void take_back_pause(const System& system, const Error& why) const;
    Error ended() const;
    void gone(const std::string& why);
    bool wait_gone(std::chrono::milliseconds limit);
    Status remove_folder() const;

    const Api api_;
    Workers& workers_;
    const Timeouts& timeouts_;
    VmPlan plan_;
    VmAccess access_;
    bool access_given_up_ = false;  // its entries were not taken back in time
    // Endpoints with an adapter. True: its removal was asked for and not waited for, so it may be gone.
    std::map<Guid, bool> adapters_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const System> system_;                 // guarded by mutex_
    bool paused_ = false;                                  // guarded by mutex_
    bool gone_ = false;                                    // guarded by mutex_
    std::string why_;                                      // guarded by mutex_: of gone_
    std::function<void(const std::string& why)> handler_;  // guarded by mutex_
};

}  // namespace slipway::windows_backend
