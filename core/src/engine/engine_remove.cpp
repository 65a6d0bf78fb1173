// Removing containers.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "engine/list_filter.hpp"
#include "start/release.hpp"

namespace slipway::core {

namespace {

std::string_view how_it_runs(const ContainerRecord& record) {
    switch (record.state) {
        case RunState::kPaused:
            return "container is paused and must be unpaused first";
        case RunState::kRestarting:
            return "container is restarting: stop the container before removing or force remove";
        default:
            return "container is running: stop the container before removing or force remove";
    }
}

}  // namespace

Status EngineImpl::remove_container(const std::string& ref, const RemoveOptions& options) {
    if (options.link) return remove_link(ref);
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    if (container->record()->state == RunState::kRemoving) {
        return Error(ErrorCode::kConflict, "removal of container " + ref + " is already in progress");
    }
    ++container->stop_requests;
    // A container may start again between the kill and the lock; twice is bad luck, more is somebody's doing.
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (container->record()->is_running()) {
            if (!options.force) break;
            if (Status killed = kill_and_wait(container); !killed) {
                return std::move(killed).error().context("cannot remove container \"" + ref + "\": could not kill");
            }
        }
        auto hold = lock(container, ref, "remove");
        if (!hold) {
            // Removed meanwhile, by itself or by somebody else: what was asked for has happened.
            if (options.force && container->waiters.removed()) return ok();
            return std::move(hold).error();
        }
        if (container->record()->is_running()) continue;
        if (Status removed = remove_stopped(container, *hold, options.volumes); !removed) {
            return std::move(removed).error().context("cannot remove container \"" + ref + "\"");
        }
        return ok();
    }
    return Error(ErrorCode::kConflict, "cannot remove container \"/" + container->record()->name +
                                           "\": " + std::string(how_it_runs(*container->record())))
        .with_resource(container->id);
}

Status EngineImpl::remove_stopped(const ContainerPtr& container, Hold& /*proof*/, bool volumes) {
    const RecordPtr before = container->record();
    const auto handle = container->handle();
    if (handle == nullptr) return Error(ErrorCode::kUnavailable, "backend '" + before->backend + "' is not loaded");
    const PhaseScope phase(container->phase, "remove", internal_call().deadline);
    {
        ContainerRecord removing = *before;
        removing.state = RunState::kRemoving;
        Batch batch;
        batch.put(removing);
        container->publish(std::move(removing));
        // Once its root is gone it can only be removed: a daemon that finds it so carries the removal on.
        auto committed = store_->commit(std::move(batch), Durability::kNormal);
        if (!committed) {
            container->publish(*before);
            return std::move(committed).error();
        }
    }
    const auto fail = [&](Error error) -> Status {
        ContainerRecord dead = *before;
        dead.state = RunState::kDead;
        dead.error = error.message();
        publish_and_store(*container, std::move(dead), {});
        container->waiters.note_failed_removal(error.message());
        return error;
    };

    container->attachments.close_all();
    (void)forwarders_.finish(container->id, options_.forward_patience);  // tells of what it could not send
    compressor_.forget(container->id);
    if (!container->copies.end_all(kCopyPatience)) {
        return fail(Error(ErrorCode::kConflict, "files of the container are still being copied"));
    }
    if (container->needs_release) {
        if (Status released = release_run(*container, *handle, internal_call(), options_); !released) {
            return fail(std::move(released).error());
        }
    }
    if (Status removed = handle->root_remove(internal_call()); !removed) return fail(std::move(removed).error());

    Batch batch;
    batch.erase_container(container->id);
    batch.append(container_event(*before, "destroy"));
    // Gone from lists before `destroy` tells of it.
    registry_.remove(container->id);
    names_.remove(container->id);
    auto committed = store_->commit(std::move(batch), Durability::kFull);
    if (!committed) {
        registry_.add(container);
        names_.add(container->id);
        if (Status back = names_.reserve(before->name, container->id); !back) {
            log(LogLevel::kError, "undo of remove: " + back.error().message() + ", ignoring");
        }
        return fail(std::move(committed).error());
    }
    container->set_handle(nullptr);
    remove_directories(*before);
    id_pool_.give_back(container->id);
    volumes_->release(container->id);
    if (volumes) remove_anonymous_volumes(*before);
    // Only when its image went first are the layers this container's alone; otherwise removal need not look at images.
    if (!before->image_id.empty() && !images_->find(before->image_id)) images_->release_layers(before->layers);
    // The error of a failed start was told by that start; here it would read as a failed removal.
    container->waiters.note_removal({before->exit_code, ""});
    return ok();
}

Result<PruneReport> EngineImpl::prune_containers(const Filters& filters) {
    PruneReport report;
    const UnixNanos now = unix_now();
    for (const ContainerPtr& container : registry_.all()) {
        auto wanted = is_pruned(*container->record(), filters, now);
        if (!wanted) return std::move(wanted).error();
        if (!*wanted) continue;
        auto hold = lock(container, container->id, "prune");
        if (!hold) continue;                                     // removed by somebody else, or not to be had
        wanted = is_pruned(*container->record(), filters, now);  // it may have been started meanwhile
        if (!wanted || !*wanted) continue;
        uint64_t size = 0;
        if (const auto handle = container->handle()) {
            if (auto bytes = handle->root_size(internal_call())) size = *bytes;
        }
        if (Status removed = remove_stopped(container, *hold); !removed) {
            log(LogLevel::kWarn, "prune: " + removed.error().message() + ", ignoring");
            continue;
        }
        report.deleted.push_back(container->id);
        report.reclaimed_bytes += size;
    }
    Event event;
    event.when = unix_now();
    event.type = "container";
    event.action = "prune";
    event.attributes = {{"reclaimed", std::to_string(report.reclaimed_bytes)}};
    if (auto told = bus_->append(std::move(event)); !told) {
        log(LogLevel::kError, "event prune: " + told.error().message() + ", ignoring");
    }
    return report;
}

}  // namespace slipway::core
