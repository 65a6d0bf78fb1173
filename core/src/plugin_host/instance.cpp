#include "plugin_host/instance.hpp"

#include <algorithm>
#include <cstring>

#include "plugin_host/naming.hpp"
#include "plugin_host/tables.hpp"

namespace slipway::core {
namespace {

Error incomplete(const std::string& backend, const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "backend '" + backend + "' " + what).with_resource(backend);
}

}  // namespace

PluginInstance::PluginInstance(const PluginManifest& manifest, nlohmann::json config, LogFunction log,
                               std::shared_ptr<BackendEventQueue> queue)
    : host_(manifest.name, std::move(config), std::move(log), std::move(queue)) {
    info_.name = manifest.name;
    info_.description = manifest.description;
    info_.path = manifest.library.string();
    info_.platform = manifest.platform;
    info_.image_os = manifest.image_os;
    info_.extensions = manifest.features;
}

Result<std::shared_ptr<PluginInstance>> PluginInstance::start(const PluginManifest& manifest, nlohmann::json config,
                                                              LogFunction log,
                                                              std::shared_ptr<BackendEventQueue> queue) {
    std::shared_ptr<PluginInstance> instance(
        new PluginInstance(manifest, std::move(config), std::move(log), std::move(queue)));
    if (Status started = instance->init(manifest); !started) return std::move(started).error();
    if (Status complete = instance->collect_extensions(); !complete) return std::move(complete).error();
    return instance;
}

Status PluginInstance::init(const PluginManifest& manifest) {
    Result<std::shared_ptr<PluginLibrary>> library = PluginLibrary::open(manifest);
    if (!library) return std::move(library).error();
    library_ = std::move(*library);
    const slw_plugin& entry = library_->entry();
    info_.version = valid_utf8(entry.version);
    info_.abi_major = entry.abi_major;
    info_.abi_minor = entry.abi_minor;

    library_->pin();
    slw_backend* made = nullptr;
    Status status = invoke(name("", "init"), [&](slw_error* err) { return entry.init(host_.get(), &made, err); });
    if (!status) return name_backend(std::move(status).error(), info_.name);
    if (made == nullptr) return contract_error(name("", "init"), "succeeded without a backend");
    backend_ = made;
    return ok();
}

template <class Ops>
Status PluginInstance::read_table(const char* id, std::optional<Ops>& out) {
    const void* table = nullptr;
    try {
        table = library_->entry().get_extension(backend_, id);
    } catch (...) {
        return contract_error(name("", "get_extension"), "threw an exception across the ABI");
    }
    if (table == nullptr) return ok();

    uint32_t size = 0;
    std::memcpy(&size, table, sizeof(size));  // every table starts with struct_size
    if (size < offsetof(Ops, flags) + sizeof(uint32_t)) {
        return incomplete(info_.name, std::string("offers ") + id + " with struct_size " + std::to_string(size));
    }
    Ops copy{};
    std::memcpy(&copy, table, std::min<size_t>(size, sizeof(copy)));
    if (const char* missing = missing_function(copy)) {
        return incomplete(info_.name, std::string("offers ") + id + " without the function '" + missing + "'");
    }
    out = copy;
    info_.extensions.emplace_back(id);
    return ok();
}

Status PluginInstance::collect_extensions() {
    if (Status s = read_table(SLW_EXT_CREATE, create_); !s) return s;
    if (Status s = read_table(SLW_EXT_MOUNT, mount_); !s) return s;
    if (Status s = read_table(SLW_EXT_NETWORK, network_); !s) return s;
    if (Status s = read_table(SLW_EXT_STDIO, stdio_); !s) return s;
    if (Status s = read_table(SLW_EXT_RECONCILE, reconcile_); !s) return s;
    if (Status s = read_table(SLW_EXT_PAUSE, pause_); !s) return s;
    if (Status s = read_table(SLW_EXT_EXEC, exec_); !s) return s;
    if (Status s = read_table(SLW_EXT_UPDATE, update_); !s) return s;
    if (Status s = read_table(SLW_EXT_STATS, stats_); !s) return s;
    if (Status s = read_table(SLW_EXT_TOP, top_); !s) return s;
    if (Status s = read_table(SLW_EXT_ARCHIVE, archive_); !s) return s;

    if (!create_) return incomplete(info_.name, "lacks the required extension " SLW_EXT_CREATE);
    if (!mount_) return incomplete(info_.name, "lacks the required extension " SLW_EXT_MOUNT);
    if (!network_) return incomplete(info_.name, "lacks the required extension " SLW_EXT_NETWORK);
    info_.accepts_start_hostconfig = (create_->flags & SLW_CREATE_ACCEPTS_START_HOSTCONFIG) != 0;
    info_.parks = (create_->flags & SLW_CREATE_PARKS) != 0;
    info_.maps_users = (create_->flags & SLW_CREATE_USER_NAMESPACES) != 0;
    info_.writes_log_attributes = (create_->flags & SLW_CREATE_LOG_ATTRIBUTES) != 0;
    info_.network_first = (create_->flags & SLW_CREATE_NETWORK_FIRST) != 0;
    info_.pauses = pause_.has_value();
    info_.executes = exec_.has_value();
    return ok();
}

PluginInstance::~PluginInstance() {
    if (backend_ == nullptr) return;
    try {
        library_->entry().deinit(backend_);
    } catch (...) {
        // Nothing can be done about a plugin that throws while it ends; its library stays loaded either way.
    }
}

}  // namespace slipway::core
