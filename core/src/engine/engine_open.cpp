// Opening the engine, and ending it.

#include "engine/absent_backend.hpp"
#include "engine/engine_impl.hpp"
#include "model/mount_plan.hpp"

namespace slipway::core {

namespace {

namespace fs = std::filesystem;

Status make_root(const fs::path& path, const char* what) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) return ok();
    return Error::from_code(error, std::string(what) + " '" + path.string() + "'").with_resource(path.string());
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options, std::vector<std::shared_ptr<Backend>> backends,
                                             std::vector<BackendProblem> problems,
                                             std::shared_ptr<BackendEventQueue> queue) {
    auto engine =
        std::make_unique<EngineImpl>(std::move(options), std::move(backends), std::move(problems), std::move(queue));
    if (Status opened = engine->open_all(); !opened) return std::move(opened).error();
    return std::unique_ptr<Engine>(std::move(engine));
}

EngineImpl::EngineImpl(EngineOptions options, std::vector<std::shared_ptr<Backend>> backends,
                       std::vector<BackendProblem> problems, std::shared_ptr<BackendEventQueue> queue)
    : options_(std::move(options)),
      backends_(std::move(backends)),
      problems_(std::move(problems)),
      queue_(std::move(queue)),
      forwarders_({options_.journal_socket, options_.log}),
      compressor_(options_.log) {}

EngineImpl::~EngineImpl() {
    EngineImpl::shut_down();
}

Status EngineImpl::open_all() {
    if (Status made = make_root(options_.data_root, "data root"); !made) return made;
    if (Status made = make_root(options_.exec_root, "exec root"); !made) return made;

    auto store = Store::open({options_.data_root / "slipway.db"});
    if (!store) return std::move(store).error();
    store_ = std::move(*store);
    bus_ = std::make_unique<EventBus>(store_);
    std::shared_ptr<Backend> layers = find_backend(options_.default_backend);
    if (layers == nullptr) {
        log(LogLevel::kError, "the default backend '" + options_.default_backend + "' is not loaded");
        layers = std::make_shared<AbsentBackend>(options_.default_backend);
    }
    std::vector<DamagedRow> damaged_networks;
    auto networks = Networks::open(store_, layers->info().image_os, options_.bridge_disabled, damaged_networks);
    if (!networks) return std::move(networks).error();
    networks_ = std::move(*networks);
    for (const DamagedRow& row : damaged_networks) {
        log(LogLevel::kError, "network " + row.id + " set aside, its record cannot be read: " + row.reason);
    }
    std::vector<DamagedRow> damaged_volumes;
    std::vector<Error> untidy;
    auto volumes = VolumeStore::open(store_, options_.data_root / "volumes", damaged_volumes, untidy);
    if (!volumes) return std::move(volumes).error();
    volumes_ = std::move(*volumes);
    for (const DamagedRow& row : damaged_volumes) {
        log(LogLevel::kError, "volume " + row.id + " set aside, its record cannot be read: " + row.reason);
    }
    // What stays of one volume, or of a load that was cut short, is no reason to have no engine.
    const auto log_untidy = [&] {
        for (const Error& error : untidy) log(LogLevel::kError, error.message() + ", ignoring");
        untidy.clear();
    };
    log_untidy();
    id_pool_.open(options_.user_namespaces.pool, options_.user_namespaces.remap);
    services_ = std::make_unique<StartServices>(
        StartServices{*store_, *networks_, options_, metrics_,
                      [this](const ContainerRecord& record) {
                          watch_health(record);
                          if (const ContainerPtr container = registry_.find(record.id)) forward_log(container);
                      },
                      *volumes_,
                      [this](const std::string& ref) -> Result<RecordPtr> {
                          auto peer = find(ref);
                          if (!peer) return std::move(peer).error();
                          return (*peer)->record();
                      },
                      [this](ContainerRecord& record) { return adapt_to_host_config(record); },
                      [this](const ContainerRecord& record) { settle_volumes(record); },
                      [this](const ContainerRecord& record) { rewrite_hosts_linking_to(record); },
                      [this](Container& container) {
                          auto mounts = mounts_of(*container.record());
                          return mounts ? fill_volumes(container, *mounts) : Status(std::move(mounts).error());
                      },
                      [this](const nlohmann::json& host_config) { return forwarders_.check(host_config); }});

    ImageStoreOptions image_options;
    image_options.store = store_;
    image_options.backend = layers;
    image_options.spool_dir = options_.data_root / "tmp";
    image_options.containers = [this] { return all_records(); };
    std::vector<DamagedRow> damaged;
    auto images = ImageStore::open(std::move(image_options), damaged, untidy);
    if (!images) return std::move(images).error();
    images_ = std::move(*images);
    log_untidy();
    for (const DamagedRow& row : damaged) {
        log(LogLevel::kError, "image " + row.id + " set aside, its record cannot be read: " + row.reason);
    }

    if (Status reconciled = reconcile(); !reconciled) return reconciled;
    if (auto removed = images_->remove_unused_layers(); !removed) {
        log(LogLevel::kWarn, "looking for unused layers: " + removed.error().message() + ", ignoring");
    }
    forward_logs();
    restarts_ = true;
    event_thread_ = std::thread([this] { run_events(); });
    watch_operations();
    boot_thread_ = std::thread([this] { start_at_boot(); });
    health_thread_ = std::thread([this] { health_.run(); });
    return ok();
}

void EngineImpl::shut_down() {
    if (stopping_.exchange(true)) return;
    health_.close();
    if (health_thread_.joinable()) health_thread_.join();
    // Exits that were reported are still recorded; then nobody waits any more.
    timers_.stop();
    if (boot_thread_.joinable()) boot_thread_.join();
    queue_->close();
    if (event_thread_.joinable()) event_thread_.join();
    // No further end will be heard of.
    for (const ContainerPtr& container : registry_.all()) container->waiters.end_patience();
    workers_.drain();
    forwarders_.stop_all();
    compressor_.stop();
    for (const ContainerPtr& container : registry_.all()) {
        container->waiters.close();
        container->attachments.close_all();
    }
    if (bus_ != nullptr) bus_->close();
}

}  // namespace slipway::core
