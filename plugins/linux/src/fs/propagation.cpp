#include <fs/propagation.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace slipway::linux_backend {

Result<MountPeers> find_mount(const std::string& mountinfo, uint64_t id) {
    std::istringstream lines(mountinfo);
    for (std::string line; std::getline(lines, line);) {
        // 36 35 98:0 /root /target rw,noatime shared:1 master:2 - ext4 /dev/sda rw
        std::istringstream fields(line);
        uint64_t mount = 0;
        std::string parent, device, root, options, field;
        MountPeers peers;
        if (!(fields >> mount) || mount != id) continue;
        if (!(fields >> parent >> device >> root >> peers.target >> options)) continue;
        while (fields >> field && field != "-") {
            peers.shared = peers.shared || field.rfind("shared:", 0) == 0;
            peers.slave = peers.slave || field.rfind("master:", 0) == 0;
        }
        return peers;
    }
    return Error(ErrorCode::kNotFound, "mount " + std::to_string(id) + " is not in mountinfo");
}

Status check_propagation_source(int source, const std::string& path, const std::string& propagation) {
    const bool wants_shared = propagation == "shared" || propagation == "rshared";
    const bool wants_slave = propagation == "slave" || propagation == "rslave";
    if (!wants_shared && !wants_slave) return ok();

    struct statx info {};
    if (::statx(source, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) != 0) {
        return Error::from_errno(errno, "statx '" + path + "'").with_operation("statx").with_resource(path);
    }
    std::ifstream table("/proc/thread-self/mountinfo");
    std::ostringstream text;
    text << table.rdbuf();
    Result<MountPeers> peers = find_mount(text.str(), info.stx_mnt_id);
    if (!peers) return std::move(peers).error();
    if (peers->shared || (wants_slave && peers->slave)) return ok();
    return Error(ErrorCode::kInvalidArgument, "Path " + path + " is mounted on " + peers->target + " but it is not a " +
                                                  (wants_shared ? "shared" : "shared or slave") + " mount.")
        .with_resource(path);
}

}  // namespace slipway::linux_backend
