// core/include/slipway/core/record.hpp - what the engine knows about a container. Records are immutable once published:
// readers hold a shared_ptr<const ContainerRecord> and never wait for a start.
#pragma once

#include <slipway/core/clock.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slipway::core {

// The state of a container. One value; the overlapping flags that Docker clients expect are derived when a reply is
// rendered (running, paused and restarting all show Running = true).
//
//   from                 trigger                         to
//   -                    create                          kCreated
//   kCreated, kExited    start succeeds                  kRunning
//   kCreated, kExited    start fails                     unchanged, `error` set
//   kRunning, kPaused    first process ends              kExited, or kRestarting when the policy grants it
//   kRestarting          delay over, relaunch ok/fails   kRunning / kExited
//   kRestarting          stop, kill, daemon stop         kExited
//   kRunning / kPaused   pause / unpause                 kPaused / kRunning
//   kCreated, kExited    removal begins                  kRemoving
//   kRemoving            removal failed                  kDead (removal can be tried again)
//   kRemoving, kDead     removal done                    record deleted
enum class RunState { kCreated, kRunning, kPaused, kRestarting, kExited, kRemoving, kDead };

// "created", "running", ... as shown by clients.
std::string_view to_string(RunState state);

// What the user asked for, apart from what is observed. Restart policies and boot read this.
enum class DesiredState { kStopped, kRunning };

// One phase of a start as it went.
struct PhaseReport {
    std::string name;       // "verify", "mount_root", "attach_networks", ...
    int64_t offset_ns = 0;  // from the beginning of the start
    int64_t duration_ns = 0;
    bool failed = false;
    bool undone = false;     // its undo ran
    int64_t undo_ns = 0;     // and took this long
    std::string undo_error;  // empty unless the undo failed
};

// How the last start went: State.Slipway in inspect. Phases follow each other without gaps: their durations and undo
// times add up to `total_ns`.
struct StartReport {
    UnixNanos began = 0;
    int64_t total_ns = 0;
    bool succeeded = false;
    std::vector<PhaseReport> phases;
    // Set when it failed: the facts of the error as fields.
    nlohmann::json error;  // null, or {"phase","code","message","operation","resource","os","hint"}
};

// One probe of a health check.
struct HealthResult {
    UnixNanos start = 0, end = 0;
    int32_t exit_code = 0;  // -1: it could not run, or took too long
    std::string output;     // at most 4096 bytes, "..." behind them when there was more
};

enum class HealthStatus { kStarting, kHealthy, kUnhealthy };
std::string_view to_string(HealthStatus status);  // "starting", "healthy", "unhealthy"

// State.Health of a container with a health check. Of one that does not run: unhealthy, with the last results.
struct HealthState {
    HealthStatus status = HealthStatus::kStarting;
    int64_t failing_streak = 0;
    std::vector<HealthResult> log;  // the last five, oldest first
};

// One endpoint of a running container, as shown under NetworkSettings.Networks.
struct EndpointRecord {
    std::string network_name;
    std::string network_id;
    std::string endpoint_id;  // empty while not attached
    nlohmann::json settings;  // what the user asked for (EndpointSettings), object
    nlohmann::json result;    // what the backend answered (network.h), object or null
};

// Another container made known under a name (HostConfig.Links, default bridge only).
struct LinkRecord {
    std::string target_id;  // a target that was removed since ends the link
    std::string alias;
};

struct ContainerRecord {
    std::string id;    // 64 hex digits
    std::string name;  // without slash
    UnixNanos created = 0;

    std::string image;                // as the user gave it: Config.Image
    std::string image_id;             // "sha256:..."; empty for an empty root
    std::vector<std::string> layers;  // layer ids, lowest first, copied from the image at create
    std::string backend;              // name of the backend that owns it

    // Docker's shapes, normalised: every key of the schema present with its default (see schema.hpp).
    nlohmann::json config;       // image configuration already merged in
    nlohmann::json host_config;  // verified and adapted
    std::string path;            // argv[0]
    std::vector<std::string> args;
    nlohmann::json mounts = nlohmann::json::array();  // MountPoint objects as in inspect
    nlohmann::json inherited;                         // of replaced host configurations (model/inherited.hpp), or null
    nlohmann::json
        user_namespace;         // null: the host's ids; else as in create.h, with "Private": true for ids of its own
    nlohmann::json mount_plan;  // how they are made (model/mount_plan.hpp); null: from host_config alone

    RunState state = RunState::kCreated;
    DesiredState desired = DesiredState::kStopped;
    bool started_before = false;
    bool manually_stopped = false;
    int64_t pid = 0;
    int32_t exit_code = 0;
    bool oom_killed = false;
    std::string error;  // of the last failed start; empty after a success
    UnixNanos started_at = 0;
    UnixNanos finished_at = 0;
    int64_t restart_count = 0;  // automatic restarts since the last start by hand
    UnixNanos restart_at = 0;   // kRestarting: when the next run begins
    // Only in the store: the run has ended as exit_code, oom_killed and finished_at say, and what follows from it was
    // not finished when the daemon died.
    bool exit_noted = false;
    std::optional<HealthState> health;  // none: no health check, or never started
    std::string on_unhealthy;           // the user's label io.slipway.on-unhealthy; an image's does not count

    // While a start or another long operation runs: which phase, since when (Unix). Empty otherwise.
    std::string phase;
    UnixNanos phase_since = 0;
    std::optional<StartReport> last_start;

    std::vector<EndpointRecord> endpoints;
    std::string sandbox_key;
    std::vector<LinkRecord> links;  // HostConfig.Links, resolved when they were given

    // Files the engine keeps for the container; absolute. The last three are the owner's while the container shares
    // another's network namespace.
    std::string data_dir;  // <data root>/containers/<id>
    std::string log_path;  // empty for log driver "none"
    std::string hostname_path, hosts_path, resolv_conf_path;

    bool is_running() const {
        return state == RunState::kRunning || state == RunState::kPaused || state == RunState::kRestarting;
    }
};

using RecordPtr = std::shared_ptr<const ContainerRecord>;

// For the store. Unknown keys are ignored on reading; a missing required key is kDataLoss naming it.
nlohmann::json to_json(const ContainerRecord& record);
Result<ContainerRecord> record_from_json(const nlohmann::json& document);

}  // namespace slipway::core
