#include <process/cgroup_view.hpp>

#include <unistd.h>

#include <fstream>
#include <mutex>
#include <sstream>

namespace slipway::linux_backend {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
    return parts;
}

// The directory of the one of `paths`, of `tasks` files, that lies below the mount point; empty when none does.
std::string group_below(const std::string& mount_point, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        if (path.starts_with(mount_point + "/")) return path.substr(0, path.rfind('/'));
    }
    return {};
}

// Super block options as they are mounted again: without what is a matter of the mount or of the host alone.
std::vector<std::string> mount_options(const std::string& super_options) {
    std::vector<std::string> options;
    bool named = false;
    for (const std::string& option : split(super_options, ',')) {
        if (option == "rw" || option == "ro" || option.starts_with("release_agent=")) continue;
        if (option.starts_with("name=")) named = true;
        options.push_back(option);
    }
    if (named) options.insert(options.begin(), "none");  // a named hierarchy without controllers says so
    return options;
}

std::string read_mountinfo() {
    std::ifstream file("/proc/self/mountinfo");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string path_of(int fd) {
    char path[4096];
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = readlink(link.c_str(), path, sizeof(path));
    return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string();
}

}  // namespace

std::vector<CgroupViewPart> cgroup_hierarchies(const std::string& mountinfo,
                                               const std::vector<std::string>& task_paths) {
    std::vector<CgroupViewPart> hierarchies;
    std::istringstream lines(mountinfo);
    for (std::string line; std::getline(lines, line);) {
        // id parent major:minor root mount-point options [fields] - type source super-options
        const size_t dash = line.find(" - ");
        if (dash == std::string::npos) continue;
        const std::vector<std::string> head = split(line.substr(0, dash), ' ');
        const std::vector<std::string> tail = split(line.substr(dash + 3), ' ');
        if (head.size() < 6 || tail.size() < 3 || tail[0] != "cgroup") continue;
        std::string group = group_below(head[4], task_paths);
        if (group.empty()) continue;
        hierarchies.push_back({head[4].substr(head[4].rfind('/') + 1), mount_options(tail[2]), std::move(group)});
    }
    return hierarchies;
}

std::vector<CgroupViewPart> entered_hierarchies(const CgroupEntry& entry) {
    if (entry.task_files.empty()) return {};
    // Hierarchies are mounted once at boot; reading the table of mounts again for each start would be waste.
    static std::mutex mutex;
    static std::string mountinfo;
    {
        const std::lock_guard lock(mutex);
        if (mountinfo.empty()) mountinfo = read_mountinfo();
    }
    std::vector<std::string> paths;
    for (const UniqueFd& file : entry.task_files) paths.push_back(path_of(file.get()));
    return cgroup_hierarchies(mountinfo, paths);
}

}  // namespace slipway::linux_backend
