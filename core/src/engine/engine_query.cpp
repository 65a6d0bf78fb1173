// Lookups, lists, images, networks, events and facts.

#include "engine/engine_impl.hpp"
#include "engine/list_filter.hpp"

namespace slipway::core {

Result<ContainerPtr> EngineImpl::find(const std::string& ref) const {
    auto id = names_.find(ref);
    if (!id) return std::move(id).error();
    ContainerPtr container = registry_.find(*id);
    if (container == nullptr) return Error(ErrorCode::kNotFound, "No such container: " + ref).with_resource(ref);
    return container;
}

Result<OperationLock::Hold> EngineImpl::lock(const ContainerPtr& container, const std::string& ref,
                                             const char* what) const {
    constexpr std::chrono::milliseconds kLook{100};
    while (true) {
        auto hold = container->operation.acquire_for(kLook, what);
        if (hold) {
            if (container->waiters.removed()) {
                return Error(ErrorCode::kNotFound, "No such container: " + ref).with_resource(ref);
            }
            // What kept it from being opened when the daemon started, a full disk perhaps, may be over.
            if (container->handle() == nullptr && find_backend(container->record()->backend) != nullptr) {
                if (Status opened = open_handle(*container); !opened) return std::move(opened).error();
            }
            return std::move(*hold);
        }
        if (stopping_) return Error(ErrorCode::kUnavailable, "the engine shuts down");
        if (!container->phase.is_overdue(options_.backend_grace)) continue;
        const char* phase = container->phase.name();
        return Error(ErrorCode::kUnavailable, "container " + container->id +
                                                  " is busy: the backend does not return from " +
                                                  (phase != nullptr ? phase : "an earlier operation"));
    }
}

std::vector<RecordPtr> EngineImpl::all_records() const {
    std::vector<RecordPtr> records;
    for (const ContainerPtr& container : registry_.all()) records.push_back(container->snapshot());
    return records;
}

std::shared_ptr<Backend> EngineImpl::find_backend(const std::string& name) const {
    for (const auto& backend : backends_) {
        if (backend->info().name == name) return backend;
    }
    return nullptr;
}

CallContext EngineImpl::internal_call() const {
    const auto limit = std::chrono::nanoseconds(options_.default_phase_deadline).count();
    return {monotonic_now() + static_cast<MonotonicNanos>(limit), nullptr};
}

void EngineImpl::publish_and_store(Container& container, ContainerRecord record, std::vector<Event> events,
                                   Durability durability) {
    Batch batch;
    batch.put(record);
    for (Event& event : events) batch.append(std::move(event));
    container.publish(std::move(record));
    auto committed = store_->commit(std::move(batch), durability);
    if (!committed) {
        log(LogLevel::kError,
            "container " + container.id + ": a change could not be stored, ignoring: " + committed.error().message());
    }
}

Result<RecordPtr> EngineImpl::find_container(const std::string& ref) const {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    return with_current_links((*container)->snapshot());
}

Result<std::vector<RecordPtr>> EngineImpl::list_containers(const ListOptions& options) const {
    return filter_list(all_records(), options, [this](const std::string& ref) { return find_container(ref); });
}

Result<uint64_t> EngineImpl::container_size_rw(const std::string& ref) {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    const auto handle = (*container)->handle();
    if (handle == nullptr) {
        return Error(ErrorCode::kUnavailable, "backend '" + (*container)->record()->backend + "' is not loaded");
    }
    return handle->root_size(internal_call());
}

Result<ImagePtr> EngineImpl::find_image(const std::string& ref) const {
    return images_->find(ref);
}

Result<std::vector<ImagePtr>> EngineImpl::list_images(const Filters& filters) const {
    return images_->list(filters);
}

Result<std::vector<std::string>> EngineImpl::load_images(const ByteSource& archive,
                                                         const std::function<void(const std::string&)>& progress) {
    return images_->load(archive, progress);
}

Result<std::string> EngineImpl::import_image(const ByteSource& tar, const std::string& repository,
                                             const std::string& tag, const std::string& message,
                                             const std::vector<std::string>& changes) {
    return images_->import(tar, repository, tag, message, changes);
}

Status EngineImpl::tag_image(const std::string& ref, const std::string& repository, const std::string& tag) {
    return images_->tag(ref, repository, tag);
}

Result<std::vector<DeletedImagePart>> EngineImpl::remove_image(const std::string& ref, bool force) {
    return images_->remove(ref, force);
}

int64_t EngineImpl::containers_using(const std::string& image_id) const {
    return images_->containers_using(image_id);
}

std::vector<NetworkRecord> EngineImpl::list_networks() const {
    return networks_->all();
}

Result<NetworkRecord> EngineImpl::find_network(const std::string& ref) const {
    return networks_->find(ref);
}

std::unique_ptr<EventSubscription> EngineImpl::subscribe(UnixNanos since, UnixNanos until,
                                                         std::optional<uint64_t> since_sequence, Filters filters) {
    return bus_->subscribe(since, until, since_sequence, std::move(filters));
}

std::vector<BackendStatus> EngineImpl::backends() const {
    std::vector<BackendStatus> list;
    for (const auto& backend : backends_) {
        list.push_back({backend->info(), backend->info().name == options_.default_backend});
    }
    return list;
}

}  // namespace slipway::core
