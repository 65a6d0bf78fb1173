// Volumes, by themselves and as what containers mount.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "model/mount_plan.hpp"
#include "model/references.hpp"
#include "names/identity.hpp"
#include "start/undo_stack.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

using nlohmann::json;

bool has_label(const VolumeRecord& volume, const std::string& wanted) {
    const size_t equals = wanted.find('=');
    const auto found = volume.labels.find(wanted.substr(0, equals));
    if (found == volume.labels.end()) return false;
    return equals == std::string::npos || found->second == wanted.substr(equals + 1);
}

Result<bool> read_flag(const std::string& key, const std::string& value) {
    if (value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    return Error(ErrorCode::kInvalidArgument, "invalid filter '" + key + "=[" + value + "]'");
}

// Values of one key are alternatives, except that all labels must match.
Result<bool> passes(const Filters& filters, const VolumeRecord& volume, bool used) {
    for (const auto& [key, values] : filters) {
        bool any = values.empty(), all = true;
        for (const std::string& value : values) {
            bool match = false;
            if (key == "name") match = volume.name.find(value) != std::string::npos;
            if (key == "driver") match = volume.driver == value;
            if (key == "label") match = has_label(volume, value);
            if (key == "label!") match = !has_label(volume, value);
            if (key == "dangling") {
                const auto dangling = read_flag(key, value);
                if (!dangling) return dangling.error();
                match = *dangling != used;
            }
            any = any || match;
            all = all && match;
        }
        if (!(key.starts_with("label") ? all : any)) return false;
    }
    return true;
}

}  // namespace

Result<std::vector<VolumeRecord>> EngineImpl::list_volumes(const Filters& filters) const {
    std::vector<VolumeRecord> list;
    for (VolumeRecord& volume : volumes_->all()) {
        const auto passed = passes(filters, volume, !volumes_->users_of(volume.name).empty());
        if (!passed) return passed.error();
        if (*passed) list.push_back(std::move(volume));
    }
    return list;
}

Result<VolumeRecord> EngineImpl::find_volume(const std::string& name) const {
    return volumes_->find(name);
}

Result<VolumeRecord> EngineImpl::create_volume(const CreateVolume& wanted) {
    if (!wanted.name.empty()) return volumes_->create(wanted);
    // As for a container that came to be at once.
    CreateVolume named = wanted;
    named.name = generate_id();
    named.labels.emplace(kAnonymousLabel, "");
    return volumes_->create(named);
}

Status EngineImpl::remove_volume(const std::string& name, bool force) {
    Status removed = volumes_->remove(name);
    if (!removed && force && removed.error().code() == ErrorCode::kNotFound) return ok();
    return removed;
}

Result<PruneReport> EngineImpl::prune_volumes(const Filters& filters) {
    Filters rest = filters;
    bool all = false;
    if (const auto given = rest.find("all"); given != rest.end()) {
        for (const std::string& value : given->second) {
            const auto flag = read_flag("all", value);
            if (!flag) return flag.error();
            all = all || *flag;
        }
        rest.erase(given);
    }
    PruneReport report;
    for (const VolumeRecord& volume : volumes_->all()) {
        if (!all && !volume.is_anonymous()) continue;
        const auto passed = passes(rest, volume, false);
        if (!passed) return passed.error();
        if (!*passed || !volumes_->users_of(volume.name).empty()) continue;
        const uint64_t bytes = volumes_->size_of(volume.name);
        if (Status removed = volumes_->remove(volume.name); !removed) {
            // Used or removed meanwhile.
            log(LogLevel::kDebug, "prune: " + removed.error().message() + ", ignoring");
            continue;
        }
        report.deleted.push_back(volume.name);
        report.reclaimed_bytes += bytes;
    }
    Event event = volume_event("", "prune", {{"reclaimed", std::to_string(report.reclaimed_bytes)}});
    event.attributes.erase("driver");
    if (auto told = bus_->append(std::move(event)); !told) {
        log(LogLevel::kError, "event prune: " + told.error().message() + ", ignoring");
    }
    return report;
}

Result<std::vector<MountSpec>> EngineImpl::mounts_from_others(const json& host_config) const {
    std::vector<MountSpec> mounts;
    for (const json& entry : host_config.at("VolumesFrom")) {
        auto from = parse_volumes_from(entry.get_ref<const std::string&>());
        if (!from) return std::move(from).error();
        auto other = find(from->container);
        if (!other) return std::move(other).error();
        auto theirs = mounts_of(*(*other)->record());
        if (!theirs) return std::move(theirs).error();
        std::erase_if(*theirs, [](const MountSpec& mount) { return mount.type == "tmpfs"; });
        for (MountSpec& mount : *theirs) {
            mount.copy_up = false;
            if (from->read_only) mount.params.flags |= SLW_MOUNT_READ_ONLY;
        }
        lay_over(mounts, std::move(*theirs));
    }
    return mounts;
}

