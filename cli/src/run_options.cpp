#include "run_options.hpp"

#include "client.hpp"
#include "format.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>

namespace slipway::cli {
namespace {

using nlohmann::json;

CommandError bad(const std::string& option, const std::string& value, const std::string& why) {
    return CommandError("invalid value '" + printable(value) + "' for " + option + ": " + why, 125);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

// "K" takes the value from our own environment, as docker does; one that is not set is left out.
void add_env(json& list, const std::string& entry) {
    if (entry.find('=') != std::string::npos) {
        list.push_back(entry);
    } else if (const char* value = std::getenv(entry.c_str()); value != nullptr) {
        list.push_back(entry + "=" + value);
    }
}

json environment(const RunOptions& options) {
    json list = json::array();
    for (const std::string& path : options.env_files) {
        std::ifstream file(path_of(path));
        if (!file) throw bad("--env-file", path, "cannot be read");
        for (std::string line; std::getline(file, line);) {
            if (!line.empty() && line[0] != '#') add_env(list, line);
        }
    }
    for (const std::string& entry : options.env) add_env(list, entry);
    return list;
}

json key_values(const std::vector<std::string>& entries) {
    json map = json::object();
    for (const std::string& entry : entries) {
        const size_t equals = entry.find('=');
        map[entry.substr(0, equals)] = equals == std::string::npos ? "" : entry.substr(equals + 1);
    }
    return map;
}

// "[[host ip:]host port:]container port[/proto]", ports also as ranges of equal length "8000-8003:80-83".
void add_port(json& exposed, json& bindings, const std::string& text) {
    std::string rest = text, proto = "tcp", host_ip, host_port;
    if (const size_t slash = rest.rfind('/'); slash != std::string::npos) {
        proto = rest.substr(slash + 1);
        rest.resize(slash);
    }
    if (!rest.empty() && rest[0] == '[') {
        const size_t close = rest.find("]:");
        if (close == std::string::npos) throw bad("--publish", text, "'[' without ']:'");
        host_ip = rest.substr(1, close - 1);
        rest = rest.substr(close + 2);
    }
    std::vector<std::string> parts = split(rest, ':');
    if (parts.size() == 3) {
        host_ip = parts[0];
        parts.erase(parts.begin());
    }
    if (parts.size() > 2) throw bad("--publish", text, "too many ':'");
    if (parts.size() == 2) host_port = parts[0];
    const auto range = [&](const std::string& ports) {
        const size_t dash = ports.find('-');
        try {
            const int first = std::stoi(ports.substr(0, dash));
            const int last = dash == std::string::npos ? first : std::stoi(ports.substr(dash + 1));
            if (first < 1 || last > 65535 || last < first) throw std::out_of_range("port");
            return std::make_pair(first, last);
        } catch (const std::exception&) {
            throw bad("--publish", text, "a port is a number from 1 to 65535, or a range of them");
        }
    };
    const auto container = range(parts.back());
    const auto host = host_port.empty() ? std::make_pair(0, 0) : range(host_port);
    const bool same_length = host.second - host.first == container.second - container.first;
    if (!host_port.empty() && !same_length && container.first != container.second) {
        throw bad("--publish", text, "the two ranges differ in length");
    }
    for (int port = container.first; port <= container.second; ++port) {
        const std::string key = std::to_string(port) + "/" + proto;
        exposed[key] = json::object();
        std::string to = host_port;
        if (same_length && !host_port.empty()) to = std::to_string(host.first + port - container.first);
        bindings[key].push_back({{"HostIp", host_ip}, {"HostPort", to}});
    }
}

// "type=bind,src=/a,dst=/b,ro": docker's long form.
json parse_mount(const std::string& text) {
    json mount = {{"Type", "volume"}};
    for (const std::string& part : split(text, ',')) {
        const size_t equals = part.find('=');
        const std::string key = part.substr(0, equals);
        const std::string value = equals == std::string::npos ? "true" : part.substr(equals + 1);
        if (key == "type") {
            mount["Type"] = value;
        } else if (key == "source" || key == "src") {
            mount["Source"] = value;
        } else if (key == "target" || key == "dst" || key == "destination") {
            mount["Target"] = value;
        } else if (key == "readonly" || key == "ro") {
            mount["ReadOnly"] = value == "true" || value == "1";
        } else if (key == "bind-propagation") {
            mount["BindOptions"]["Propagation"] = value;
        } else if (key == "volume-nocopy") {
            mount["VolumeOptions"]["NoCopy"] = value == "true" || value == "1";
        } else if (key == "volume-subpath") {
            mount["VolumeOptions"]["Subpath"] = value;
        } else if (key == "tmpfs-size") {
            mount["TmpfsOptions"]["SizeBytes"] = parse_size("--mount tmpfs-size", value);
        } else if (key == "tmpfs-mode") {
            mount["TmpfsOptions"]["Mode"] = std::stoi(value, nullptr, 8);
        } else {
            throw bad("--mount", text, "unknown key '" + printable(key) + "'");
        }
    }
    if (!mount.contains("Target")) throw bad("--mount", text, "target is required");
    return mount;
}

// "nofile=1024:2048".
json parse_ulimit(const std::string& text) {
    const size_t equals = text.find('=');
    try {
        const std::vector<std::string> limits = split(text.substr(equals == std::string::npos ? 0 : equals + 1), ':');
        if (equals == std::string::npos || limits.size() > 2) throw std::invalid_argument("form");
        return {{"Name", text.substr(0, equals)}, {"Soft", std::stoll(limits[0])}, {"Hard", std::stoll(limits.back())}};
    } catch (const std::exception&) {
        throw bad("--ulimit", text, "use NAME=SOFT[:HARD]");
    }
}

json host_config(const RunOptions& options, json& exposed) {
    json binds = json::array();
    for (const std::string& volume : options.volumes) {
        if (volume.find(':') != std::string::npos) binds.push_back(volume);
    }
    json host = {{"NetworkMode", options.network},
                 {"AutoRemove", options.remove},
                 {"Privileged", options.privileged},
                 {"ReadonlyRootfs", options.read_only},
                 {"PublishAllPorts", options.publish_all},
                 {"Binds", binds},
                 {"Links", options.links},
                 {"VolumesFrom", options.volumes_from},
                 {"CapAdd", options.cap_add},
                 {"CapDrop", options.cap_drop},
                 {"Dns", options.dns},
                 {"DnsSearch", options.dns_search},
                 {"DnsOptions", options.dns_options},
                 {"ExtraHosts", options.add_host},
                 {"GroupAdd", options.group_add},
                 {"SecurityOpt", options.security_opt},
                 {"PidMode", options.pid},
                 {"IpcMode", options.ipc},
                 {"UTSMode", options.uts},
                 {"CgroupnsMode", options.cgroupns},
                 {"CpuShares", options.cpu_shares},
                 {"CpusetCpus", options.cpuset_cpus},
                 {"OomScoreAdj", options.oom_score_adj},
                 {"Sysctls", key_values(options.sysctls)}};
    json bindings = json::object();
    for (const std::string& port : options.publish) add_port(exposed, bindings, port);
    host["PortBindings"] = bindings;
    for (const std::string& mount : options.mounts) host["Mounts"].push_back(parse_mount(mount));
    for (const std::string& ulimit : options.ulimits) host["Ulimits"].push_back(parse_ulimit(ulimit));
    for (const std::string& entry : options.tmpfs) {
        const size_t colon = entry.find(':');
        host["Tmpfs"][entry.substr(0, colon)] = colon == std::string::npos ? "" : entry.substr(colon + 1);
    }
    if (!options.runtime.empty()) host["Runtime"] = options.runtime;
    if (options.init) host["Init"] = true;
    if (options.pids_limit != 0) host["PidsLimit"] = options.pids_limit;
    if (options.cpus < 0 || options.cpus > 1e6) throw bad("--cpus", std::to_string(options.cpus), "out of range");
    if (options.cpus > 0) host["NanoCpus"] = std::llround(options.cpus * 1e9);
    if (!options.memory.empty()) host["Memory"] = parse_size("--memory", options.memory);
    if (!options.memory_swap.empty()) {
        host["MemorySwap"] = options.memory_swap == "-1" ? -1 : parse_size("--memory-swap", options.memory_swap);
    }
    if (!options.memory_reservation.empty()) {
        host["MemoryReservation"] = parse_size("--memory-reservation", options.memory_reservation);
    }
    if (!options.shm_size.empty()) host["ShmSize"] = parse_size("--shm-size", options.shm_size);
    if (!options.log_driver.empty() || !options.log_opts.empty()) {
        host["LogConfig"] = {{"Type", options.log_driver}, {"Config", key_values(options.log_opts)}};
    }
    return host;
}

}  // namespace

void RunOptions::add_to(CLI::App& command, bool for_run) {
    if (for_run) command.add_flag("-d,--detach", detach, "Run in the background and print the container id");
    command.add_flag("-i,--interactive", interactive, "Keep stdin open");
    command.add_flag("-t,--tty", tty, "Give the container a terminal");
    command.add_flag("--rm", remove, "Remove the container when it ends");
    command.add_option("--name", name, "Name of the container");
    command.add_option("-e,--env", env, "Set an environment variable, K=V or K")->allow_extra_args(false);
    command.add_option("--env-file", env_files, "Read environment variables from a file")->allow_extra_args(false);
    command.add_option("-v,--volume", volumes, "Mount a volume or a host path: [NAME|HOST:]CONTAINER[:ro]")
        ->allow_extra_args(false);
    command.add_option("--volumes-from", volumes_from, "Mount the volumes of another container: NAME[:ro]")
        ->allow_extra_args(false);
    command.add_option("--link", links, "Make another container known here: NAME[:ALIAS]")->allow_extra_args(false);
    command.add_option("--mount", mounts, "Attach a mount: type=bind,src=...,dst=...")->allow_extra_args(false);
    command.add_option("--tmpfs", tmpfs, "Mount an in-memory directory: PATH[:OPTIONS]")->allow_extra_args(false);
    command.add_option("-p,--publish", publish, "Publish a port: [[IP:]HOST:]CONTAINER[/PROTO]")
        ->allow_extra_args(false);
    command.add_flag("-P,--publish-all", publish_all, "Publish all exposed ports");
    command.add_option("--expose", expose, "Expose a port")->allow_extra_args(false);
    command.add_option("-l,--label", labels, "Set a label, K=V")->allow_extra_args(false);
    command.add_option("-w,--workdir", workdir, "Working directory");
    command.add_option("-u,--user", user, "User: NAME|UID[:GROUP|GID]");
    command.add_option("--group-add", group_add, "Add a group")->allow_extra_args(false);
    command.add_option("--hostname", hostname, "Host name");
    command.add_option("--entrypoint", entrypoint, "Replace the image's entrypoint");
    command.add_option("--network,--net", network, "bridge, host, none or container:NAME");
    command.add_option("-m,--memory", memory, "Memory limit, such as 64m");
    command.add_option("--memory-swap", memory_swap, "Memory and swap together; -1 for no limit on swap");
    command.add_option("--memory-reservation", memory_reservation, "Soft memory limit");
    command.add_option("--cpus", cpus, "Number of processors, such as 1.5");
    command.add_option("-c,--cpu-shares", cpu_shares, "Relative share of processor time");
    command.add_option("--cpuset-cpus", cpuset_cpus, "Processors to use, such as 0-1");
    command.add_option("--pids-limit", pids_limit, "Number of processes; -1 for no limit");
    command.add_option("--shm-size", shm_size, "Size of /dev/shm");
    command.add_option("--ulimit", ulimits, "NAME=SOFT[:HARD]")->allow_extra_args(false);
    command.add_option("--oom-score-adj", oom_score_adj, "-1000 to 1000");
    command.add_option("--cap-add", cap_add, "Add a capability")->allow_extra_args(false);
    command.add_option("--cap-drop", cap_drop, "Drop a capability")->allow_extra_args(false);
    command.add_flag("--privileged", privileged, "Give the container extended privileges");
    command.add_flag("--read-only", read_only, "Read-only root file system");
    command.add_option("--security-opt", security_opt, "Security option")->allow_extra_args(false);
    command.add_option("--sysctl", sysctls, "Kernel parameter of a name space, K=V")->allow_extra_args(false);
    command.add_option("--dns", dns, "DNS server")->allow_extra_args(false);
    command.add_option("--dns-search", dns_search, "DNS search domain")->allow_extra_args(false);
    command.add_option("--dns-option", dns_options, "DNS option")->allow_extra_args(false);
    command.add_option("--add-host", add_host, "Line for /etc/hosts: NAME:ADDRESS")->allow_extra_args(false);
    command.add_option("--log-driver", log_driver, "json-file or none");
    command.add_option("--log-opt", log_opts, "Option of the log driver, K=V")->allow_extra_args(false);
    command.add_option("--stop-signal", stop_signal, "Signal that asks the container to end");
    command.add_option("--stop-timeout", stop_timeout, "Seconds before it is killed");
    command.add_option("--runtime", runtime, "Backend; see `slipway backends`");
    command.add_option("--pid", pid, "Process name space: host or container:NAME");
    command.add_option("--ipc", ipc, "IPC mode: private, shareable, none, host or container:NAME");
    command.add_option("--uts", uts, "Host-name name space: host or container:NAME");
    command.add_option("--cgroupns", cgroupns, "Control group name space: private, host or container:NAME");
    command.add_option("--platform", platform, "Platform of the image, such as linux/amd64");
    command.add_flag("--init", init, "Run an init that forwards signals and reaps processes");
}

json create_request(const RunOptions& options, const std::string& image, const std::vector<std::string>& command) {
    json exposed = json::object();
    // A path alone is an anonymous volume, which is the container's own and not the host's business.
    json anonymous = json::object();
    for (const std::string& volume : options.volumes) {
        if (volume.find(':') == std::string::npos) anonymous[volume] = json::object();
    }
    for (const std::string& port : options.expose) {
        exposed[port.find('/') == std::string::npos ? port + "/tcp" : port] = json::object();
    }
    const json host = host_config(options, exposed);
    const bool attached = !options.detach;
    json request = {{"Image", image},
                    {"Hostname", options.hostname},
                    {"User", options.user},
                    {"WorkingDir", options.workdir},
                    {"Env", environment(options)},
                    {"Labels", key_values(options.labels)},
                    {"ExposedPorts", exposed},
                    {"Volumes", anonymous},
                    {"Tty", options.tty},
                    {"OpenStdin", options.interactive},
                    {"StdinOnce", options.interactive && attached},
                    {"AttachStdin", options.interactive && attached},
                    {"AttachStdout", attached},
                    {"AttachStderr", attached},
                    {"HostConfig", host}};
    if (!command.empty()) request["Cmd"] = command;
    if (!options.entrypoint.empty()) request["Entrypoint"] = {options.entrypoint};
    if (!options.stop_signal.empty()) request["StopSignal"] = options.stop_signal;
    if (options.stop_timeout >= 0) request["StopTimeout"] = options.stop_timeout;
    return request;
}

}  // namespace slipway::cli
