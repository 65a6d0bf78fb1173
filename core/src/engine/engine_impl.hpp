// core/src/engine/engine_impl.hpp - the engine behind engine.hpp. One .cpp a topic: engine_open (opening, shutting
// down), engine_create, engine_start, engine_restart (policies, boot), engine_update, engine_stop (stop, kill,
// restart), engine_pause, engine_exec, engine_health, engine_exit, engine_remove, engine_wait, engine_streams (attach,
// resize, logs), engine_logs (forwarding), engine_observe (statistics, process lists), engine_archive (files, export,
// changes), engine_watch (watchdog, metrics), engine_query (lists, images, networks, facts), reconcile.
#pragma once

#include "engine/directory_remover.hpp"
#include "engine/exec_registry.hpp"
#include "engine/networks.hpp"
#include "engine/registry.hpp"
#include "engine/worker_pool.hpp"
#include "events/event_bus.hpp"
#include "health/health_monitor.hpp"
#include "image/image_store.hpp"
#include "log/compress/log_compressor.hpp"
#include "log/forward/forwarders.hpp"
#include "model/mounts.hpp"
#include "names/name_index.hpp"
#include "restart/timer_queue.hpp"
#include "start/start_context.hpp"
#include "store/store.hpp"
#include "userns/id_pool.hpp"
#include "volume/volume_store.hpp"

#include <slipway/core/engine.hpp>
#include <slipway/core/event_queue.hpp>

#include <atomic>
#include <thread>

namespace slipway::core {

// The request of slw_exec_ops.start for a command in the container of `record`.
nlohmann::json exec_process(const ContainerRecord& record, const ExecConfig& config);

// How a run ended.
struct ExitFacts {
    int32_t exit_code = 0;
    bool oom_killed = false;
    UnixNanos when = 0;
};

class EngineImpl final : public Engine {
public:
    EngineImpl(EngineOptions options, std::vector<std::shared_ptr<Backend>> backends,
               std::vector<BackendProblem> problems, std::shared_ptr<BackendEventQueue> queue);
    ~EngineImpl() override;

    // Opens the store and everything on it, reconciles, and starts the event thread.
    Status open_all();

    void shut_down() override;

    Result<RecordPtr> find_container(const std::string& ref) const override;
    Result<std::vector<RecordPtr>> list_containers(const ListOptions& options) const override;
    Result<CreatedContainer> create_container(const CreateContainer& request) override;
    Result<StartOutcome> start_container(const std::string& ref, const StartContainer& request) override;
    Status stop_container(const std::string& ref, std::optional<std::string> signal,
                          std::optional<std::chrono::seconds> timeout) override;
    Status restart_container(const std::string& ref, std::optional<std::string> signal,
                             std::optional<std::chrono::seconds> timeout) override;
    Status kill_container(const std::string& ref, const std::string& signal) override;
    Status pause_container(const std::string& ref) override;
    Status unpause_container(const std::string& ref) override;
    Status rename_container(const std::string& ref, const std::string& new_name) override;
    Status remove_container(const std::string& ref, const RemoveOptions& options) override;
    Result<PruneReport> prune_containers(const Filters& filters) override;
    Result<WaitResult> wait_container(const std::string& ref, WaitCondition condition,
                                      const std::function<void()>& registered,
                                      const std::function<bool()>& cancelled) override;
    Status attach_container(const std::string& ref, const AttachOptions& options) override;
    Result<std::vector<std::string>> update_container(const std::string& ref, const nlohmann::json& request) override;
    Status resize_container(const std::string& ref, uint16_t rows, uint16_t cols) override;
    Status read_logs(const std::string& ref, const LogOptions& options, const LogSink& sink,
                     const std::function<bool()>& cancelled) override;
    Result<uint64_t> container_size_rw(const std::string& ref) override;
    Status read_stats(const std::string& ref, const StatsOptions& options, const StatsSink& sink,
                      const std::function<bool()>& cancelled) override;
    Result<nlohmann::json> list_processes(const std::string& ref, const std::string& arguments) override;
    Result<nlohmann::json> container_changes(const std::string& ref) override;
    Result<nlohmann::json> archive_stat(const std::string& ref, const std::string& path) override;
    Status archive_get(const std::string& ref, const std::string& path,
                       const std::function<void(const nlohmann::json&)>& head, const ByteSink& tar) override;
    Status archive_put(const std::string& ref, const std::string& path, const ArchivePutOptions& options,
                       const ByteSource& archive) override;
    Status export_container(const std::string& ref, const ByteSink& tar) override;

