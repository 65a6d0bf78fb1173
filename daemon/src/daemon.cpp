#include "daemon.hpp"

#include "cgroup_driver.hpp"
#include "config_file.hpp"
#include "directories.hpp"
#include "host_facts.hpp"
#include "probe.hpp"
#include "service_manager.hpp"
#include "subordinate_ids.hpp"
#include "sys/defaults.hpp"
#include "sys/process.hpp"

#include <slipway/api/server.hpp>
#include <slipway/core/event_queue.hpp>
#include <slipway/core/path.hpp>
#include <slipway/core/plugin_host.hpp>

#include <fstream>
#include <iterator>

namespace slipway::daemon {
namespace {

using nlohmann::json;

// The words the option takes, or the content of the file it names.
Result<std::string> seccomp_profile(const std::string& option) {
    if (option.empty() || option == "builtin" || option == "unconfined") return option;
    std::ifstream file(core::path_of(option));
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file || text.empty()) {
        return Error(ErrorCode::kInvalidArgument, "opening seccomp profile (" + option + ") failed")
            .with_resource(option);
    }
    return text;
}

core::PluginHostOptions plugin_options(const DaemonOptions& options, const std::string& seccomp, const Logger& logger) {
    core::PluginHostOptions out;
    const std::filesystem::path program = own_program();
    out.directories.push_back(program.parent_path().parent_path() / SLIPWAY_BACKEND_DIR);
    for (const std::string& directory : options.backend_dirs) out.directories.push_back(core::path_of(directory));
    for (auto it = options.backends.begin(); it != options.backends.end(); ++it)
        out.backend_config[it.key()] = it.value();
    out.common_config = {{"instance", instance_of(options.exec_root)}, {"bridge", options.bridge}};
    if (!options.bip.empty()) out.common_config["bip"] = options.bip;
    if (!options.cgroup_parent.empty()) out.common_config["cgroup_parent"] = options.cgroup_parent;
    if (options.cgroup_driver == "systemd") out.common_config["cgroup_driver"] = options.cgroup_driver;
    out.common_config["cdi_spec_dirs"] = options.cdi_spec_dirs;
    if (options.default_ulimits.is_object()) out.common_config["default_ulimits"] = options.default_ulimits;
    if (options.init) out.common_config["init"] = true;
    if (options.no_new_privileges) out.common_config["no_new_privileges"] = true;
    if (!seccomp.empty()) out.common_config["seccomp_profile"] = seccomp;
    out.data_root = options.data_root;
    out.exec_root = options.exec_root;
    out.probe = make_probe(program, defaults().probe_limit);
    out.log = logger.function();
    return out;
}

Result<core::UserNamespaceOptions> user_namespace_options(const DaemonOptions& options) {
    core::UserNamespaceOptions out;
    if (!options.userns_remap.empty()) {
        Result<core::IdMap> map = resolve_remap(options.userns_remap);
        if (!map) return std::move(map).error();
        out.remap = std::move(*map);
    }
    const Result<core::IdPoolRange> pool = resolve_pool(options.userns_pool);
    if (!pool) return pool.error();
    out.pool = *pool;
    return out;
}

Result<core::EngineOptions> engine_options(const DaemonOptions& options, const Logger& logger) {
    Result<core::UserNamespaceOptions> users = user_namespace_options(options);
    if (!users) return std::move(users).error();
    core::EngineOptions out;
    out.data_root = options.data_root;
    out.exec_root = options.exec_root;
    out.default_backend = options.default_runtime;
    for (const auto& [phase, milliseconds] : options.phase_deadlines) {
        if (phase == "default") {
            out.default_phase_deadline = std::chrono::milliseconds(milliseconds);
        } else {
            out.phase_deadlines[phase] = std::chrono::milliseconds(milliseconds);
        }
    }
    out.user_namespaces = std::move(*users);
    out.journal_socket = options.journald_socket;
    out.bridge_disabled = options.bridge == "none";
    out.log = logger.function();
    return out;
}

Result<std::vector<api::Listener>> bind_listeners(const DaemonOptions& options) {
    std::vector<api::Listener> listeners;
    api::ListenOptions listen;
    listen.insecure_loopback = options.insecure_loopback;
    listen.socket_group = options.group;
    listen.group_required = !options.group.empty() && options.group != DaemonOptions().group;
    for (const std::string& host : options.hosts) {
        Result<api::Listener> listener = api::Listener::bind(host, listen);
        if (!listener) return std::move(listener).error();
        listeners.push_back(std::move(*listener));
    }
    return listeners;
}

// Everything that runs, in the order it was made; it goes in the opposite order.
struct Running {
    Directories directories;
    PidFile pid_file;
    std::unique_ptr<core::Engine> engine;
    std::unique_ptr<api::Server> server;
};

Result<Running> start(const DaemonOptions& options, const Logger& logger) {
    const Result<std::string> seccomp = seccomp_profile(options.seccomp_profile);
    if (!seccomp) return seccomp.error();
    if (options.cgroup_driver == "systemd") {
        if (Status usable = check_systemd_cgroups(); !usable) return std::move(usable).error();
    }
    Result<core::EngineOptions> settings = engine_options(options, logger);
    if (!settings) return std::move(settings).error();
    const bool remaps = settings->user_namespaces.remap.has_value();
    Result<Directories> directories = prepare_directories(options);
    if (!directories) return std::move(directories).error();
    Result<PidFile> pid_file = PidFile::write(options.pidfile);
    if (!pid_file) return std::move(pid_file).error();
    // Bound before the engine opens: an address in use is reported at once, and clients that come during recovery wait
    // in the kernel's queue instead of being refused.
    Result<std::vector<api::Listener>> listeners = bind_listeners(options);
    if (!listeners) return std::move(listeners).error();

    auto queue = std::make_shared<core::BackendEventQueue>();
    core::LoadedPlugins plugins = core::load_plugins(plugin_options(options, *seccomp, logger), queue);
    Result<std::unique_ptr<core::Engine>> engine = core::Engine::open(std::move(*settings), std::move(plugins.backends),
                                                                      std::move(plugins.problems), std::move(queue));
    if (!engine) return std::move(engine).error();

    api::Facts facts = read_host_facts();
    facts.debug = logger.level() == core::LogLevel::kDebug;
    facts.cdi_spec_dirs = options.cdi_spec_dirs;
    if (!facts.cgroup_driver.empty()) facts.cgroup_driver = options.cgroup_driver;
    for (const core::BackendStatus& backend : (*engine)->backends()) {
        if (backend.is_default) facts.os = backend.info.image_os;  // what clients can run here
    }
    if (remaps) facts.security_options.emplace_back("name=userns");
    api::ServerOptions server_options;
    server_options.min_api_version = options.min_api_version;
    Result<std::unique_ptr<api::Server>> server =
        api::Server::start(**engine, std::move(facts), std::move(server_options), std::move(*listeners));
    if (!server) return std::move(server).error();
    return Running{std::move(*directories), std::move(*pid_file), std::move(*engine), std::move(*server)};
}

// SIGHUP: what may change at run time is read again. A file that became unreadable or wrong changes nothing.
void reload(const DaemonOptions& options, Logger& logger) {
    Result<json> document = read_config_file(options.config_file, options.config_file_given);
    DaemonOptions fresh = options;
    Status applied = document ? apply_config_file(*document, {}, fresh) : Status(std::move(document).error());
    const Result<core::LogLevel> level = parse_log_level(fresh.log_level);
    if (!applied || !level) {
        logger.warn("reload: " + (applied ? level.error() : applied.error()).message() + ", keeping what was");
        return;
    }
    logger.set_level(*level);
    logger.info("reloaded, log level " + fresh.log_level);
}

void wait_for_stop(const DaemonOptions& options, Logger& logger) {
    for (;;) {
        const Request request = wait_for_request();
        if (request.kind == Request::Kind::kReload) {
            reload(options, logger);
            continue;
        }
        logger.info("stopping on " + request.origin);
        return;
    }
}

}  // namespace

int run_daemon(const DaemonOptions& options, Logger& logger) {
    catch_requests();
    logger.info(std::string("Slipway ") + SLIPWAY_VERSION + " starting, data root '" + options.data_root.string() +
                "', exec root '" + options.exec_root.string() + "'");
    Result<Running> running = start(options, logger);
    if (!running) {
        logger.error("cannot start: " + running.error().message());
        return 1;
    }
    for (const std::string& address : running->server->addresses()) logger.info("listening on " + address);
    if (running->engine->backends().empty()) logger.warn("no backend is usable, so no container can start");
    logger.info("ready");
    notify_service_manager("READY=1");

    wait_for_stop(options, logger);
    notify_service_manager("STOPPING=1");
    leave_on_next_stop(logger);
    running->engine->shut_down();
    running->server->stop(std::chrono::seconds(options.shutdown_timeout));
    running->server.reset();
    running->engine.reset();
    logger.info("stopped; containers go on where their backend keeps them");
    return 0;
}

}  // namespace slipway::daemon
