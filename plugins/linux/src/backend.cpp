#include <backend.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <cgroup/slice_name.hpp>
#include <cgroup/systemd_scopes.hpp>
#include <container.hpp>
#include <fs/layer_store.hpp>
#include <net/network_manager.hpp>
#include <process/base_namespace.hpp>
#include <process/container_registry.hpp>
#include <process/session_reader.hpp>
#include <process/supervisor_program.hpp>
#include <spec/cdi_devices.hpp>
#include <spec/json_access.hpp>
#include <spec/seccomp_cache.hpp>

#include <dlfcn.h>

#include <filesystem>

namespace slipway::linux_backend {
namespace {

// The build tree and an installation have the same layout: <prefix>/lib/slipway/backends/<plugin>, <prefix>/bin.
std::string default_supervisor() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&default_supervisor), &info) == 0 || info.dli_fname == nullptr) return {};
    std::error_code ignored;
    const std::filesystem::path plugin = std::filesystem::absolute(info.dli_fname, ignored);
    return (plugin.parent_path() / "../../../bin/slipway-supervisor").lexically_normal().string();
}

Status read_cgroup_settings(const nlohmann::json& document, BackendConfig& config) {
    const std::string driver = read_text(document, "cgroup_driver");
    if (!driver.empty() && driver != "cgroupfs" && driver != "systemd") {
        return Error(ErrorCode::kInvalidArgument, "native.cgroupdriver option " + driver + " not supported");
    }
    config.systemd_cgroups = driver == "systemd";
    config.cgroup_parent = read_text(document, "cgroup_parent");
    if (config.cgroup_parent.empty()) config.cgroup_parent = config.systemd_cgroups ? "system.slice" : "/slipway";
    if (!config.systemd_cgroups) return ok();
    const Result<std::string> slice = expand_slice(config.cgroup_parent);
    return slice ? ok() : Status(slice.error());
}

std::unique_ptr<CgroupManager> make_cgroups(const BackendConfig& config, SupervisorProgram& supervisor) {
    if (!config.systemd_cgroups) return std::make_unique<CgroupManager>(config.cgroup_parent, config.instance);
    return std::make_unique<CgroupManager>(config.cgroup_parent, config.instance,
                                           std::make_unique<SystemdScopes>(supervisor));
}

}  // namespace

Result<BackendConfig> BackendConfig::from_json(const std::string& text) {
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object())
        return Error(ErrorCode::kInvalidArgument, "the backend's configuration is not an object");
    BackendConfig config;
    config.data_root = read_text(document, "data_root");
    config.exec_root = read_text(document, "exec_root");
    config.instance = read_text(document, "instance");
    config.bridge = read_text(document, "bridge");
    config.bip = read_text(document, "bip");
    if (Status cgroups = read_cgroup_settings(document, config); !cgroups) return std::move(cgroups).error();
    config.supervisor = read_text(document, "supervisor");
    config.cdi_directories =
        document.contains("cdi_spec_dirs") ? read_texts(document, "cdi_spec_dirs") : default_cdi_directories();
    config.pivot_root = read_flag(document, "pivot_root");
    for (const auto& [key, value] : {std::pair{"data_root", &config.data_root}, {"exec_root", &config.exec_root}}) {
        if (value->empty() || (*value)[0] != '/') {
            return Error(ErrorCode::kInvalidArgument, std::string(key) + " '" + *value + "' is not an absolute path");
        }
    }
    Result<ContainerDefaults> defaults = ContainerDefaults::from_json(document);
    if (!defaults) return std::move(defaults).error();
    config.defaults = std::move(*defaults);
    if (config.instance.empty()) return Error(ErrorCode::kInvalidArgument, "'instance' is missing");
    if (config.bridge.empty()) config.bridge = "slipway0";
    if (config.supervisor.empty()) config.supervisor = default_supervisor();
    return config;
}

}  // namespace slipway::linux_backend

using namespace slipway::linux_backend;

slw_backend::slw_backend(const slw_host* given, BackendConfig given_config)
    : host(given),
      config(std::move(given_config)),
      layers(std::make_unique<LayerStore>(config.data_root)),
      networks(std::make_unique<NetworkManager>(host, config)),
      supervisor(std::make_unique<SupervisorProgram>(config.supervisor)),
      cgroups(make_cgroups(config, *supervisor)),
      seccomp(std::make_unique<SeccompCache>()),
      containers(std::make_unique<ContainerRegistry>()),
      base_namespace(std::make_unique<BaseNamespace>(*supervisor)),
      reader(std::make_unique<SessionReader>(*this)) {}

slw_backend::~slw_backend() {
    reader.reset();
    cgroups->remove_parents();  // where no container is left in them
}

const KernelFacts& slw_backend::kernel() {
    const std::lock_guard lock(kernel_mutex_);
    if (!kernel_) kernel_ = probe_kernel_facts();
    return *kernel_;
}

slw_container::slw_container(slw_backend& owner, std::string its_id, std::string its_name, std::string its_state_dir,
                             std::string its_data_dir)
    : backend(owner),
      id(std::move(its_id)),
      name(std::move(its_name)),
      state_dir(std::move(its_state_dir)),
      data_dir(std::move(its_data_dir)) {}

slw_container::~slw_container() = default;

std::shared_ptr<SupervisorSession> slw_container::session() const {
    const std::lock_guard lock(session_mutex_);
    return session_;
}

void slw_container::set_session(std::shared_ptr<SupervisorSession> session) {
    const std::lock_guard lock(session_mutex_);
    session_ = std::move(session);
}
