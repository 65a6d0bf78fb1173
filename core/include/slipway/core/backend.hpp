// core/include/slipway/core/backend.hpp - a backend as the core sees it. plugin_host turns the C tables of a plugin
// into one; tests supply fakes and wrap real ones (FaultyBackend). Nothing here knows dlopen, HTTP or an operating
// system.
#pragma once

#include <slipway/core/clock.hpp>

#include <slipway/create.h>

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slipway::core {

// Cancels a call from another thread. Shared by the flow and whoever may give up on it.
class CancelToken {
public:
    void cancel() { cancelled_.store(true, std::memory_order_release); }
    bool is_cancelled() const { return cancelled_.load(std::memory_order_acquire); }

private:
    std::atomic<bool> cancelled_{false};
};

// The limits of one call into a backend.
struct CallContext {
    MonotonicNanos deadline = 0;          // 0: none
    const CancelToken* cancel = nullptr;  // may be null
};

struct LayerInfo {
    uint64_t size_bytes = 0;
    uint64_t entry_count = 0;
};

struct VerifyResult {
    nlohmann::json host_config;  // adapted, whole
    std::vector<std::string> warnings;
};

struct ContainerDesc {
    std::string id, name;
    std::string state_dir;            // <exec root>/backends/<backend>/containers/<id>: exists, 0700
    std::string data_dir;             // <data root>/backends/<backend>/containers/<id>: exists, 0700
    std::string user_namespace = {};  // slw_container_desc.user_namespace; empty: none
};

struct LogTarget {
    std::string path;
    uint64_t max_bytes = 0;
    uint32_t max_files = 1;
    std::string attributes = {};  // slw_log_target.attributes; empty: none
};

struct CreateParams {
    std::string spec;
    std::optional<LogTarget> log;
    bool tty = false;
    bool open_stdin = false;
    bool stdin_once = false;
    uint16_t tty_rows = 0, tty_cols = 0;
};

struct ProcessInfo {
    int64_t pid = 0;
    UnixNanos started = 0;
};

enum class ProcessState { kNone, kParked, kRunning, kExited };

struct ProcessStatus {
    ProcessState state = ProcessState::kNone;
    int64_t pid = 0;
    UnixNanos started = 0, finished = 0;
    int32_t exit_code = 0;
    bool oom_killed = false;
};

struct MountParams {
    uint32_t flags = 0;                 // SLW_MOUNT_*
    std::optional<std::string> source;  // none: in-memory
    std::string target;
    std::string propagation;  // empty: rprivate
    uint64_t limit_bytes = 0;
    uint32_t mode = 0;
};

// See slw_attach_request.
struct AttachParams {
    int64_t stream = -1;  // slw_os_handle; borrowed, duplicated by the backend
    bool want_stdin = false, want_stdout = false, want_stderr = false;
    bool multiplexed = false;
    std::string preamble;
    std::string early_input;
    std::string detach_keys;
};

// A further process in a running container; see slw_exec_request.
struct ExecParams {
    std::string id;                      // 64 hex digits
    nlohmann::json process;              // the request of build_spec() with the exec's own command, user and so on
    std::optional<AttachParams> client;  // none: its output is dropped
    bool tty = false;
    bool open_stdin = false;
    bool ends_with_host = false;
    uint64_t capture_bytes = 0;
    uint16_t tty_rows = 0, tty_cols = 0;
};

// A path in a container's file systems; see slw_archive_place.
struct ArchivePlace {
    std::string path;
    std::vector<std::string> layers;  // lowest first
    bool read_only_root = false;
    std::vector<MountParams> mounts;
};

struct ArchivePutOptions {
    bool keep_kinds = false;   // a directory may not replace something else, nor the reverse
    bool keep_owners = false;  // the members' own numeric owners
};

// Takes bytes; false asks the writer to stop.
using ByteSink = std::function<bool(const void* data, uint64_t size)>;

// Reads up to `capacity` bytes into `buffer`: 0 at the end, negative on failure.
using ByteSource = std::function<int64_t(void* buffer, uint64_t capacity)>;

// One container in a backend. The core serialises calls per container, except signal, status, resize, root_size, stats,
// top and the exec_ ones but exec_start, which may come at any time. Contracts:
// sdk/include/slipway/{create,mount,network,stdio,reconcile,pause,exec,update,stats,top,archive}.h.
class BackendContainer {
public:
    virtual ~BackendContainer() = default;

    virtual Result<std::string> build_spec(const CallContext& call, const nlohmann::json& request) = 0;
    virtual Result<ProcessInfo> create(const CallContext& call, const CreateParams& params) = 0;
    virtual Result<ProcessInfo> start(const CallContext& call) = 0;
    virtual Status signal(int32_t signum) = 0;
    virtual Result<ProcessStatus> status() = 0;
    virtual Status destroy(const CallContext& call) = 0;

    virtual Status root_create(const CallContext& call, const std::vector<std::string>& layers) = 0;
    virtual Status root_remove(const CallContext& call) = 0;
    virtual Status root_mount(const CallContext& call, const std::vector<std::string>& layers, bool read_only) = 0;
    virtual Status root_unmount(const CallContext& call) = 0;
    virtual Result<uint64_t> root_size(const CallContext& call) = 0;
    virtual Result<nlohmann::json> root_diff(const CallContext& call) = 0;
    virtual Result<uint64_t> mount(const CallContext& call, const MountParams& params) = 0;
    virtual Status unmount(const CallContext& call, uint64_t id) = 0;

    virtual Result<nlohmann::json> sandbox_create(const CallContext& call, const nlohmann::json& sandbox) = 0;
    virtual Status sandbox_destroy(const CallContext& call) = 0;
    virtual Result<nlohmann::json> endpoint_attach(const CallContext& call, const nlohmann::json& endpoint) = 0;
    virtual Status endpoint_detach(const CallContext& call, const std::string& network_id) = 0;

    virtual Status attach(const CallContext& call, const AttachParams& params) = 0;
    virtual Status resize(uint16_t rows, uint16_t cols) = 0;

    virtual Result<ProcessStatus> adopt(const CallContext& call) = 0;

    virtual Status pause(const CallContext& call) = 0;
    virtual Status resume(const CallContext& call) = 0;

    virtual Result<ProcessInfo> exec_start(const CallContext& call, const ExecParams& params) = 0;
    virtual Status exec_signal(const std::string& exec_id, int32_t signum) = 0;
    virtual Status exec_resize(const std::string& exec_id, uint16_t rows, uint16_t cols) = 0;
    virtual Result<std::string> exec_output(const std::string& exec_id) = 0;
    virtual Status exec_release(const CallContext& call, const std::string& exec_id) = 0;

    // New limits for a running container; `request` is that of update.h. kUnimplemented without slw.update/1.
    virtual Status update(const CallContext& call, const nlohmann::json& request) = 0;

    // kUnimplemented without slw.stats/1, slw.top/1 and slw.archive/1.
    virtual Result<nlohmann::json> stats(const CallContext& call) = 0;
    virtual Result<nlohmann::json> top(const CallContext& call, const std::string& arguments) = 0;
    virtual Result<nlohmann::json> archive_stat(const CallContext& call, const ArchivePlace& place) = 0;
    // `head` gets what archive_stat() answers before the first byte reaches `tar`.
    virtual Status archive_get(const CallContext& call, const ArchivePlace& place,
                               const std::function<void(const nlohmann::json&)>& head, const ByteSink& tar) = 0;
    virtual Status archive_put(const CallContext& call, const ArchivePlace& place, const ArchivePutOptions& options,
                               const ByteSource& tar) = 0;
    virtual Status archive_export(const CallContext& call, const ArchivePlace& place, const ByteSink& tar) = 0;
};

struct BackendInfo {
    std::string name, version, description;
    std::string path;                // of the library; empty for built-in fakes
    std::string platform;            // whose library it is: "linux" or "windows"
    std::string image_os = "linux";  // what its containers run: the "os" of images
    uint32_t abi_major = 0, abi_minor = 0;
    bool accepts_start_hostconfig = false;
    bool parks = false;
    bool network_first = true;
    bool maps_users = false;              // reads ContainerDesc::user_namespace
    bool pauses = false;                  // offers slw.pause/1
    bool executes = false;                // offers slw.exec/1
    bool writes_log_attributes = false;   // reads LogTarget::attributes
    std::vector<std::string> extensions;  // ids offered
};

// Something a backend still holds from an earlier life of the daemon.
struct Holding {
    std::string container_id;
    std::string state;  // "parked", "running", "exited", "debris"
    int64_t pid = 0;
};

// What a backend reports on its own. Delivered on the backend's threads; the receiver only queues it.
struct BackendEvent {
    enum class Kind { kExit, kOom, kLost, kExecExit } kind = Kind::kExit;
    std::string container_id;
    UnixNanos when = 0;
    int32_t exit_code = 0;
    bool oom_killed = false;
    std::string text;  // kExecExit: the exec's id
};

class Backend {
public:
    virtual ~Backend() = default;

    virtual const BackendInfo& info() const = 0;

    virtual Result<VerifyResult> verify(const CallContext& call, const nlohmann::json& config,
                                        const nlohmann::json& host_config, bool update) = 0;
    virtual Result<std::unique_ptr<BackendContainer>> open_container(const ContainerDesc& desc) = 0;

    virtual Result<LayerInfo> layer_import(const CallContext& call, const std::string& layer_id,
                                           const std::vector<std::string>& parents, const ByteSource& tar) = 0;
    virtual Result<LayerInfo> layer_stat(const std::string& layer_id) = 0;
    virtual Status layer_remove(const CallContext& call, const std::string& layer_id) = 0;
    virtual Result<std::vector<std::string>> layer_list(const CallContext& call) = 0;

    virtual Result<nlohmann::json> network_create(const CallContext& call, const nlohmann::json& network) = 0;
    virtual Status network_remove(const CallContext& call, const nlohmann::json& network) = 0;

    virtual Result<std::vector<Holding>> list_holdings(const CallContext& call) = 0;
    virtual Status remove_holding(const CallContext& call, const std::string& container_id) = 0;
};

// A backend file that could not be used, for `info` and `slipway backends`.
struct BackendProblem {
    std::string path;
    std::string reason;
};

}  // namespace slipway::core
