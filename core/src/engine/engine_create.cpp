// Making containers, and renaming them.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "health/health_check.hpp"
#include "model/host_config.hpp"
#include "model/log_attributes.hpp"
#include "model/log_config.hpp"
#include "model/merge.hpp"
#include "model/mount_plan.hpp"
#include "model/network_mode.hpp"
#include "model/ports.hpp"
#include "model/references.hpp"
#include "names/identity.hpp"
#include "start/undo_stack.hpp"

#include <slipway/core/schema.hpp>

#include <Poco/Environment.h>

namespace slipway::core {

namespace {

namespace fs = std::filesystem;

Status make_private_directory(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, fs::perms::owner_all, error);
    if (!error) return ok();
    return Error::from_code(error, "create '" + path.string() + "'").with_resource(path.string());
}

std::string label_of(const nlohmann::json& config, const char* label) {
    const auto labels = config.find("Labels");
    return labels != config.end() && labels->is_object() ? labels->value(label, "") : "";
}

// `merged` has the image's part in it, `given` only what the user said.
Status check_health_options(const Backend& backend, const nlohmann::json& merged, const nlohmann::json& given) {
    if (Status checked = check_healthcheck(merged.value("Healthcheck", nlohmann::json())); !checked) return checked;
    if (auto action = parse_on_unhealthy(label_of(given, kOnUnhealthyLabel)); !action) return std::move(action).error();
    if (!health_check_of(merged) || backend.info().executes) return ok();
    return Error(ErrorCode::kUnimplemented,
                 "backend '" + backend.info().name +
                     "' does not support running further commands in a container, which health checks need")
        .with_resource("Config.Healthcheck");
}

// What the user asked for about the network its mode means; other networks are refused elsewhere.
nlohmann::json endpoint_settings(const nlohmann::json& networking, const std::string& network,
                                 const std::string& mode) {
    const auto endpoints = networking.find("EndpointsConfig");
    if (endpoints == networking.end() || !endpoints->is_object()) return nlohmann::json::object();
    for (const std::string& name : {network, mode}) {
        const auto settings = endpoints->find(name);
        if (settings != endpoints->end() && settings->is_object()) return *settings;
    }
    return nlohmann::json::object();
}

Status check_platform(const std::string& wanted, const Backend& backend) {
    const std::string system = wanted.substr(0, wanted.find('/'));
    if (system.empty() || system == backend.info().image_os) return ok();
    return Error(ErrorCode::kInvalidArgument,
                 "operating system \"" + system + "\" is not supported by backend '" + backend.info().name + "'");
}

struct CheckedRequest {
    nlohmann::json config, host_config, networking;  // normalised
};

// What can be said about a request without a backend and an image.
Result<CheckedRequest> check_request(const CreateContainer& request) {
    if (request.config.is_null()) {
        return Error(ErrorCode::kInvalidArgument, "config cannot be empty in order to create a container");
    }
    auto config = normalise(config_schema(), request.config, "Config");
    if (!config) return std::move(config).error();
    auto host_config = normalise(host_config_schema(), request.host_config, "HostConfig");
    if (!host_config) return std::move(host_config).error();
    auto networking = normalise(networking_config_schema(), request.networking_config, "NetworkingConfig");
    if (!networking) return std::move(networking).error();
    if (Status refused = refuse_unimplemented(*config, *host_config); !refused) return std::move(refused).error();
    if (Status checked = check_network_mode(*config, *host_config); !checked) return std::move(checked).error();
    return CheckedRequest{std::move(*config), std::move(*host_config), std::move(*networking)};
}

}  // namespace

ContainerDesc EngineImpl::describe(const ContainerRecord& record) const {
    const fs::path below = fs::path("backends") / record.backend / "containers" / record.id;
    return {record.id, record.name, (options_.exec_root / below).string(), (options_.data_root / below).string(),
            record.user_namespace.is_object() ? record.user_namespace.dump() : std::string()};
}

Status EngineImpl::make_directories(const ContainerRecord& record) const {
    const ContainerDesc desc = describe(record);
    for (const std::string& path : {record.data_dir, desc.data_dir, desc.state_dir}) {
        if (Status made = make_private_directory(path); !made) return made;
    }
    return ok();
}

void EngineImpl::remove_directories(const ContainerRecord& record) const {
    const ContainerDesc desc = describe(record);
    for (const auto& [path, error] : directories_.remove({desc.state_dir, desc.data_dir, record.data_dir})) {
        log(LogLevel::kWarn, "remove '" + path + "': " + error.message() + ", to be tried again");
    }
}

