#include <container.hpp>

#include <utility>

namespace slipway::windows_backend {

Status ContainerRegistry::add(slw_container& container) {
    const std::lock_guard lock(mutex_);
    if (containers_.emplace(container.id, &container).second) return ok();
    return Error(ErrorCode::kConflict, "container " + container.id + " is open already").with_resource(container.id);
}

void ContainerRegistry::remove(const slw_container& container) {
    const std::lock_guard lock(mutex_);
    containers_.erase(container.id);
}

Result<std::string> ContainerRegistry::namespace_of(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = containers_.find(id);
    const auto run = found == containers_.end() ? nullptr : found->second->run();
    if (run && run->machine() != nullptr) {
        return Error(ErrorCode::kUnimplemented,
                     "cannot join network of a container with Hyper-V isolation, which is inside its machine: " + id)
            .with_resource(id);
    }
    if (run && run->is_running() && found->second->sandbox) return found->second->sandbox->name_space;
    return Error(ErrorCode::kConflict, "cannot join network of a non running container: " + id).with_resource(id);
}

}  // namespace slipway::windows_backend

using namespace slipway::windows_backend;

slw_container::slw_container(slw_backend& owner, std::string its_id, std::string its_name, std::string its_state_dir,
                             std::string its_data_dir)
    : backend(owner),
      id(std::move(its_id)),
      name(std::move(its_name)),
      state_dir(std::move(its_state_dir)),
      data_dir(std::move(its_data_dir)) {}

// A container ends with the handle, because its pipes could not be opened again: see docs/windows.md. Its parts go in
// the order in which they use each other.
slw_container::~slw_container() {
    take_all_execs().clear();
    set_run(nullptr);
    if (sandbox) (void)backend.networks.destroy_sandbox(id, sandbox);
    if (root) (void)root->release(backend.workers, backend.config.timeouts);
}

slipway::Result<std::unique_lock<std::timed_mutex>> slw_container::lock_root(const Limits& limits) {
    std::unique_lock lock(root_mutex, std::defer_lock);
    while (!lock.try_lock_for(limits.slice())) {
        if (slipway::Status allowed = limits.check("waiting for the root of " + id); !allowed)
            return std::move(allowed).error();
    }
    return lock;
}

slipway::Status slw_container::release_left_root() {
    if (!root_left) return slipway::ok();
    if (root) {
        if (slipway::Status released = root->release(backend.workers, backend.config.timeouts); !released)
            return released;
    }
    root.reset();
    root_left = false;
    return slipway::ok();
}

std::shared_ptr<ContainerRun> slw_container::run() const {
    const std::lock_guard lock(mutex_);
    return run_;
}

void slw_container::set_run(std::shared_ptr<ContainerRun> run) {
    std::shared_ptr<ContainerRun> old;  // ends outside the lock: it waits for threads
    const std::lock_guard lock(mutex_);
    old = std::exchange(run_, std::move(run));
}

bool slw_container::add_exec(const std::string& exec_id, Exec exec) {
    const std::lock_guard lock(mutex_);
    return execs_.emplace(exec_id, std::move(exec)).second;
}

slw_container::Exec slw_container::find_exec(const std::string& exec_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(exec_id);
    return found == execs_.end() ? nullptr : found->second;
}

slw_container::Exec slw_container::take_exec(const std::string& exec_id) {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(exec_id);
    if (found == execs_.end()) return nullptr;
    Exec taken = std::move(found->second);
    execs_.erase(found);
    return taken;
}

std::vector<slw_container::Exec> slw_container::take_all_execs() {
    const std::lock_guard lock(mutex_);
    std::vector<Exec> taken;
    for (auto& [exec_id, exec] : execs_) taken.push_back(std::move(exec));
    execs_.clear();
    return taken;
}