    Result<std::string> create_exec(const std::string& ref, const ExecConfig& config) override;
    Status start_exec(const std::string& id, const StartExec& request) override;
    Result<ExecInfo> find_exec(const std::string& id) const override;
    std::vector<std::string> list_execs(const std::string& container_id) const override;
    Status resize_exec(const std::string& id, uint16_t rows, uint16_t cols) override;

    Result<ImagePtr> find_image(const std::string& ref) const override;
    Result<std::vector<ImagePtr>> list_images(const Filters& filters) const override;
    Result<std::vector<std::string>> load_images(const ByteSource& archive,
                                                 const std::function<void(const std::string&)>& progress) override;
    Result<std::string> import_image(const ByteSource& tar, const std::string& repository, const std::string& tag,
                                     const std::string& message, const std::vector<std::string>& changes) override;
    Status tag_image(const std::string& ref, const std::string& repository, const std::string& tag) override;
    Result<std::vector<DeletedImagePart>> remove_image(const std::string& ref, bool force) override;
    int64_t containers_using(const std::string& image_id) const override;

    std::vector<NetworkRecord> list_networks() const override;
    Result<NetworkRecord> find_network(const std::string& ref) const override;

    Result<std::vector<VolumeRecord>> list_volumes(const Filters& filters) const override;
    Result<VolumeRecord> find_volume(const std::string& name) const override;
    Result<VolumeRecord> create_volume(const CreateVolume& wanted) override;
    Status remove_volume(const std::string& name, bool force) override;
    Result<PruneReport> prune_volumes(const Filters& filters) override;

    std::unique_ptr<EventSubscription> subscribe(UnixNanos since, UnixNanos until,
                                                 std::optional<uint64_t> since_sequence, Filters filters) override;
    std::vector<BackendStatus> backends() const override;
    const std::vector<BackendProblem>& backend_problems() const override { return problems_; }
    EngineMetrics metrics() const override;
    const std::string& engine_id() const override { return store_->engine_id(); }
    const EngineOptions& options() const override { return options_; }

private:
    using Hold = OperationLock::Hold;

    // --- engine_query.cpp ----------------------------------------------------------------------------------------
    Result<ContainerPtr> find(const std::string& ref) const;
    std::vector<RecordPtr> all_records() const;
    std::shared_ptr<Backend> find_backend(const std::string& name) const;  // null when it is not loaded
    void log(LogLevel level, const std::string& line) const { log_line(options_, level, line); }
    // Takes container.operation for `what`, a string literal. kNotFound when the container was removed meanwhile,
    // kUnavailable when its holder hangs in a backend that has passed its deadline and the grace after it.
    Result<Hold> lock(const ContainerPtr& container, const std::string& ref, const char* what) const;
    // A call without a client behind it, limited by the default deadline.
    CallContext internal_call() const;
    // Publishes `record`, then stores it with the events; failures of the store are logged and ignored, since what has
    // happened has happened.
    void publish_and_store(Container& container, ContainerRecord record, std::vector<Event> events,
                           Durability durability = Durability::kNormal);

    // --- engine_create.cpp ---------------------------------------------------------------------------------------
    // A container that is decided but not made yet. The pin keeps its image until the record is listed, so that a
    // removal of the image in between sees either the pin or the container.
    struct Draft {
        ContainerRecord record;
        std::shared_ptr<Backend> backend;
        std::optional<ImagePin> pin;
        std::vector<std::string> warnings;
    };
    Result<Draft> draft_container(const CreateContainer& request);
    Result<std::shared_ptr<Backend>> choose_backend(const nlohmann::json& host_config,
                                                    const std::string& platform) const;
    Status reserve_name(ContainerRecord& record, const std::string& wanted);
    Result<ContainerRecord> prepare_record(const Backend& backend, const nlohmann::json& config,
                                           nlohmann::json host_config, const nlohmann::json& networking) const;
    Status make_directories(const ContainerRecord& record) const;
    void remove_directories(const ContainerRecord& record) const;
    ContainerDesc describe(const ContainerRecord& record) const;
    Status open_handle(Container& container) const;

    // --- engine_users.cpp ----------------------------------------------------------------------------------------
    // The document of ContainerRecord::user_namespace for the new container `id`. What it holds of id_pool_ has to be
    // given back when it does not come to be.
    Result<nlohmann::json> take_users(const std::string& id, const Backend& backend, const nlohmann::json& host_config);
    // The container whose user name space has to be joined; null: none.
    Result<ContainerPtr> users_owner(const nlohmann::json& host_config) const;
    // For a host configuration that was replaced: it may not change who the container's users are.
    Status check_users_unchanged(const ContainerRecord& record) const;