Status EngineImpl::open_handle(Container& container) const {
    const RecordPtr record = container.record();
    // The state directory does not survive a reboot.
    if (Status made = make_directories(*record); !made) return made;
    auto handle = container.backend->open_container(describe(*record));
    if (!handle) return std::move(handle).error();
    container.set_handle(std::move(*handle));
    return ok();
}

Result<ContainerRecord> EngineImpl::prepare_record(const Backend& backend, const nlohmann::json& config,
                                                   nlohmann::json host_config, const nlohmann::json& networking) const {
    ContainerRecord record;
    record.id = generate_id();
    record.created = unix_now();
    record.image = config.value("Image", "");
    record.backend = backend.info().name;
    record.host_config = std::move(host_config);

    if (auto ports = published_ports(config, record.host_config); !ports) return std::move(ports).error();

    const std::string mode = record.host_config.value("NetworkMode", "");
    if (!joined_container(mode)) {
        auto network = networks_->for_mode(mode);
        // Not 404: clients take that for a missing image, and try to pull it.
        if (!network) return std::move(network).error().with_code(ErrorCode::kInvalidArgument);
        record.endpoints = {
            {network->name, network->id, "", endpoint_settings(networking, network->name, mode), nullptr}};
    }

    record.data_dir = (options_.data_root / "containers" / record.id).string();
    auto policy = log_policy(record.host_config);
    if (!policy) return std::move(policy).error();
    if (policy->enabled) record.log_path = log_path_of(record);
    if (backend.info().image_os == "linux") use_own_network_files(record);
    return record;
}

Result<std::shared_ptr<Backend>> EngineImpl::choose_backend(const nlohmann::json& host_config,
                                                            const std::string& platform) const {
    const std::string runtime = host_config.value("Runtime", "");
    auto backend = find_backend(runtime.empty() ? options_.default_backend : runtime);
    if (backend == nullptr && runtime.empty()) {
        return Error(ErrorCode::kUnavailable, "backend '" + options_.default_backend + "' is not loaded");
    }
    if (backend == nullptr) {
        return Error(ErrorCode::kInvalidArgument, "unknown or invalid runtime name: " + runtime);
    }
    if (Status checked = check_platform(platform, *backend); !checked) return std::move(checked).error();
    return backend;
}

Result<EngineImpl::Draft> EngineImpl::draft_container(const CreateContainer& request) {
    auto checked = check_request(request);
    if (!checked) return std::move(checked).error();
    auto backend = choose_backend(checked->host_config, request.platform);
    if (!backend) return std::move(backend).error();
    const PathStyle style = path_style((*backend)->info().image_os);
    if (Status valid = check_host_config(checked->host_config, style); !valid) return std::move(valid).error();

    Draft draft;
    draft.backend = std::move(*backend);
    nlohmann::json image_config = nullptr;
    if (const std::string image = checked->config.value("Image", ""); !image.empty()) {
        auto found = images_->find_and_pin(image);
        if (!found) return std::move(found).error();
        draft.pin = std::move(*found);
        const auto inner = draft.pin->image().document.find("config");
        if (inner != draft.pin->image().document.end()) image_config = *inner;
    }
    auto merged = merge_config(checked->config, image_config);
    if (!merged) return std::move(merged).error();
    if (Status healthy = check_health_options(*draft.backend, merged->config, checked->config); !healthy) {
        return std::move(healthy).error();
    }
    if (Status resolved = resolve_modes(checked->host_config); !resolved) return std::move(resolved).error();
    auto verified = draft.backend->verify(internal_call(), merged->config, checked->host_config, false);
    if (!verified) return std::move(verified).error();
    draft.warnings = std::move(verified->warnings);

    auto record = prepare_record(*draft.backend, merged->config, std::move(verified->host_config), checked->networking);
    if (!record) return std::move(record).error();
    draft.record = std::move(*record);
    draft.record.config = std::move(merged->config);
    draft.record.on_unhealthy = label_of(checked->config, kOnUnhealthyLabel);
    draft.record.path = std::move(merged->path);
    draft.record.args = std::move(merged->args);
    if (draft.pin) {
        draft.record.image_id = draft.pin->image().id;
        draft.record.layers = draft.pin->image().layers;
    }
    if (draft.record.config.value("Hostname", "").empty()) {
        const bool host_mode = draft.record.host_config.value("NetworkMode", "") == "host";
        draft.record.config["Hostname"] = host_mode ? Poco::Environment::nodeName() : short_id(draft.record.id);
    }
    if (Status packed = check_log_compression(draft.record.host_config, draft.backend->info()); !packed) {
        return std::move(packed).error();
    }
    if (auto attributes = record_attributes(draft.record, draft.backend->info()); !attributes) {
        return std::move(attributes).error();
    }
    return draft;
}

