// plugins/linux/src/process/run_directory.hpp - what is on disk about a container's supervisor.
//
// <exec_root>/supervisors/<id>/ holds `control` (the socket), `process` (the supervisor's pid and start time) and, once
// the first process ended, `exit` (its record). `groups` says where its control groups are, for a container below a
// parent of its own. It is found by id alone, so that cleaning up needs no open handle.
#pragma once

#include <slipway/cpp/error.hpp>
#include <slipway_supervisor/control.hpp>
#include <sys/unique_fd.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// How a first process ended.
struct ExitRecord {
    int32_t exit_code = 0;
    bool oom_killed = false;
    int64_t started_ns = 0;
    int64_t finished_ns = 0;
};

// "<code> <oom> <started> <finished>\n"; nothing when it is anything else.
std::optional<ExitRecord> parse_exit_record(const std::string& text);

class RunDirectory {
public:
    // Names the directory; touches nothing.
    RunDirectory(const std::string& exec_root, const std::string& id);

    const std::string& path() const { return path_; }

    // Makes it (0700), empty of an earlier run's files.
    Result<UniqueFd> create() const;
    // Opens it; kNotFound when it is not there.
    Result<UniqueFd> open() const;
    // Removes it with its files. Gone already is success.
    Status remove() const;

    // The listening control socket, in the directory `directory`.
    static Result<UniqueFd> listen(int directory);
    // A connection to it; kNotFound when nobody listens.
    static Result<UniqueFd> connect(int directory);

    // The supervisor's identity: a pid alone may be somebody else's by now.
    static Status write_process(int directory, pid_t pid);
    // A descriptor of the supervisor when it still runs, unset otherwise.
    static UniqueFd open_process(int directory);

    static std::optional<ExitRecord> read_exit(int directory);

    // CgroupManager::placement(); empty when there is none.
    static Status write_groups(int directory, const std::string& text);
    static std::string read_groups(int directory);

    // Ids with a directory below `exec_root`.
    static Result<std::vector<std::string>> list(const std::string& exec_root);

private:
    std::string parent_;
    std::string path_;
};

}  // namespace slipway::linux_backend