    // --- engine_start.cpp ----------------------------------------------------------------------------------------
    // A start by hand, perhaps with a host configuration, or one by the restart policy for end number `relaunch` of the
    // container's runs. With `stops`: kNotModified when clients have asked it to end since it was that many times.
    Result<StartOutcome> start(const ContainerPtr& container, std::optional<uint64_t> relaunch = std::nullopt,
                               nlohmann::json host_config = nullptr, std::optional<uint64_t> stops = std::nullopt);
    struct StartJob;
    Result<StartOutcome> run_job(const ContainerPtr& container, StartJob& job);

    // --- engine_restart.cpp --------------------------------------------------------------------------------------
    // The caller holds container.operation.
    void schedule_relaunch(const ContainerPtr& container, std::chrono::milliseconds delay);
    void relaunch(const ContainerPtr& container, uint64_t run);
    // Ends the wait for the next run: exited, for good. The caller holds container.operation and saw kRestarting.
    void cancel_relaunch(Container& container);
    // Starts what the restart policies want running, each after those it depends on. Runs on boot_thread_.
    void start_at_boot();

    // --- engine_watch.cpp ----------------------------------------------------------------------------------------
    // Logs operations that hold their container for long, once each; comes again by timer.
    void watch_operations();

    // --- engine_update.cpp ---------------------------------------------------------------------------------------
    // Gives a running container the limits of `host_config` that are named in `changed`.
    Status apply_update(Container& container, const ContainerRecord& record, const nlohmann::json& host_config,
                        const std::vector<std::string>& changed) const;

    // --- engine_stop.cpp -----------------------------------------------------------------------------------------
    Status stop(const ContainerPtr& container, std::optional<std::string> signal,
                std::optional<std::chrono::seconds> timeout);
    Status stop_and_start(const ContainerPtr& container, const std::string& ref, std::optional<std::string> signal,
                          std::optional<std::chrono::seconds> timeout);
    Status restart_unhealthy(const ContainerPtr& container, uint64_t stops);
    void remove_if_it_would_have_gone(const ContainerPtr& container);
    // Sends a signal to a running container and tells of it. kConflict when it does not run, kNotFound when its process
    // has ended but its exit was not handled yet.
    Status send_signal(const ContainerPtr& container, int32_t signum, bool ends_it);
    Status kill_and_wait(const ContainerPtr& container);

    // --- engine_observe.cpp --------------------------------------------------------------------------------------
    Result<StatsSample> sample_stats(const Container& container) const;
    // False when there is no further sample to be taken.
    bool wait_for_sample(const Container& container, const std::function<bool()>& cancelled) const;

    // --- engine_pause.cpp ----------------------------------------------------------------------------------------
    // `action`: "pause" or "unpause".
    Status change_pause(const std::string& ref, const char* action);
    // Lets a paused container go when it has been sent the signal that is to end it: changes `record`, tells in
    // `events`. For the holder of container.operation.
    void resume_for_signal(BackendContainer& handle, ContainerRecord& record, int32_t signum,
                           std::vector<Event>& events);
    // Brings an adopted container to what its record says.
    void repeat_pause(const ContainerPtr& container);

    // --- engine_exit.cpp -----------------------------------------------------------------------------------------
    void run_events();
    void handle_event(const BackendEvent& event);
    void handle_exit(const ContainerPtr& container, const BackendEvent& event);
    void handle_oom(const ContainerPtr& container);
    void note_exit(const Container& container, const ExitFacts& facts);
    // Everything that follows from the end of a run; `hold` is container.operation.
    void finish_run(const ContainerPtr& container, const ExitFacts& facts, Hold hold);

    // --- engine_exec.cpp -----------------------------------------------------------------------------------------
    void handle_exec_exit(const ContainerPtr& container, const BackendEvent& event);
    // Appends an event that changes no record; a failure is logged and ignored.
    void announce(Event event);

    // --- engine_archive.cpp --------------------------------------------------------------------------------------
    struct ArchiveTask {
        CallContext call;
        const ArchivePlace& place;
        const ContainerRecord& record;
        std::function<void()> begun;  // to be called when the backend gives or takes the first byte
    };
    using ArchiveWork = std::function<Status(BackendContainer& handle, const ArchiveTask& task)>;
    Result<ArchivePlace> archive_place(const ContainerRecord& record, const std::string& path);
    // Runs `work`, again while it answers kConflict because the container's end is about to be handled: it must not
    // have begun to copy then.
    Status with_archive(const std::string& ref, const std::string& path, const ArchiveWork& work);

