// core/include/slipway/core/engine.hpp - the engine's front door: what the API layer calls. Every method may be called
// on any thread. Reads come from snapshots and never wait for a start; writes are serialised per container.
//
// Errors carry Docker's texts in message(); the API layer maps codes to statuses.
#pragma once

#include <slipway/core/backend.hpp>
#include <slipway/core/events.hpp>
#include <slipway/core/exec.hpp>
#include <slipway/core/image.hpp>
#include <slipway/core/metrics.hpp>
#include <slipway/core/record.hpp>
#include <slipway/core/user_namespace.hpp>
#include <slipway/core/volume.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slipway::core {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
using LogFunction = std::function<void(LogLevel, std::string_view line)>;

// How long an ended container waits before it runs again (start-flow.md 9.2). The figures are Docker's.
struct RestartTiming {
    std::chrono::milliseconds first{100};
    std::chrono::milliseconds cap{60'000};
    std::chrono::milliseconds reset_after{10'000};  // a run of this length puts the delay back to the first
};

struct EngineOptions {
    std::filesystem::path data_root;
    std::filesystem::path exec_root;
    std::string default_backend = "linux";
    std::map<std::string, std::chrono::milliseconds> phase_deadlines;  // by phase name; others use the default
    std::chrono::milliseconds default_phase_deadline{30'000};
    std::chrono::milliseconds backend_grace{700};  // what a backend gets after a deadline before it is given up on
    std::chrono::seconds default_stop_timeout{10};
    std::chrono::milliseconds stats_interval{1'000};  // between two samples, as clients expect of Docker
    RestartTiming restart;
    std::chrono::milliseconds lock_warning{5'000};  // an operation that holds its container longer is logged
    bool bridge_disabled = false;                   // --bridge none
    UserNamespaceOptions user_namespaces;
    LogFunction log;
    std::filesystem::path journal_socket = "/run/systemd/journal/socket";  // of the log driver journald
    std::chrono::milliseconds forward_patience{5'000};  // for a receiver to take the end of a removed container's log
};

struct CreateContainer {
    std::string name;       // empty: one is made up
    std::string platform;   // "" or "linux/amd64"
    nlohmann::json config;  // as received, not normalised
    nlohmann::json host_config;
    nlohmann::json networking_config;
};

struct CreatedContainer {
    std::string id;
    std::vector<std::string> warnings;
};

// What a start may bring along.
struct StartContainer {
    // A HostConfig that replaces the container's own before it starts (deprecated, API < 1.24); null: none. Verified
    // first: when it is not acceptable nothing has changed.
    nlohmann::json host_config = nullptr;
};

// The answer of backends that cannot have their host configuration replaced at start, kInvalidArgument.
inline constexpr std::string_view kNoStartHostConfig =
    "Supplying a hostconfig on start is not supported. It should be supplied on create";

struct StartOutcome {
    bool already_running = false;
    StartReport report;
};

enum class WaitCondition { kNotRunning, kNextExit, kRemoved };

struct WaitResult {
    int32_t exit_code = 0;
    std::string error;
};

struct RemoveOptions {
    bool force = false;
    bool volumes = false;  // anonymous volumes nobody else uses go too
    bool link = false;     // not the container: `ref` is "name/alias", and only that link ends
};

struct AttachOptions {
    bool logs = false;    // replay what was logged first
    bool stream = false;  // stay for what comes
    bool want_stdin = false, want_stdout = false, want_stderr = false;
    bool multiplexed = true;     // ignored (false) for terminals
    std::string detach_keys;     // raw bytes
    int64_t stream_handle = -1;  // connected socket; borrowed, duplicated before attach() returns
    std::string preamble;        // response head, written to the client first
    std::string early_input;     // bytes already read from the client beyond the request
};

struct LogOptions {
    bool follow = false;
    bool want_stdout = true, want_stderr = true;
    UnixNanos since = 0, until = 0;
    int64_t tail = -1;     // lines from the end; negative: all
    bool details = false;  // fill in LogLine::attributes
};

struct LogLine {
    std::string stream;  // "stdout" or "stderr"
    UnixNanos when = 0;
    std::string text;  // as written, newline included when there was one
    std::vector<std::pair<std::string, std::string>> attributes = {};  // what the record says besides, by key
};

// Returns false to stop.
using LogSink = std::function<bool(const LogLine&)>;

struct StatsOptions {
    bool stream = true;     // one sample a second until the container is removed
    bool one_shot = false;  // no waiting for a sample before it; not with `stream`
};

// What a container uses at one moment.
struct StatsSample {
    std::string id, name;
    UnixNanos when = 0;                               // 0: it does not run
    nlohmann::json usage = nlohmann::json::object();  // as slw.stats/1 writes it; empty when it does not run
};

// Gets a sample and the one before it (`when` is 0 for the first). Returns false to stop.
using StatsSink = std::function<bool(const StatsSample& sample, const StatsSample& before)>;

struct ListOptions {
    bool all = false;
    int64_t limit = 0;  // newest first; 0: no limit
    Filters filters;
};

struct PruneReport {
    std::vector<std::string> deleted;
    uint64_t reclaimed_bytes = 0;
};

struct NetworkRecord {
    std::string id, name, driver, scope = "local";
    UnixNanos created = 0;
    nlohmann::json ipam;     // {"Driver": "default", "Config": [...]}
    nlohmann::json options;  // object
    bool internal = false;
};

struct BackendStatus {
    BackendInfo info;
    bool is_default = false;
};

struct DeletedImagePart {
    std::string untagged;  // one of the two is set
    std::string deleted;
};

class BackendEventQueue;  // event_queue.hpp

class Engine {
public:
    // Opens the store, then reconciles each backend's holdings with the records: adopts the living, records the dead,
    // removes what nobody owns. A record that cannot be read is set aside and logged.
    // `queue` is where the backends push their events; the engine pops it on its own thread.
    static Result<std::unique_ptr<Engine>> open(EngineOptions options, std::vector<std::shared_ptr<Backend>> backends,
                                                std::vector<BackendProblem> problems,
                                                std::shared_ptr<BackendEventQueue> queue);
    virtual ~Engine() = default;

    // Ends the engine's threads and every wait, subscription and log follower. Containers stay as they are.
    virtual void shut_down() = 0;

    // --- containers ---------------------------------------------------------------------------------------------
    // `ref` is an id, a name (with or without slash) or a unique id prefix. kNotFound "No such container: <ref>";
    // kInvalidArgument "multiple IDs found with provided prefix: <ref>".
    virtual Result<RecordPtr> find_container(const std::string& ref) const = 0;
    virtual Result<std::vector<RecordPtr>> list_containers(const ListOptions& options) const = 0;
    virtual Result<CreatedContainer> create_container(const CreateContainer& request) = 0;
    virtual Result<StartOutcome> start_container(const std::string& ref, const StartContainer& request = {}) = 0;
    // kNotModified when it does not run. `timeout` < 0 waits without end, nullopt uses the container's own.
    virtual Status stop_container(const std::string& ref, std::optional<std::string> signal,
                                  std::optional<std::chrono::seconds> timeout) = 0;
    virtual Status restart_container(const std::string& ref, std::optional<std::string> signal,
                                     std::optional<std::chrono::seconds> timeout) = 0;
    // `signal`: "KILL", "SIGKILL", "9". kConflict when not running.
    virtual Status kill_container(const std::string& ref, const std::string& signal) = 0;
    // kConflict "Container <id> is already paused", "is not paused", "is not running".
    virtual Status pause_container(const std::string& ref) = 0;
    virtual Status unpause_container(const std::string& ref) = 0;
    virtual Status rename_container(const std::string& ref, const std::string& new_name) = 0;
    virtual Status remove_container(const std::string& ref, const RemoveOptions& options) = 0;
    virtual Result<PruneReport> prune_containers(const Filters& filters) = 0;
    // Registers first, calls `registered` (the API sends its response head there), then waits until the condition is
    // met or `cancelled` answers true; kCancelled then.
    virtual Result<WaitResult> wait_container(const std::string& ref, WaitCondition condition,
                                              const std::function<void()>& registered,
                                              const std::function<bool()>& cancelled) = 0;
    // Hands the client's socket to the backend, at once when the container runs, else at its next start. On success
    // the caller forgets the connection. A start that fails closes the stream.
    virtual Status attach_container(const std::string& ref, const AttachOptions& options) = 0;
    // `update` is an object with limits of HostConfig and RestartPolicy, as received; what is zero or absent stays. A
    // running container's limits change at once. Returns warnings.
    virtual Result<std::vector<std::string>> update_container(const std::string& ref, const nlohmann::json& update) = 0;
    virtual Status resize_container(const std::string& ref, uint16_t rows, uint16_t cols) = 0;
    // Runs on the calling thread until the end of the log, or while following until the container ends, the sink
    // returns false or `cancelled` answers true.
    virtual Status read_logs(const std::string& ref, const LogOptions& options, const LogSink& sink,
                             const std::function<bool()>& cancelled) = 0;
    virtual Result<uint64_t> container_size_rw(const std::string& ref) = 0;
    // Runs on the calling thread: hands `sink` a sample, or without end one each interval, until the container is
    // removed, the sink returns false or `cancelled` answers true. Without stream and one_shot the sample comes after
    // one interval. A container that does not run has samples without usage, and without stream at once.
    //   kInvalidArgument "cannot have stream=true and one-shot=true", kUnimplemented
    virtual Status read_stats(const std::string& ref, const StatsOptions& options, const StatsSink& sink,
                              const std::function<bool()>& cancelled) = 0;
    // {"Titles": [...], "Processes": [[...], ...]}; `arguments` as for slw_top_ops.list. kConflict when it does not
    // run, kInvalidArgument naming an argument that is not known.
    virtual Result<nlohmann::json> list_processes(const std::string& ref, const std::string& arguments) = 0;
    // [{"Path": "/a", "Kind": 0|1|2}]: what differs from the image.
    virtual Result<nlohmann::json> container_changes(const std::string& ref) = 0;

    // Files of a container, running or not; contracts as in slipway/archive.h. kNotFound "Could not find the file
    // <path> in container <ref>". Runs on the calling thread as long as the copy takes; a running container can be
    // stopped meanwhile, and a start or removal that follows ends the copy with kCancelled.
    virtual Result<nlohmann::json> archive_stat(const std::string& ref, const std::string& path) = 0;
    // `head` gets what archive_stat() answers before the first byte reaches `tar`; what fails afterwards leaves the
    // stream cut.
    virtual Status archive_get(const std::string& ref, const std::string& path,
                               const std::function<void(const nlohmann::json&)>& head, const ByteSink& tar) = 0;
    // `archive` is a tar, plain or compressed with gzip, bzip2, xz or zstd.
    virtual Status archive_put(const std::string& ref, const std::string& path, const ArchivePutOptions& options,
                               const ByteSource& archive) = 0;
    // The root file system without mounts.
    virtual Status export_container(const std::string& ref, const ByteSink& tar) = 0;

    // --- execs --------------------------------------------------------------------------------------------------
    // kConflict "container <id> is not running", "container <ref> is paused, unpause the container before exec".
    virtual Result<std::string> create_exec(const std::string& ref, const ExecConfig& config) = 0;
    // Returns once the command was executed; on success the caller forgets the connection. kNotFound "No such exec
    // instance: <id>", also for those of a container that has ended; kConflict when it runs or has run. What fails
    // after `accepted` was called leaves exit code 126 or 127, and the connection is still the caller's.
    virtual Status start_exec(const std::string& id, const StartExec& request) = 0;
    virtual Result<ExecInfo> find_exec(const std::string& id) const = 0;
    virtual std::vector<std::string> list_execs(const std::string& container_id) const = 0;
    virtual Status resize_exec(const std::string& id, uint16_t rows, uint16_t cols) = 0;

    // --- images -------------------------------------------------------------------------------------------------
    // `ref`: a reference, "sha256:<hex>", or an unambiguous hex prefix. kNotFound "No such image: <ref>".
    virtual Result<ImagePtr> find_image(const std::string& ref) const = 0;
    virtual Result<std::vector<ImagePtr>> list_images(const Filters& filters) const = 0;
    // Loads a docker-archive or OCI archive, compressed or not. `progress` receives lines for the client. All or
    // nothing. Returns the familiar names (or ids) loaded.
    virtual Result<std::vector<std::string>> load_images(const ByteSource& archive,
                                                         const std::function<void(const std::string&)>& progress) = 0;
    // One tar stream, compressed or not, becomes a one-layer image. `changes` are Dockerfile-like instructions
    // (CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR, STOPSIGNAL). Returns the image id.
    virtual Result<std::string> import_image(const ByteSource& tar, const std::string& repository,
                                             const std::string& tag, const std::string& message,
                                             const std::vector<std::string>& changes) = 0;
    virtual Status tag_image(const std::string& ref, const std::string& repository, const std::string& tag) = 0;
    virtual Result<std::vector<DeletedImagePart>> remove_image(const std::string& ref, bool force) = 0;
    virtual int64_t containers_using(const std::string& image_id) const = 0;

    // --- networks (the built-in ones) ---------------------------------------------------------------------------
    virtual std::vector<NetworkRecord> list_networks() const = 0;
    virtual Result<NetworkRecord> find_network(const std::string& ref) const = 0;

    // --- volumes ------------------------------------------------------------------------------------------------
    // Filters: "name" (part of it), "driver", "label", "dangling". Sorted by name.
    virtual Result<std::vector<VolumeRecord>> list_volumes(const Filters& filters) const = 0;
    virtual Result<VolumeRecord> find_volume(const std::string& name) const = 0;  // kNotFound "get <n>: no such volume"
    // One that is there already is the answer, whatever labels are asked for.
    virtual Result<VolumeRecord> create_volume(const CreateVolume& wanted) = 0;
    // kConflict naming the containers whose records use it, running or not. `force`: missing is success.
    virtual Status remove_volume(const std::string& name, bool force) = 0;
    // Removes what no container uses: anonymous ones alone unless filter "all" is "true" or "1". Also "label",
    // "label!".
    virtual Result<PruneReport> prune_volumes(const Filters& filters) = 0;

    // --- events and facts ---------------------------------------------------------------------------------------
    // History from `since` (Unix time, or a sequence number with `since_sequence`) up to now, then live ones. `until`
    // 0: no end.
    virtual std::unique_ptr<EventSubscription> subscribe(UnixNanos since, UnixNanos until,
                                                         std::optional<uint64_t> since_sequence, Filters filters) = 0;
    virtual std::vector<BackendStatus> backends() const = 0;
    virtual const std::vector<BackendProblem>& backend_problems() const = 0;
    virtual EngineMetrics metrics() const = 0;
    virtual const std::string& engine_id() const = 0;  // stable for a data root
    virtual const EngineOptions& options() const = 0;
};

}  // namespace slipway::core
