#include "engine/exec_registry.hpp"

namespace slipway::core {

namespace {

constexpr UnixNanos kSecond = 1'000'000'000;
// A client asks for the exit code right after the end of the stream. Docker looks every five minutes.
constexpr UnixNanos kKeepEnded = 5 * 60 * kSecond;
// One that is made is started at once, by every client there is.
constexpr UnixNanos kKeepWaiting = 60 * 60 * kSecond;
constexpr size_t kMost = 1000;  // of each kind

Error unknown(const std::string& id) {
    return Error(ErrorCode::kNotFound, "No such exec instance: " + id).with_resource(id);
}

}  // namespace

void ExecRegistry::forget_old(ByAge& group, UnixNanos before) {
    while (!group.empty() && (group.begin()->first < before || group.size() > kMost)) {
        execs_.erase(group.begin()->second);
        group.erase(group.begin());
    }
}

void ExecRegistry::take_out(const Entry& entry) {
    waiting_.erase({entry.since, entry.info.id});
    ended_.erase({entry.since, entry.info.id});
}

void ExecRegistry::add(ExecInfo exec) {
    const std::lock_guard lock(mutex_);
    const UnixNanos now = unix_now();
    const std::string id = exec.id;
    waiting_.emplace(now, id);
    execs_.insert_or_assign(id, Entry{std::move(exec), now});
    forget_old(waiting_, now - kKeepWaiting);
    forget_old(ended_, now - kKeepEnded);
}

Result<ExecInfo> ExecRegistry::find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found == execs_.end()) return unknown(id);
    return found->second.info;
}

std::vector<std::string> ExecRegistry::of_container(const std::string& container_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    for (const auto& [id, entry] : execs_) {
        if (entry.info.container_id == container_id) ids.push_back(id);
    }
    return ids;
}

Status ExecRegistry::claim(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found == execs_.end()) return unknown(id);
    switch (found->second.info.state) {
        case ExecState::kRunning:
            return Error(ErrorCode::kConflict, "exec command " + id + " is already running").with_resource(id);
        case ExecState::kExited:
            return Error(ErrorCode::kConflict, "exec command " + id + " has already run").with_resource(id);
        case ExecState::kCreated:
            break;
    }
    take_out(found->second);
    found->second.info.state = ExecState::kRunning;
    return ok();
}

void ExecRegistry::set_pid(const std::string& id, int64_t pid) {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found == execs_.end() || found->second.info.state != ExecState::kRunning) return;
    found->second.info.pid = pid;
}

std::optional<ExecInfo> ExecRegistry::finish(const std::string& id, int32_t exit_code, UnixNanos when) {
    const std::lock_guard lock(mutex_);
    const auto found = execs_.find(id);
    if (found == execs_.end() || found->second.info.state != ExecState::kRunning) return std::nullopt;
    ExecInfo before = found->second.info;
    const UnixNanos now = unix_now();
    found->second.info.state = ExecState::kExited;
    found->second.info.pid = 0;
    found->second.info.exit_code = exit_code;
    found->second.info.finished_at = when != 0 ? when : now;
    found->second.since = now;
    ended_.emplace(now, id);
    return before;
}

void ExecRegistry::remove_of(const std::string& container_id) {
    const std::lock_guard lock(mutex_);
    for (auto exec = execs_.begin(); exec != execs_.end();) {
        if (exec->second.info.container_id != container_id) {
            ++exec;
            continue;
        }
        take_out(exec->second);
        exec = execs_.erase(exec);
    }
}

}  // namespace slipway::core
