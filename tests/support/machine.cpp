#include <support/machine.hpp>
#include <support/process.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;

std::multiset<std::string> lines_of(const std::string& text) {
    std::multiset<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
}

// mountinfo without the ids, which differ from read to read of equal tables.
std::multiset<std::string> mounts() {
    std::multiset<std::string> result;
    for (const std::string& line : lines_of(read_file("/proc/self/mountinfo"))) {
        std::istringstream fields(line);
        std::string id, parent, device, root, target;
        fields >> id >> parent >> device >> root >> target;
        result.insert(device + " " + root + " " + target);
    }
    return result;
}

std::multiset<std::string> links() {
    std::multiset<std::string> result;
    for (const auto& entry : fs::directory_iterator("/sys/class/net")) result.insert(entry.path().filename());
    return result;
}

std::multiset<std::string> cgroups(const std::string& parent) {
    std::multiset<std::string> result;
    std::error_code ignored;
    for (const std::string& hierarchy : cgroup_roots()) {
        const fs::path root = fs::path(hierarchy) / parent;
        if (!fs::is_directory(root, ignored)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root, ignored)) {
            if (entry.is_directory(ignored)) result.insert(entry.path());
        }
    }
    return result;
}

std::string link_target(const fs::path& path) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    return error ? std::string() : target.string();
}

void processes_and_namespaces(MachineState& state) {
    std::error_code ignored;
    std::set<std::string> namespaces;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        const std::string pid = entry.path().filename();
        if (!std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) continue;
        const std::string command = read_file("/proc/" + pid + "/cmdline");
        // Its first word: a compiler's command line may name it as well.
        if (command.substr(0, command.find('\0')).ends_with("slipway-supervisor")) {
            std::string shown = command;
            std::replace(shown.begin(), shown.end(), '\0', ' ');
            state["processes"].insert(pid + " " + shown);
        }
        const std::string netns = link_target(entry.path() / "ns/net");
        if (!netns.empty()) namespaces.insert(netns);
    }
    state["netns"] = {namespaces.begin(), namespaces.end()};
}

// Descriptors by what they are; numbers in "socket:[123]" and paths below /proc differ from run to run.
std::multiset<std::string> descriptors(pid_t pid) {
    std::multiset<std::string> result;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", ignored)) {
        std::string target = link_target(entry.path());
        if (const size_t bracket = target.find(":["); bracket != std::string::npos) target.resize(bracket);
        result.insert(target);
    }
    return result;
}

}  // namespace

MachineState machine_state(pid_t daemon, const std::string& cgroup_parent) {
    MachineState state;
    state["mounts"] = mounts();
    state["links"] = links();
    state["cgroups"] = cgroups(cgroup_parent);
    state["firewall"] = lines_of(run({"nft", "list", "ruleset"}).out);
    processes_and_namespaces(state);
    if (daemon > 0) state["descriptors"] = descriptors(daemon);
    return state;
}

std::string difference(const MachineState& before, const MachineState& after) {
    std::string result;
    for (const auto& [kind, lines] : after) {
        const auto old = before.find(kind);
        const std::multiset<std::string> none;
        const auto& was = old == before.end() ? none : old->second;
        std::vector<std::string> came, went;
        std::set_difference(lines.begin(), lines.end(), was.begin(), was.end(), std::back_inserter(came));
        std::set_difference(was.begin(), was.end(), lines.begin(), lines.end(), std::back_inserter(went));
        for (const std::string& line : came) result += "+ " + kind + ": " + line + "\n";
        // A connection that was still open in the first picture is no loss.
        if (kind == "descriptors") went.clear();
        for (const std::string& line : went) result += "- " + kind + ": " + line + "\n";
    }
    return result;
}

std::string settled_difference(const MachineState& before, pid_t daemon, const std::string& cgroup_parent) {
    std::string left;
    eventually([&] { return (left = difference(before, machine_state(daemon, cgroup_parent))).empty(); },
               std::chrono::milliseconds(5'000));
    return left;
}

std::vector<std::string> cgroup_roots() {
    const std::string unified = "/sys/fs/cgroup";
    std::error_code ignored;
    if (fs::exists(unified + "/cgroup.controllers", ignored)) return {unified};
    std::vector<std::string> roots;
    for (const auto& hierarchy : fs::directory_iterator(unified, ignored)) roots.push_back(hierarchy.path());
    return roots;
}

std::string remains_of(const std::string& tag) {
    const std::string bridge = "slwt" + tag, directory = "slwt" + tag + "-", group = "slwtest-" + tag;
    std::string found;
    for (const std::string& link : links()) {
        if (link == bridge) found += "link " + link + "\n";
    }
    for (const std::string& table : lines_of(run({"nft", "list", "tables"}).out)) {
        if (table.ends_with("slipway-" + bridge)) found += table + "\n";
    }
    for (const std::string& mount : mounts()) {
        if (mount.find("/" + directory) != std::string::npos) found += "mount " + mount + "\n";
    }
    std::error_code ignored;
    for (const std::string& hierarchy : cgroup_roots()) {
        if (fs::exists(fs::path(hierarchy) / group, ignored))
            found += "control group " + hierarchy + "/" + group + "\n";
    }
    for (const auto& entry : fs::directory_iterator("/tmp", ignored)) {
        if (entry.path().filename().string().starts_with(directory))
            found += "directory " + entry.path().string() + "\n";
    }
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        if (read_file(entry.path() / "cgroup").find("/" + group + "/") != std::string::npos) {
            found += "process " + entry.path().filename().string() + "\n";
        }
    }
    return found;
}

}  // namespace slipway::testing
