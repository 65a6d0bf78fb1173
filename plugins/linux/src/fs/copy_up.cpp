#include <fs/copy_up.hpp>
#include <fs/member.hpp>
#include <sys/dir.hpp>
#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <vector>

namespace slipway::linux_backend {
namespace {

constexpr int kDeepest = 512;  // a descriptor on each side a level
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Error failed(const char* what, const std::string& path) {
    const int reason = errno;
    return Error::from_errno(reason, std::string(what) + " '" + path + "'").with_operation(what).with_resource(path);
}

Status copy_xattrs(int from, int to, const std::string& path) {
    std::vector<char> names(size_t{64} << 10);
    const ssize_t size = ::flistxattr(from, names.data(), names.size());
    if (size < 0) return errno == EOPNOTSUPP ? ok() : Status(failed("flistxattr", path));
    std::vector<char> value(size_t{64} << 10);
    for (ssize_t at = 0; at < size;) {
        const std::string name(names.data() + at);
        at += static_cast<ssize_t>(name.size()) + 1;
        if (!keep_xattr(name) && !name.starts_with("system.posix_acl_")) continue;
        const ssize_t length = ::fgetxattr(from, name.c_str(), value.data(), value.size());
        if (length < 0) continue;  // gone, or not for us to read
        if (::fsetxattr(to, name.c_str(), value.data(), static_cast<size_t>(length), 0) == 0) continue;
        // The other file system may not have the kind.
        if (errno != EOPNOTSUPP) return failed("fsetxattr", path);
    }
    return ok();
}

// Owners as they are to be on disk.
struct Owner {
    uid_t uid;
    gid_t gid;
};

Owner owner_of(const struct stat& info, const IdMap* map) {
    if (map == nullptr) return {info.st_uid, info.st_gid};
    return {from_host(map->uids, info.st_uid).value_or(info.st_uid),
            from_host(map->gids, info.st_gid).value_or(info.st_gid)};
}

// Owner first: changing it takes set-user-ID bits and file capabilities away.
Status copy_attributes(int from, int to, const struct stat& info, const IdMap* map, const std::string& path) {
    const Owner owner = owner_of(info, map);
    if (::fchown(to, owner.uid, owner.gid) != 0) return failed("chown", path);
    if (Status copied = copy_xattrs(from, to, path); !copied) return copied;
    if (::fchmod(to, info.st_mode & 07777) != 0) return failed("chmod", path);
    const std::array<timespec, 2> times{info.st_atim, info.st_mtim};
    if (::futimens(to, times.data()) != 0) return failed("utimens", path);
    return ok();
}

Status copy_bytes(int from, int to, const std::string& path) {
    std::vector<char> buffer;
    while (true) {
        // Shares blocks where the file systems can.
        ssize_t got = buffer.empty() ? ::copy_file_range(from, nullptr, to, nullptr, size_t{1} << 30, 0) : 0;
        if (got > 0) continue;
        if (got == 0 && buffer.empty()) return ok();
        if (buffer.empty() && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) {
            return failed("copy", path);
        }
        buffer.resize(size_t{256} << 10);
        got = ::read(from, buffer.data(), buffer.size());
        if (got < 0) return failed("read", path);
        if (got == 0) return ok();
        for (ssize_t done = 0; done < got;) {
            const ssize_t put = ::write(to, buffer.data() + done, static_cast<size_t>(got - done));
            if (put < 0) return failed("write", path);
            done += put;
        }
    }
}

class TreeCopy {
public:
    TreeCopy(int top, const IdMap* map, const std::function<Status()>& limits)
        : top_(top), map_(map), limits_(limits) {}

    // `path` is that of the directories below the top, with a slash behind it unless empty.
    Status copy_contents(int from, int to, const std::string& path, int depth) {
        if (depth > kDeepest) return Error(ErrorCode::kInvalidArgument, "directories are nested too deep: " + path);
        Result<std::vector<std::string>> names = read_names(from);
        if (!names) return std::move(names).error();
        for (const std::string& name : *names) {
            if (Status allowed = limits_(); !allowed) return allowed;
            if (Status copied = copy_one({from, to, name, path + name}, depth); !copied) return copied;
        }
        return ok();
    }

private:
    struct Entry {
        int from, to;
        const std::string& name;
        std::string path;
    };

