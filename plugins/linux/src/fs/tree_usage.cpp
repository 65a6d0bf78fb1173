#include <fs/tree_usage.hpp>

#include <sys/dir.hpp>

#include <fcntl.h>

#include <cerrno>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace slipway::linux_backend {

Result<uint64_t> tree_usage(int root, const std::function<Status()>& check) {
    uint64_t total = 0;
    std::set<std::pair<dev_t, ino_t>> linked;  // files with more than one name, seen already
    std::vector<std::string> directories{"."};
    while (!directories.empty()) {
        if (Status go_on = check(); !go_on) return std::move(go_on).error();
        const std::string path = std::move(directories.back());
        directories.pop_back();
        UniqueFd dir(try_open_below(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Links::kRefuse));
        if (!dir) {
            const int err = errno;
            const bool gone = err == ENOENT || err == ENOTDIR || err == ELOOP;
            if (gone || err == ENAMETOOLONG || err == EXDEV) continue;
            return Error::from_errno(err, "open '" + path + "'").with_resource(path);
        }
        Result<std::vector<std::string>> names = read_names(dir.get());
        if (!names) return std::move(names).error().context(path);
        for (const std::string& name : *names) {
            struct stat info {};
            if (::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
            if (S_ISDIR(info.st_mode)) {
                directories.push_back(path + "/" + name);
            } else if (S_ISREG(info.st_mode)) {
                if (info.st_nlink > 1 && !linked.insert({info.st_dev, info.st_ino}).second) continue;
                total += static_cast<uint64_t>(info.st_size);
            }
        }
    }
    return total;
}

}  // namespace slipway::linux_backend
