// plugins/windows/src/container.hpp - the backend's side of one container: what each service prepared and create()
// joins.
#pragma once

#include <backend.hpp>
#include <documents/system_document.hpp>
#include <process/container_run.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// A directory or pipe waiting for create().
struct PreparedMapping {
    uint64_t id = 0;
    std::string target;  // normalised, for comparison without case
    std::optional<MappedDirectory> directory;
    std::optional<MappedPipe> pipe;
};

}  // namespace slipway::windows_backend

// The opaque type of the ABI. The host serialises calls per container, except those tagged [any].
struct slw_container {
    slw_container(slw_backend& backend, std::string id, std::string name, std::string state_dir, std::string data_dir);
    ~slw_container();

    slw_backend& backend;
    const std::string id;  // 64 hex digits
    const std::string name;
    const std::string state_dir;  // absolute, private, lost at reboot
    const std::string data_dir;   // absolute, private, persistent

    std::timed_mutex root_mutex;                                // whoever looks into the root may come at any time
    std::optional<slipway::windows_backend::MountedRoot> root;  // changed under root_mutex
    bool root_left = false;  // `root` is what could not be given back when it was looked into; under root_mutex
    // Waits for who looks into the root.
    slipway::Result<std::unique_lock<std::timed_mutex>> lock_root(const slipway::windows_backend::Limits& limits);
    // Tries again to give that back. root_mutex held.
    slipway::Status release_left_root();
    std::vector<slipway::windows_backend::PreparedMapping> mappings;
    uint64_t next_mapping = 1;
    std::optional<slipway::windows_backend::Sandbox> sandbox;

    // Set from create() until destroy(); shared with calls that arrive at any time.
    std::shared_ptr<slipway::windows_backend::ContainerRun> run() const;
    void set_run(std::shared_ptr<slipway::windows_backend::ContainerRun> run);

    // Execs from their start until they are released, or the container is destroyed. False: the id is in use.
    using Exec = std::shared_ptr<slipway::windows_backend::ProcessSession>;
    bool add_exec(const std::string& exec_id, Exec exec);
    Exec find_exec(const std::string& exec_id) const;
    Exec take_exec(const std::string& exec_id);
    std::vector<Exec> take_all_execs();

private:
    mutable std::mutex mutex_;
    std::shared_ptr<slipway::windows_backend::ContainerRun> run_;  // guarded by mutex_
    std::map<std::string, Exec> execs_;                            // guarded by mutex_
};
