#include "options.hpp"

#include "cgroup_driver.hpp"
#include "config_file.hpp"

#include <slipway/api/server.hpp>
#include <slipway/core/path.hpp>

#include <CLI/CLI.hpp>

#include <iostream>

namespace slipway::daemon {
namespace {

std::string joined(const std::vector<std::string>& values) {
    std::string out;
    for (const std::string& value : values) out += (out.empty() ? "" : ", ") + value;
    return out;
}

// Paths may reach other processes with other working directories, so they are made absolute once.
void make_absolute(DaemonOptions& options) {
    std::error_code ignored;
    for (std::filesystem::path* path : {&options.data_root, &options.exec_root}) {
        *path = std::filesystem::absolute(*path, ignored).lexically_normal();
        if (path->filename().empty()) *path = path->parent_path();
    }
    if (!options.pidfile.empty()) {
        options.pidfile =
            std::filesystem::absolute(core::path_of(options.pidfile), ignored).lexically_normal().string();
    }
    if (options.hosts.empty()) options.hosts.push_back(default_host(options.exec_root));
}

Status read_exec_options(DaemonOptions& options) {
    const Result<std::string> driver = cgroup_driver_of(options.exec_opts);
    if (!driver) return driver.error();
    options.cgroup_driver = *driver;
    return check_cgroup_parent(options.cgroup_driver, options.cgroup_parent);
}

Status check_values(const DaemonOptions& options) {
    if (const Result<core::LogLevel> level = parse_log_level(options.log_level); !level) return level.error();
    const std::string& version = options.min_api_version;
    const bool well_formed = version.size() == 4 && version.starts_with("1.") &&
                             version.find_first_not_of("0123456789", 2) == std::string::npos;
    if (!well_formed || version < api::kMinApiVersion || version > api::kMaxApiVersion) {
        return Error(ErrorCode::kInvalidArgument, "min-api-version '" + version + "' must lie between " +
                                                      api::kMinApiVersion + " and " + api::kMaxApiVersion);
    }
    if (options.shutdown_timeout < 0) {
        return Error(ErrorCode::kInvalidArgument, "shutdown-timeout must not be negative");
    }
    for (const auto& [phase, milliseconds] : options.phase_deadlines) {
        if (milliseconds > 0) continue;
        return Error(ErrorCode::kInvalidArgument, "phase-deadlines: that of '" + phase + "' must be positive");
    }
    return ok();
}

struct Given {
    bool version = false, debug = false;
    std::string data_root, exec_root, journald_socket, probe_file;
};

void declare(CLI::App& app, DaemonOptions& options, Given& given) {
    app.add_option("-H,--host", options.hosts, std::string("Address to listen on: ") + host_forms() + "; repeatable")
        ->type_name("HOST")
        ->take_all();
    app.add_option("-G,--group", options.group, "Group that may use the socket or pipe [slipway, if it exists]")
        ->type_name("NAME");
    app.add_option("--data-root", given.data_root, "Persistent state [" + defaults().data_root.string() + "]")
        ->type_name("DIR");
    app.add_option("--exec-root", given.exec_root,
                   "State that a reboot may lose [" + defaults().exec_root.string() + "]")
        ->type_name("DIR");
    app.add_option("-p,--pidfile", options.pidfile, "File to write the daemon's pid to")->type_name("FILE");
    app.add_option("-b,--bridge", options.bridge,
                   "Bridge of the default network, made when it does not exist; "
                   "'none' disables it [slipway0]")
        ->type_name("NAME");
    app.add_option("--bip", options.bip, "Address and subnet of the bridge")->type_name("CIDR");
    app.add_option("--cgroup-parent", options.cgroup_parent, "Parent cgroup of all containers")->type_name("PATH");
    app.add_option("--exec-opt", options.exec_opts,
                   "How containers are run: native.cgroupdriver=cgroupfs or native.cgroupdriver=systemd; repeatable "
                   "[native.cgroupdriver=cgroupfs]")
        ->type_name("KEY=VALUE")
        ->take_all();
    app.add_option("--userns-remap", options.userns_remap,
                   "User and group whose subordinate ids containers get: default, USER[:GROUP] or UID[:GID]")
        ->type_name("USER");
    app.add_option("--userns-pool", options.userns_pool,
                   "Ids for containers with user namespaces of their own [those of user 'containers']")
        ->type_name("FIRST:COUNT");
    app.add_option(
           "--cdi-spec-dir", options.cdi_spec_dirs,
           "Directory with specifications of CDI devices; repeatable [" + joined(defaults().cdi_spec_dirs) + "]")
        ->type_name("DIR")
        ->take_all();
    app.add_option("--journald-socket", given.journald_socket,
                   "Where the log driver journald sends records [/run/systemd/journal/socket]")
        ->type_name("PATH");
    app.add_option("-l,--log-level", options.log_level, "debug, info, warn or error [info]")->type_name("LEVEL");
    app.add_flag("-D,--debug", given.debug, "Same as --log-level debug");
    app.add_option("--config-file", options.config_file, "Configuration file [" + defaults().config_file + "]")
        ->type_name("FILE");
    app.add_option("--default-runtime", options.default_runtime,
                   "Backend of containers that name none [" + defaults().runtime + "]")
        ->type_name("NAME");
    app.add_option("--shutdown-timeout", options.shutdown_timeout,
                   "Seconds that running requests get when the daemon stops [15]")
        ->type_name("SECONDS");
    app.add_flag("--insecure-loopback", options.insecure_loopback,
                 "Allow TCP without TLS on loopback addresses: every local user becomes root");
    app.add_flag("--init", options.init, "Run an init process in every container that does not say otherwise");
    app.add_flag("--no-new-privileges", options.no_new_privileges,
                 "Set no-new-privileges for every container that does not say otherwise");
    app.add_option("--seccomp-profile", options.seccomp_profile,
                   "Seccomp profile of containers that name none: a file, 'builtin' or 'unconfined' [builtin]")
        ->type_name("FILE");
    app.add_option("--backend-dir", options.backend_dirs, "Directory with more backends; repeatable")
        ->type_name("DIR")
        ->take_all();
    app.add_option("--min-api-version", options.min_api_version, "Oldest API version answered [1.22]")
        ->type_name("VERSION");
    app.add_flag("-v,--version", given.version, "Print the version and quit");
    app.add_option("--probe-plugin", given.probe_file, "Load one backend and quit")->group("");
}

// Names and values of what the command line gave, under the names the file uses.
std::vector<std::pair<std::string, std::string>> flags_given(const CLI::App& app) {
    static const std::map<std::string, std::string> kFileNames{{"host", "hosts"},
                                                               {"backend-dir", "backend-dirs"},
                                                               {"cdi-spec-dir", "cdi-spec-dirs"},
                                                               {"exec-opt", "exec-opts"}};
    std::vector<std::pair<std::string, std::string>> out;
    for (const CLI::Option* option : app.get_options()) {
        if (option->count() == 0 || option->get_lnames().empty()) continue;
        const std::string& name = option->get_lnames().front();
        const auto renamed = kFileNames.find(name);
        out.emplace_back(renamed == kFileNames.end() ? name : renamed->second, joined(option->results()));
    }
    return out;
}

}  // namespace

Result<core::LogLevel> parse_log_level(const std::string& text) {
    if (text == "debug" || text == "trace") return core::LogLevel::kDebug;
    if (text == "info") return core::LogLevel::kInfo;
    if (text == "warn" || text == "warning") return core::LogLevel::kWarn;
    if (text == "error" || text == "fatal" || text == "panic") return core::LogLevel::kError;
    return Error(ErrorCode::kInvalidArgument, "log-level '" + text + "' is none of debug, info, warn, error");
}

Result<Invocation> parse_invocation(const std::vector<std::string>& arguments) {
    Invocation invocation;
    DaemonOptions& options = invocation.options;
    Given given;
    CLI::App app("slipwayd - a container engine that speaks the Docker Engine API", "slipwayd");
    declare(app, options, given);
    declare_service_options(app, invocation.service);
    std::vector<std::string> words(arguments.rbegin(), arguments.rend());  // CLI11 takes them from the end
    if (!words.empty()) words.pop_back();
    try {
        app.parse(std::move(words));
    } catch (const CLI::ParseError& stop) {
        invocation.kind = Invocation::Kind::kExit;
        invocation.exit_code = app.exit(stop) == 0 ? 0 : 2;
        return invocation;
    }
    if (given.version) {
        std::cout << "Slipway version " << SLIPWAY_VERSION << ", API " << api::kMinApiVersion << " to "
                  << api::kMaxApiVersion << "\n";
        invocation.kind = Invocation::Kind::kExit;
        return invocation;
    }
    if (!given.probe_file.empty()) {
        invocation.kind = Invocation::Kind::kProbe;
        invocation.probe_file = given.probe_file;
        return invocation;
    }
    if (invocation.service.any()) invocation.kind = Invocation::Kind::kService;
    if (!given.data_root.empty()) options.data_root = core::path_of(given.data_root);
    if (!given.exec_root.empty()) options.exec_root = core::path_of(given.exec_root);
    if (!given.journald_socket.empty()) options.journald_socket = core::path_of(given.journald_socket);
    if (given.debug) options.log_level = "debug";
    options.config_file_given = app.get_option("--config-file")->count() > 0;

    Result<nlohmann::json> document = read_config_file(options.config_file, options.config_file_given);
    if (!document) return std::move(document).error();
    if (Status applied = apply_config_file(*document, flags_given(app), options); !applied) {
        return std::move(applied).error().context(options.config_file);
    }
    if (Status read = read_exec_options(options); !read) return std::move(read).error();
    if (Status checked = check_values(options); !checked) return std::move(checked).error();
    make_absolute(options);
    return invocation;
}

}  // namespace slipway::daemon
