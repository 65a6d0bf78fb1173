#include "engine/exec_registry.hpp"

namespace slipway::core {

namespace {

// A client asks for the exit code right after the end of the stream. Docker looks every five minutes.
constexpr UnixNanos kKeepEnded = UnixNanos{5 * 60} * 1'000'000'000;
constexpr size_t kMaxEnded = 1000;

Error unknown(const std::string& id) {
    return Error(ErrorCode::kNotFound, "No such exec instance: " + id).with_resource(id);
}

}  // namespace

void ExecRegistry::forget_old(UnixNanos now) {
    size_t ended = 0;
    for (auto exec = execs_.begin(); exec != execs_.end();) {
        const bool has_ended = exec->second.state == ExecState::kExited;
        const bool is_old = has_ended && (now - exec->second.finished_at > kKeepEnded || ++ended > kMaxEnded);
        exec = is_old ? execs_.erase(exec) : std::next(exec);
    }
}

void ExecRegistry::add(ExecInfo exec) {
    const std::lock_guard lock(mutex_);
    forget_old(unix_now());
    std::string id = exec.id;
    execs_.insert_or_assign(std::move(id), std::move(exec));
}

Result<ExecInfo> ExecRegistry::find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found == execs_.end()) return unknown(id);
    return found->second;
}

std::vector<std::string> ExecRegistry::of_container(const std::string& container_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    for (const auto& [id, exec] : execs_) {
        if (exec.container_id == container_id) ids.push_back(id);
    }
    return ids;
}

Status ExecRegistry::claim(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found == execs_.end()) return unknown(id);
    switch (found->second.state) {
        case ExecState::kRunning:
            return Error(ErrorCode::kConflict, "exec command " + id + " is already running").with_resource(id);
        case ExecState::kExited:
            return Error(ErrorCode::kConflict, "exec command " + id + " has already run").with_resource(id);
        case ExecState::kCreated:
            break;
    }
    found->second.state = ExecState::kRunning;
    return ok();
}

void ExecRegistry::set_pid(const std::string& id, int64_t pid) {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found != execs_.end() && found->second.state == ExecState::kRunning) found->second.pid = pid;
}

std::optional<ExecInfo> ExecRegistry::finish(const std::string& id, int32_t exit_code, UnixNanos when) {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found == execs_.end() || found->second.state != ExecState::kRunning) return std::nullopt;
    ExecInfo before = found->second;
    found->second.state = ExecState::kExited;
    found->second.pid = 0;
    found->second.exit_code = exit_code;
    found->second.finished_at = when != 0 ? when : unix_now();
    return before;
}

void ExecRegistry::remove_of(const std::string& container_id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(execs_, [&](const auto& entry) { return entry.second.container_id == container_id; });
}

}  // namespace slipway::core
