// Copying files out of and into containers.
//
// A running container is copied from and to beside everything else that happens to it; a start or removal that follows
// its end stops what is still copied. One that does not run is kept as it is meanwhile: its lock is held, and its root
// is mounted for the copy alone.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "image/archive_reader.hpp"
#include "start/phases.hpp"
#include "start/release.hpp"

#include <thread>

namespace slipway::core {

namespace {

// A process has ended, and its end is about to be handled.
constexpr int kTries = 200;
constexpr std::chrono::milliseconds kPause{25};

Error no_such_file(const std::string& ref, const std::string& path) {
    return Error(ErrorCode::kNotFound, "Could not find the file " + path + " in container " + ref).with_resource(path);
}

bool is_alive(const ContainerRecord& record) {
    return record.state == RunState::kRunning || record.state == RunState::kPaused;
}

bool is_going(const ContainerRecord& record) {
    return record.state == RunState::kRemoving || record.state == RunState::kDead;
}

Status as_told(Status status, const std::string& ref, const std::string& path) {
    if (status || status.error().code() != ErrorCode::kNotFound) return status;
    return no_such_file(ref, path);
}

}  // namespace

Result<ArchivePlace> EngineImpl::archive_place(const ContainerRecord& record, const std::string& path) {
    ArchivePlace place;
    place.path = path;
    place.layers = record.layers;
    place.read_only_root = record.host_config.value("ReadonlyRootfs", false);
    if (is_alive(record)) return place;  // it is asked itself
    auto mounts = mounts_of_run(record, *volumes_);
    if (!mounts) return std::move(mounts).error();
    place.mounts = std::move(*mounts);
    // A container that was never started has none of the files that a start writes.
    std::erase_if(place.mounts, [&](const MountParams& mount) {
        const bool is_written = mount.source == record.hosts_path || mount.source == record.hostname_path ||
                                mount.source == record.resolv_conf_path;
        return is_written && !std::filesystem::exists(*mount.source);
    });
    return place;
}

Status EngineImpl::with_archive(const std::string& ref, const std::string& path, const ArchiveWork& work) {
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    for (int attempt = 1;; ++attempt) {
        auto hold = lock(container, ref, "copy");
        if (!hold) return std::move(hold).error();
        const RecordPtr record = container->record();
        if (is_going(*record)) {
            return Error(ErrorCode::kConflict, "container " + ref + " is marked for removal").with_resource(record->id);
        }
        const auto handle = container->handle();
        if (handle == nullptr) return Error(ErrorCode::kUnavailable, "backend '" + record->backend + "' is not loaded");
        auto place = archive_place(*record, path);
        if (!place) return std::move(place).error();
        const bool alive = is_alive(*record);
        if (!alive && container->needs_release) {
            if (Status released = release_run(*container, *handle, internal_call(), options_); !released)
                return released;
        }
        const Copies::Entry copy(container->copies);
        // Until the backend has got hold of what is copied the container must not change under it.
        const std::function<void()> begun = [&] {
            if (alive) hold->release();
        };
        Status status = work(*handle, {CallContext{0, copy.cancel()}, *place, *record, begun});
        const bool is_ending = !status && alive && status.error().code() == ErrorCode::kConflict;
        if (!is_ending || attempt == kTries) return as_told(std::move(status), ref, path);
        hold->release();
        std::this_thread::sleep_for(kPause);
    }
}

Result<nlohmann::json> EngineImpl::archive_stat(const std::string& ref, const std::string& path) {
    nlohmann::json stat;
    Status done = with_archive(ref, path, [&](BackendContainer& handle, const ArchiveTask& task) -> Status {
        auto answer = handle.archive_stat(task.call, task.place);
        if (!answer) return std::move(answer).error();
        stat = std::move(*answer);
        return ok();
    });
    if (!done) return std::move(done).error();
    return stat;
}

Status EngineImpl::archive_get(const std::string& ref, const std::string& path,
                               const std::function<void(const nlohmann::json&)>& head, const ByteSink& tar) {
    return with_archive(ref, path, [&](BackendContainer& handle, const ArchiveTask& task) {
        const auto begun = [&](const nlohmann::json& stat) {
            task.begun();
            announce(container_event(task.record, "archive-path"));
            head(stat);
        };
        return handle.archive_get(task.call, task.place, begun, tar);
    });
}

Status EngineImpl::archive_put(const std::string& ref, const std::string& path, const ArchivePutOptions& options,
                               const ByteSource& archive) {
    // Decompressed here, by the daemon itself: no program of the container, or of anybody, has a part in it.
    std::optional<PlainStream> plain;
    Status done = with_archive(ref, path, [&](BackendContainer& handle, const ArchiveTask& task) {
        const ByteSource tar = [&](void* buffer, uint64_t capacity) -> int64_t {
            if (!plain) {
                task.begun();
                plain.emplace(archive);
            }
            return plain->read(buffer, capacity);
        };
        Status put = handle.archive_put(task.call, task.place, options, tar);
        if (put) announce(container_event(task.record, "extract-to-dir"));
        return put;
    });
    // What the stream is to blame for says more than how the reader of the tar took it.
    if (!done && plain && plain->error()) return *plain->error();
    return done;
}

Status EngineImpl::export_container(const std::string& ref, const ByteSink& tar) {
    return with_archive(ref, "/", [&](BackendContainer& handle, const ArchiveTask& task) {
        bool begun = false;
        return handle.archive_export(task.call, task.place, [&](const void* data, uint64_t size) {
            if (!begun) {
                task.begun();
                announce(container_event(task.record, "export"));
            }
            begun = true;
            return tar(data, size);
        });
    });
}

Result<nlohmann::json> EngineImpl::container_changes(const std::string& ref) {
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const auto handle = (*found)->handle();
    if (handle == nullptr) {
        return Error(ErrorCode::kUnavailable, "backend '" + (*found)->record()->backend + "' is not loaded");
    }
    return handle->root_diff(internal_call());
}

}  // namespace slipway::core