    // --- engine_health.cpp ---------------------------------------------------------------------------------------
    ProbePort probe_port();
    // Probes a container from now on, if it has a health check. Not to be called twice for one run without need: what
    // is being probed starts over.
    void watch_health(const ContainerRecord& record);
    // The same for a container that was adopted.
    void resume_health(const ContainerPtr& container);
    void start_probe(const std::string& id, const std::string& probe, const HealthCheck& check);
    void kill_probe(const std::string& id, const std::string& probe);
    void finish_probe(BackendContainer& handle, const BackendEvent& event);
    void note_probe(const std::string& id, const HealthCheck& check, HealthResult result);
    // `stops`: the container's stop_requests when it became unhealthy.
    void act_on_unhealthy(const ContainerPtr& container, const std::string& action, uint64_t stops);

    // --- engine_logs.cpp -----------------------------------------------------------------------------------------
    // Sends what a container logs, and what was not sent yet, to where its log driver says.
    void forward_log(const ContainerPtr& container);
    // The same for all containers that there are as the daemon comes up.
    void forward_logs();

    // --- engine_peers.cpp ----------------------------------------------------------------------------------------
    // Replaces names in "container:<ref>" modes by ids. A network's owner may be missing until the start; one of an IPC
    // or PID namespace is kNotFound.
    Status resolve_modes(nlohmann::json& host_config) const;
    // HostConfig.Links of the container that has, or will have, this id and name.
    Result<std::vector<LinkRecord>> resolve_links(const nlohmann::json& host_config, const std::string& id,
                                                  const std::string& name) const;
    // The record with HostConfig.Links as they are now, under the present names.
    RecordPtr with_current_links(RecordPtr record) const;
    void rewrite_hosts_linking_to(const ContainerRecord& target) const;
    Status remove_link(const std::string& ref);

    // --- engine_volumes.cpp --------------------------------------------------------------------------------------
    // Everything a container wants mounted: `existing`, then what comes from VolumesFrom, then Binds, Mounts and Tmpfs,
    // and Config.Volumes where nothing else is; a later one takes the place of an earlier at the same target. Volumes
    // are made as needed and held for the container: the caller settles or abandons them in volumes_.
    Result<std::vector<MountSpec>> plan_mounts(const ContainerRecord& record, const std::vector<MountSpec>& existing);
    Status adapt_to_host_config(ContainerRecord& record);
    void settle_volumes(const ContainerRecord& record);
    Result<std::vector<MountSpec>> mounts_from_others(const nlohmann::json& host_config) const;
    // Copies what the image has below the targets of new, empty volumes into them. The caller holds the lock, or the
    // container is not listed yet.
    Status fill_volumes(Container& container, const std::vector<MountSpec>& mounts);
    bool is_mounted_by_another(const std::string& volume, const std::string& id) const;
    // Anonymous volumes that only this container, now gone, had used.
    void remove_anonymous_volumes(const ContainerRecord& record);

    // --- engine_remove.cpp ---------------------------------------------------------------------------------------
    // Removes a container that does not run, and with `volumes` its anonymous volumes. `hold` is container.operation.
    Status remove_stopped(const ContainerPtr& container, Hold& hold, bool volumes = false);

    // --- reconcile.cpp -------------------------------------------------------------------------------------------
    using Holdings = std::map<std::string, Holding>;
    Status reconcile();
    Result<std::vector<Holding>> list_holdings(Backend& backend) const;
    void reconcile_container(const ContainerPtr& container, Holdings& holdings);
    // The facts of a run that ended or was lost while nobody looked; nullopt: it runs on and is adopted.
    std::optional<ExitFacts> adopt(const ContainerPtr& container);
    void remove_orphans(const std::set<std::string>& set_aside);

    EngineOptions options_;
    std::vector<std::shared_ptr<Backend>> backends_;
    std::vector<BackendProblem> problems_;
    std::shared_ptr<BackendEventQueue> queue_;

    std::shared_ptr<Store> store_;
    std::unique_ptr<EventBus> bus_;
    std::unique_ptr<Networks> networks_;
    std::unique_ptr<VolumeStore> volumes_;
    std::unique_ptr<ImageStore> images_;
    NameIndex names_;
    Registry registry_;
    StartMetrics metrics_;
    ExecRegistry execs_;
    std::unique_ptr<StartServices> services_;
    mutable DirectoryRemover directories_;
    IdPool id_pool_;

    bool restarts_ = false;  // set by open_all() after reconcile(): until then nothing runs again by itself
    TimerQueue timers_;
    std::thread boot_thread_;
    mutable std::mutex hosts_mutex_;  // hosts files of running containers are written one at a time
    std::atomic<bool> stopping_{false};
    WorkerPool workers_{
        4, [this](const std::string& what) { log(LogLevel::kError, "a task of the engine threw: " + what); }};
    HealthMonitor health_{probe_port()};
    std::thread event_thread_;
    std::thread health_thread_;
    Forwarders forwarders_;
    LogCompressor compressor_;
};

}  // namespace slipway::core
