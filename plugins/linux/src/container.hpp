// plugins/linux/src/container.hpp - the backend's side of one container: what each service prepared and create() joins.
#pragma once

#include <backend.hpp>
#include <process/user_namespace.hpp>
#include <spec/id_map.hpp>
#include <sys/unique_fd.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

class SupervisorSession;  // process/supervisor_session.hpp
struct ExecProcess;       // process/exec_process.hpp

// The assembled root, a detached mount that exists in no mount table. Written by fs/, used by process/.
struct PreparedRoot {
    UniqueFd tree;
    bool read_only = false;
};

// A mount waiting for create(). `tree` is a detached mount. Written by fs/, used by process/.
struct PreparedMount {
    uint64_t id = 0;
    std::string target;  // absolute, inside the container
    UniqueFd tree;
    bool is_directory = true;  // what the mount point must be
    std::string propagation;   // applied after it is attached; empty for rprivate
};

// The container's network name space. Written by net/, used by process/.
struct Sandbox {
    enum class Mode { kPrivate, kHost, kContainer } mode = Mode::kPrivate;
    UniqueFd netns;                    // unset for kHost
    std::vector<UniqueFd> held_ports;  // bound sockets that keep published ports ours; the supervisor inherits them
};

}  // namespace slipway::linux_backend

// The opaque type of the ABI. The host serialises calls per container, except signal, status, resize and root_size.
struct slw_container {
    slw_container(slw_backend& backend, std::string id, std::string name, std::string state_dir, std::string data_dir);
    ~slw_container();

    slw_backend& backend;
    const std::string id;  // 64 hex digits
    const std::string name;
    const std::string state_dir;  // absolute, private, lost at reboot
    const std::string data_dir;   // absolute, private, persistent

    // First 12 digits: the stem of kernel object names.
    std::string short_id() const { return id.substr(0, 12); }

    // Set once, by container_open(): who its users are outside. None: the same.
    std::optional<slipway::linux_backend::IdMap> id_map;
    // From root_mount() to root_unmount() of one with an id_map. What the mounts are mapped by, and the one its
    // processes are in unless the map has an owner.
    std::optional<slipway::linux_backend::UserNamespace> user_namespace;

    std::optional<slipway::linux_backend::PreparedRoot> root;
    std::vector<slipway::linux_backend::PreparedMount> mounts;
    std::optional<slipway::linux_backend::Sandbox> sandbox;

    // Set from create() or adopt() until destroy(); shared with calls that arrive at any time.
    std::shared_ptr<slipway::linux_backend::SupervisorSession> session() const;
    void set_session(std::shared_ptr<slipway::linux_backend::SupervisorSession> session);

    // Execs from their start until they are released, or the container is destroyed. False: the id is in use.
    bool add_exec(std::shared_ptr<slipway::linux_backend::ExecProcess> exec);
    std::shared_ptr<slipway::linux_backend::ExecProcess> find_exec(const std::string& exec_id) const;
    std::shared_ptr<slipway::linux_backend::ExecProcess> take_exec(const std::string& exec_id);
    std::vector<std::shared_ptr<slipway::linux_backend::ExecProcess>> take_all_execs();

private:
    mutable std::mutex session_mutex_;
    std::shared_ptr<slipway::linux_backend::SupervisorSession> session_;                 // guarded by session_mutex_
    std::map<std::string, std::shared_ptr<slipway::linux_backend::ExecProcess>> execs_;  // guarded by session_mutex_
};
