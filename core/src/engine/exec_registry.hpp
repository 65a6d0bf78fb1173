// core/src/engine/exec_registry.hpp - the exec instances there are, by id. Calls nobody; safe on any thread.
#pragma once

#include <slipway/core/exec.hpp>

#include <slipway/cpp/error.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace slipway::core {

class ExecRegistry {
public:
    // Makes room first: those that ended long ago are forgotten, and those that were made long ago and never started;
    // of more than a thousand of either kind the oldest.
    void add(ExecInfo exec);

    // kNotFound "No such exec instance: <id>".
    Result<ExecInfo> find(const std::string& id) const;
    std::vector<std::string> of_container(const std::string& container_id) const;

    // From created to running, once. kConflict when it runs or has run.
    Status claim(const std::string& id);
    void set_pid(const std::string& id, int64_t pid);
    // The exec as it was until then, when it is known and ran.
    std::optional<ExecInfo> finish(const std::string& id, int32_t exit_code, UnixNanos when);
    // All of a container that has ended.
    void remove_of(const std::string& container_id);

private:
    struct Entry {
        ExecInfo info;
        UnixNanos since = 0;  // in its state; with the id the key in waiting_ or ended_
    };
    using ByAge = std::set<std::pair<UnixNanos, std::string>>;

    void forget_old(ByAge& group, UnixNanos before);
    void take_out(const Entry& entry);

    mutable std::mutex mutex_;
    std::map<std::string, Entry> execs_;  // guarded by mutex_, as are the two below
    ByAge waiting_, ended_;               // those that were not started yet, and those that have run
};

}  // namespace slipway::core
