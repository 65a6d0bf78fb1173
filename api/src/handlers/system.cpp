#include "handlers/handlers.hpp"
#include "render/metrics_text.hpp"

namespace slipway::api {
namespace {

using nlohmann::json;

// Said in `info`, so that nobody has to find out by trying.
constexpr std::string_view kNotThere =
    "WARNING: not in this version of Slipway: pull and push, build, commit, user-defined "
    "networks, "
    "update, stats, top, cp, export, save, swarm";

json warnings_of(const Exchange& exchange) {
    json out = json::array();
    for (const std::string& warning : exchange.server.facts.warnings) out.push_back("WARNING: " + warning);
    for (const std::string& address : exchange.server.addresses) {
        if (!address.starts_with("tcp://")) continue;
        out.push_back("WARNING: API is accessible on http://" + address.substr(6) +
                      " without encryption. Every local user and program is root-equivalent there");
    }
    for (const core::BackendProblem& problem : exchange.engine().backend_problems()) {
        out.push_back("WARNING: backend '" + problem.path + "' is not used: " + problem.reason);
    }
    out.push_back(kNotThere);
    return out;
}

struct Counts {
    int64_t all = 0, running = 0, paused = 0;
};

Counts count_containers(const core::Engine& engine) {
    Counts counts;
    core::ListOptions everything;
    everything.all = true;
    const Result<std::vector<core::RecordPtr>> records = engine.list_containers(everything);
    if (!records) return counts;
    counts.all = static_cast<int64_t>(records->size());
    for (const core::RecordPtr& record : *records) {
        if (record->state == core::RunState::kPaused) {
            ++counts.paused;
        } else if (record->is_running()) {
            ++counts.running;
        }
    }
    return counts;
}

json runtimes_of(const core::Engine& engine) {
    json out = json::object();
    for (const core::BackendStatus& backend : engine.backends()) {
        out[backend.info.name] = {{"path", backend.info.path}, {"status", {{"version", backend.info.version}}}};
    }
    return out;
}

void add_host_facts(json& out, const Facts& facts) {
    out["KernelVersion"] = facts.kernel_version;
    out["OperatingSystem"] = facts.operating_system;
    out["OSVersion"] = facts.os_version;
    out["OSType"] = facts.os;
    out["Architecture"] = facts.machine;
    out["NCPU"] = facts.cpu_count;
    out["MemTotal"] = facts.memory_bytes;
    out["Name"] = facts.host_name;
    out["CgroupDriver"] = facts.cgroup_driver;
    out["CgroupVersion"] = facts.cgroup_version;
    out["MemoryLimit"] = facts.memory_limit;
    out["SwapLimit"] = facts.swap_limit;
    out["CpuCfsPeriod"] = facts.cpu_cfs;
    out["CpuCfsQuota"] = facts.cpu_cfs;
    out["CPUShares"] = facts.cpu_shares;
    out["CPUSet"] = facts.cpuset;
    out["PidsLimit"] = facts.pids_limit;
    out["OomKillDisable"] = facts.oom_kill_disable;
    out["IPv4Forwarding"] = facts.ipv4_forwarding;
    out["CDISpecDirs"] = facts.cdi_spec_dirs;
    out["SecurityOptions"] = facts.security_options;
}

void add_constants(json& out, bool windows) {
    out["Driver"] = windows ? "windowsfilter" : "overlayfs";
    out["DriverStatus"] = json::array();
    out["Plugins"] = {{"Volume", {"local"}},
                      {"Network", windows ? json{"nat", "null"} : json{"bridge", "host", "null"}},
                      {"Authorization", nullptr},
                      {"Log", windows ? json{"json-file", "local", "none", "syslog"}
                                      : json{"journald", "json-file", "local", "none", "syslog"}}};
    out["LoggingDriver"] = "json-file";
    out["IndexServerAddress"] = "https://index.docker.io/v1/";
    out["RegistryConfig"] = {
        {"IndexConfigs", json::object()}, {"InsecureRegistryCIDRs", json::array()}, {"Mirrors", json::array()}};
    out["GenericResources"] = nullptr;
    for (const char* key : {"HttpProxy", "HttpsProxy", "NoProxy", "ProductLicense", "InitBinary"}) out[key] = "";
    out["Isolation"] = windows ? "process" : "";
    out["Labels"] = json::array();
    out["ExperimentalBuild"] = false;
    out["LiveRestoreEnabled"] = true;
    out["Swarm"] = {
        {"NodeID", ""}, {"NodeAddr", ""},           {"LocalNodeState", "inactive"}, {"ControlAvailable", false},
        {"Error", ""},  {"RemoteManagers", nullptr}};
    for (const char* key : {"ContainerdCommit", "RuncCommit", "InitCommit"}) out[key] = {{"ID", ""}, {"Expected", ""}};
    out["KernelMemoryTCP"] = false;
    out["NFd"] = 0;
    out["NGoroutines"] = 0;
    out["NEventsListener"] = 0;
    out["DefaultAddressPools"] = json::array();
}

json backend_json(const core::BackendStatus& backend) {
    const core::BackendInfo& info = backend.info;
    return {{"Name", info.name},
            {"Version", info.version},
            {"Description", info.description},
            {"Path", info.path},
            {"Platform", info.platform},
            {"ABI", std::to_string(info.abi_major) + "." + std::to_string(info.abi_minor)},
            {"Default", backend.is_default},
            {"AcceptsStartHostConfig", info.accepts_start_hostconfig},
            {"Parks", info.parks},
            {"Extensions", info.extensions}};
}

json backends_json(const core::Engine& engine) {
    json backends = json::array();
    json problems = json::array();
    for (const core::BackendStatus& backend : engine.backends()) backends.push_back(backend_json(backend));
    for (const core::BackendProblem& problem : engine.backend_problems()) {
        problems.push_back({{"Path", problem.path}, {"Reason", problem.reason}});
    }
    return {{"Backends", std::move(backends)}, {"Problems", std::move(problems)}};
}

}  // namespace

Status handle_ping(Exchange& exchange) {
    exchange.response.set("Cache-Control", "no-cache, no-store, must-revalidate");
    exchange.response.set("Pragma", "no-cache");
    exchange.response.set("Builder-Version", "");
    exchange.response.set("Swarm", "inactive");
    exchange.response.send(200, "text/plain; charset=utf-8", "OK");
    return ok();
}

Status handle_version(Exchange& exchange) {
    const Facts& facts = exchange.server.facts;
    const std::string& minimum = exchange.server.options.min_api_version;
    const json details{{"ApiVersion", kMaxApiVersion},
                       {"MinAPIVersion", minimum},
                       {"Arch", facts.arch},
                       {"Os", facts.os},
                       {"BuildTime", facts.build_time},
                       {"GitCommit", facts.git_commit},
                       {"GoVersion", ""},
                       {"KernelVersion", facts.kernel_version},
                       {"Experimental", "false"}};
    exchange.reply_json(
        200, {{"Platform", {{"Name", "Slipway"}}},
              {"Components", json::array({{{"Name", "Engine"}, {"Version", facts.version}, {"Details", details}}})},
              {"Version", facts.version},
              {"ApiVersion", kMaxApiVersion},
              {"MinAPIVersion", minimum},
              {"GitCommit", facts.git_commit},
              {"GoVersion", ""},
              {"Os", facts.os},
              {"Arch", facts.arch},
              {"KernelVersion", facts.kernel_version},
              {"BuildTime", facts.build_time}});
    return ok();
}

Status handle_info(Exchange& exchange) {
    core::Engine& engine = exchange.engine();
    const Facts& facts = exchange.server.facts;
    const Counts counts = count_containers(engine);
    const Result<std::vector<core::ImagePtr>> images = engine.list_images({});
    json out = json::object();
    add_constants(out, facts.os == "windows");
    add_host_facts(out, facts);
    out["ID"] = engine.engine_id();
    out["Containers"] = counts.all;
    out["ContainersRunning"] = counts.running;
    out["ContainersPaused"] = counts.paused;
    out["ContainersStopped"] = counts.all - counts.running - counts.paused;
    out["Images"] = images ? static_cast<int64_t>(images->size()) : 0;
    out["DockerRootDir"] = engine.options().data_root.string();
    out["Debug"] = facts.debug;
    out["SystemTime"] = core::to_rfc3339(core::unix_now());
    out["ServerVersion"] = facts.version;
    out["Runtimes"] = runtimes_of(engine);
    out["DefaultRuntime"] = engine.options().default_backend;
    out["Warnings"] = warnings_of(exchange);
    out["Slipway"] = backends_json(engine);
    exchange.reply_json(200, out);
    return ok();
}

Status handle_metrics(Exchange& exchange) {
    exchange.response.send(200, kMetricsType, metrics_text(exchange.engine().metrics()));
    return ok();
}

Status handle_backends(Exchange& exchange) {
    exchange.reply_json(200, backends_json(exchange.engine()));
    return ok();
}

}  // namespace slipway::api