Status EngineImpl::reserve_name(ContainerRecord& record, const std::string& wanted) {
    if (wanted.empty()) {
        record.name = names_.reserve_made_up(record.id);
        return ok();
    }
    auto name = check_container_name(wanted);
    if (!name) return std::move(name).error();
    record.name = std::move(*name);
    return names_.reserve(record.name, record.id);
}

Result<CreatedContainer> EngineImpl::create_container(const CreateContainer& request) {
    auto draft = draft_container(request);
    if (!draft) return std::move(draft).error();
    ContainerRecord& record = draft->record;

    // In this order, so that a failure is undone before the lock is given back, and that before the container goes.
    ContainerPtr container;
    Hold hold;
    UndoStack undo;
    if (Status reserved = reserve_name(record, request.name); !reserved) return std::move(reserved).error();
    undo.push([&] { names_.release(record.name, record.id); });
    auto users = take_users(record.id, *draft->backend, record.host_config);
    if (!users) return std::move(users).error();
    record.user_namespace = std::move(*users);
    undo.push([&] { id_pool_.give_back(record.id); });
    auto links = resolve_links(record.host_config, record.id, record.name);
    if (!links) return std::move(links).error();
    record.links = std::move(*links);
    record.host_config["Links"] = nlohmann::json::array();  // shown from record.links, under today's names

    undo.push([&] { volumes_->abandon(record.id); });
    auto mounts = plan_mounts(record, {});
    if (!mounts) return std::move(mounts).error();
    set_mounts(record, *mounts);

    undo.push([&] { remove_directories(record); });  // half of them may be there
    if (Status made = make_directories(record); !made) return std::move(made).error();

    container = std::make_shared<Container>(record, draft->backend);
    if (Status opened = open_handle(*container); !opened) return std::move(opened).error();
    undo.push([container] { container->set_handle(nullptr); });

    if (Status made = container->handle()->root_create(internal_call(), record.layers); !made) {
        return std::move(made).error().context("create the root of container " + short_id(record.id));
    }
    undo.push([this, container] {
        Status removed = container->handle()->root_remove(internal_call());
        if (!removed) log(LogLevel::kError, "undo of create: " + removed.error().message() + ", ignoring");
    });

    if (Status filled = fill_volumes(*container, *mounts); !filled) return std::move(filled).error();

    // Listed before the event tells of it; found by name and id only from here on. Whoever is faster than the commit
    // waits for it.
    hold = container->operation.acquire("create");
    registry_.add(container);
    names_.add(record.id);
    undo.push([this, container] {
        registry_.remove(container->id);
        names_.remove(container->id);
        container->waiters.note_removal({});
    });
    Batch batch;
    batch.put(record);
    for (const VolumeRecord& volume : volumes_->hidden(record.id)) {
        batch.put(volume);
        batch.append(volume_event(volume.name, "create", {}));
    }
    batch.append(container_event(record, "create"));
    auto committed = store_->commit(std::move(batch), Durability::kFull);
    if (!committed) return std::move(committed).error();
    undo.keep();
    settle_volumes(record);
    return CreatedContainer{record.id, std::move(draft->warnings)};
}

Status EngineImpl::rename_container(const std::string& ref, const std::string& new_name) {
    constexpr const char* kAllocating = "Error when allocating new name";
    auto container = find(ref);
    if (!container) return std::move(container).error();
    if (new_name.empty() || new_name == "/") {
        return Error(ErrorCode::kInvalidArgument, "Neither old nor new names may be empty");
    }
    auto name = check_container_name(new_name);
    if (!name) return std::move(name).error().context(kAllocating);

    auto hold = lock(*container, ref, "rename");
    if (!hold) return std::move(hold).error();
    ContainerRecord record = *(*container)->record();
    if (record.name == *name) {
        return Error(ErrorCode::kInvalidArgument, "Renaming a container with the same name as its current name");
    }
    const std::string old_name = record.name;
    if (Status renamed = names_.rename(old_name, *name, record.id); !renamed) {
        return std::move(renamed).error().context(kAllocating);
    }
    record.name = *name;
    Batch batch;
    batch.put(record);
    batch.append(container_event(record, "rename", {{"oldName", "/" + old_name}}));
    const RecordPtr before = (*container)->record();
    (*container)->publish(std::move(record));
    auto committed = store_->commit(std::move(batch), Durability::kFull);
    if (committed) return ok();
    (*container)->publish(*before);
    if (Status back = names_.rename(*name, old_name, before->id); !back) {
        log(LogLevel::kError, "undo of rename: " + back.error().message() + ", ignoring");
    }
    return std::move(committed).error();
}

}  // namespace slipway::core