Result<std::vector<MountSpec>> EngineImpl::plan_mounts(const ContainerRecord& record,
                                                       const std::vector<MountSpec>& existing) {
    const json& host_config = record.host_config;
    const std::shared_ptr<Backend> backend = find_backend(record.backend);
    const PathStyle style = backend == nullptr ? PathStyle::kLinux : path_style(backend->info().image_os);
    std::vector<MountSpec> mounts = existing;
    auto others = mounts_from_others(host_config);
    if (!others) return std::move(others).error();
    lay_over(mounts, std::move(*others));
    auto wanted = wanted_mounts(host_config, style);
    if (!wanted) return std::move(wanted).error();
    lay_over(mounts, std::move(*wanted));
    for (const auto& [target, ignored] : record.config.at("Volumes").items()) {
        auto volume = parse_config_volume(target, style);
        if (!volume) return std::move(volume).error();
        const bool taken = std::any_of(mounts.begin(), mounts.end(), [&](const MountSpec& mount) {
            return mount.params.target == volume->params.target;
        });
        if (!taken) mounts.push_back(std::move(*volume));
    }
    sort_by_depth(mounts);

    const std::string driver = host_config.value("VolumeDriver", "");
    for (MountSpec& mount : mounts) {
        if (mount.type != "volume") continue;
        // As in Docker, whose volumes on Windows begin empty: a root there is no directory that could be looked into.
        if (style == PathStyle::kWindows) mount.copy_up = false;
        auto volume = volumes_->use(
            record.id, {mount.volume, mount.driver.empty() ? driver : mount.driver, mount.options, mount.labels});
        if (!volume) return std::move(volume).error();
        mount.volume = volume->name;
        mount.params.source = volume->mountpoint;
    }
    return mounts;
}

Status EngineImpl::adapt_to_host_config(ContainerRecord& record) {
    if (Status resolved = resolve_modes(record.host_config); !resolved) return resolved;
    if (Status checked = check_users_unchanged(record); !checked) return checked;
    auto links = resolve_links(record.host_config, record.id, record.name);
    if (!links) return std::move(links).error();
    auto existing = mounts_of(record);
    if (!existing) return std::move(existing).error();
    auto mounts = plan_mounts(record, *existing);
    if (!mounts) return std::move(mounts).error();
    record.links = std::move(*links);
    record.host_config["Links"] = json::array();  // shown from record.links, under today's names
    set_mounts(record, *mounts);
    return ok();
}

void EngineImpl::settle_volumes(const ContainerRecord& record) {
    const auto mounts = mounts_of(record);
    if (!mounts) return;
    if (Status settled = volumes_->settle(record.id, volumes_of(*mounts)); !settled) {
        log(LogLevel::kError, "container " + record.id + ": " + settled.error().message() + ", ignoring");
    }
}

bool EngineImpl::is_mounted_by_another(const std::string& volume, const std::string& id) const {
    for (const std::string& user : volumes_->users_of(volume)) {
        const ContainerPtr container = user == id ? nullptr : registry_.find(user);
        if (container == nullptr) continue;
        if (container->record()->is_running() || container->phase.name() != nullptr) return true;
    }
    return false;
}

Status EngineImpl::fill_volumes(Container& container, const std::vector<MountSpec>& mounts) {
    const RecordPtr record = container.record();
    if (record->layers.empty()) return ok();
    std::vector<MountParams> empty_ones;
    for (const MountSpec& mount : mounts) {
        if (!mount.copy_up || is_mounted_by_another(mount.volume, container.id)) continue;
        MountParams params;
        params.source = volumes_->data_of(mount.volume).string();
        params.target = mount.params.target;
        params.flags = SLW_MOUNT_COPY_UP;
        std::error_code unknown;
        if (std::filesystem::is_empty(*params.source, unknown) && !unknown) empty_ones.push_back(std::move(params));
    }
    if (empty_ones.empty()) return ok();

    const auto handle = container.handle();
    if (Status mounted = handle->root_mount(internal_call(), record->layers, true); !mounted) return mounted;
    UndoStack undo;
    undo.push([&] {
        Status unmounted = handle->root_unmount(internal_call());
        if (!unmounted) log(LogLevel::kError, "container " + container.id + ": " + unmounted.error().message());
    });
    for (const MountParams& params : empty_ones) {
        // However much the image has there: it is copied whole or not at all, and would begin anew the next time.
        const CallContext unlimited;
        auto mounted = handle->mount(unlimited, params);
        if (!mounted) return std::move(mounted).error().context("fill volume at '" + params.target + "'");
        if (Status unmounted = handle->unmount(internal_call(), *mounted); !unmounted) return unmounted;
    }
    return ok();
}

void EngineImpl::remove_anonymous_volumes(const ContainerRecord& record) {
    const auto mounts = mounts_of(record);
    if (!mounts) return;
    for (const MountSpec& mount : *mounts) {
        if (mount.type != "volume" || !mount.anonymous || !volumes_->users_of(mount.volume).empty()) continue;
        Status removed = volumes_->remove(mount.volume);
        if (!removed && removed.error().code() != ErrorCode::kNotFound) {
            log(LogLevel::kWarn, "volume of " + record.name + ": " + removed.error().message() + ", ignoring");
        }
    }
}

}  // namespace slipway::core