    Status copy_one(const Entry& entry, int depth) {
        struct stat info {};
        if (::fstatat(entry.from, entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
            return failed("stat", entry.path);
        if (S_ISDIR(info.st_mode)) return copy_directory(entry, info, depth);
        if (info.st_nlink > 1) {
            const auto [known, is_new] = links_.try_emplace({info.st_dev, info.st_ino}, entry.path);
            if (!is_new) {
                if (::linkat(top_, known->second.c_str(), entry.to, entry.name.c_str(), 0) == 0) return ok();
                return failed("link", entry.path);
            }
        }
        if (S_ISREG(info.st_mode)) return copy_file(entry, info);
        return S_ISLNK(info.st_mode) ? copy_link(entry, info) : copy_node(entry, info);
    }

    Status copy_directory(const Entry& entry, const struct stat& info, int depth) {
        const UniqueFd from{::openat(entry.from, entry.name.c_str(), kOpenDirectory)};
        if (!from) return failed("open", entry.path);
        if (::mkdirat(entry.to, entry.name.c_str(), 0700) != 0) return failed("mkdir", entry.path);
        const UniqueFd to{::openat(entry.to, entry.name.c_str(), kOpenDirectory)};
        if (!to) return failed("open", entry.path);
        Status copied = copy_contents(from.get(), to.get(), entry.path + "/", depth + 1);
        if (copied) copied = copy_attributes(from.get(), to.get(), info, map_, entry.path);
        return copied;
    }

    Status copy_file(const Entry& entry, const struct stat& info) {
        const UniqueFd from{::openat(entry.from, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
        if (!from) return failed("open", entry.path);
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        const UniqueFd to{::openat(entry.to, entry.name.c_str(), flags, 0600)};
        if (!to) return failed("create", entry.path);
        Status copied = copy_bytes(from.get(), to.get(), entry.path);
        if (copied) copied = copy_attributes(from.get(), to.get(), info, map_, entry.path);
        return copied;
    }

    Status copy_link(const Entry& entry, const struct stat& info) {
        std::string text(PATH_MAX, '\0');
        const ssize_t size = ::readlinkat(entry.from, entry.name.c_str(), text.data(), text.size());
        if (size < 0) return failed("readlink", entry.path);
        text.resize(static_cast<size_t>(size));
        if (::symlinkat(text.c_str(), entry.to, entry.name.c_str()) != 0) return failed("symlink", entry.path);
        return finish_node(entry, info);
    }

    Status copy_node(const Entry& entry, const struct stat& info) {
        if (::mknodat(entry.to, entry.name.c_str(), info.st_mode, info.st_rdev) != 0)
            return failed("mknod", entry.path);
        if (Status finished = finish_node(entry, info); !finished) return finished;
        if (::fchmodat(entry.to, entry.name.c_str(), info.st_mode & 07777, 0) != 0) return failed("chmod", entry.path);
        return ok();
    }

    Status finish_node(const Entry& entry, const struct stat& info) {
        const char* const name = entry.name.c_str();
        const Owner owner = owner_of(info, map_);
        if (::fchownat(entry.to, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0) {
            return failed("chown", entry.path);
        }
        const std::array<timespec, 2> times{info.st_atim, info.st_mtim};
        if (::utimensat(entry.to, name, times.data(), AT_SYMLINK_NOFOLLOW) != 0) return failed("utimens", entry.path);
        return ok();
    }

    const int top_;
    const IdMap* const map_;
    const std::function<Status()>& limits_;
    std::map<std::pair<dev_t, ino_t>, std::string> links_;  // first name of a file with several
};

Status copy_beside(int from, int parent, const std::string& name, const IdMap* map,
                   const std::function<Status()>& limits) {
    struct stat info {};
    if (::fstat(from, &info) != 0) return failed("stat", name);
    if (Status made = make_dir_at(parent, name, 0700); !made) return made;
    const UniqueFd to{::openat(parent, name.c_str(), kOpenDirectory)};
    if (!to) return failed("open", name);
    Status copied = TreeCopy(to.get(), map, limits).copy_contents(from, to.get(), "", 0);
    if (copied) copied = copy_attributes(from, to.get(), info, map, name);
    if (copied && ::syncfs(to.get()) != 0) return failed("syncfs", name);
    return copied;
}

Result<bool> is_empty(int parent, const std::string& name) {
    const UniqueFd directory{::openat(parent, name.c_str(), kOpenDirectory)};
    if (!directory) return failed("open", name);
    Result<std::vector<std::string>> names = read_names(directory.get());
    if (!names) return std::move(names).error();
    return names->empty();
}

}  // namespace

Status copy_up(int root, const std::string& target, const std::string& source, const std::function<Status()>& limits,
               const IdMap* map) {
    const size_t slash = source.rfind('/');
    const std::string name = source.substr(slash + 1), copy = name + ".copy-up";
    Result<UniqueFd> parent = open_dir(source.substr(0, slash));
    if (!parent) return std::move(parent).error();
    const Result<bool> empty = is_empty(parent->get(), name);
    if (!empty) return empty.error();
    if (!*empty) return ok();

    const UniqueFd from{try_open_below(root, target.c_str() + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC, Links::kInRoot)};
    if (!from && errno == ENOENT) return ok();
    if (!from && errno == ENOTDIR) {
        return Error(ErrorCode::kInvalidArgument, "cannot mount volume over existing file, file exists " + target)
            .with_resource(target);
    }
    if (!from) return failed("open", target);

    if (Status removed = remove_tree(parent->get(), copy); !removed) return removed;  // of an earlier attempt
    Status copied = copy_beside(from.get(), parent->get(), copy, map, limits);
    // Fails when somebody filled it meanwhile; that content stays.
    if (copied && ::renameat(parent->get(), copy.c_str(), parent->get(), name.c_str()) != 0) {
        const bool filled = errno == ENOTEMPTY || errno == EEXIST;
        copied = filled ? ok() : Status(failed("rename", copy));
        (void)remove_tree(parent->get(), copy);
        return copied;
    }
    if (copied) return ok();
    (void)remove_tree(parent->get(), copy);  // the next attempt removes it as well
    return std::move(copied).error().context("copy '" + target + "' of the image");
}

}  // namespace slipway::linux_backend
