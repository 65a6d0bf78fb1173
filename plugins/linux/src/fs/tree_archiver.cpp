#include <fs/tree_archiver.hpp>

#include <fs/archive_path.hpp>
#include <sys/dir.hpp>
#include <sys/kernel_files.hpp>
#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <sys/xattr.h>

#include <cerrno>
#include <climits>
#include <optional>
#include <vector>

namespace slipway::linux_backend {
namespace {

constexpr int kDeepest = 400;  // two descriptors a level

Error failed(const char* what, const std::string& name) {
    const int err = errno;
    const std::string shown = printable(name);
    return Error::from_errno(err, std::string(what) + " '" + shown + "'").with_operation(what).with_resource(shown);
}

std::optional<MemberType> type_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return MemberType::kFile;
        case S_IFDIR:
            return MemberType::kDirectory;
        case S_IFLNK:
            return MemberType::kSymlink;
        case S_IFCHR:
            return MemberType::kCharDevice;
        case S_IFBLK:
            return MemberType::kBlockDevice;
        case S_IFIFO:
            return MemberType::kFifo;
        default:
            return std::nullopt;
    }
}

// Opens what is behind an O_PATH descriptor for reading; the caller knows that it is a file or directory.
UniqueFd reopen(int fd, int flags) {
    const std::string place = "/proc/self/fd/" + std::to_string(fd);
    return UniqueFd(::open(place.c_str(), O_RDONLY | O_CLOEXEC | flags));
}

void read_xattrs(int fd, Member& member) {
    std::vector<char> names(size_t{64} << 10);
    const ssize_t size = ::flistxattr(fd, names.data(), names.size());
    std::string value;
    for (ssize_t at = 0; at < size;) {
        const std::string name(names.data() + at);
        at += static_cast<ssize_t>(name.size()) + 1;
        if (!keep_xattr(name)) continue;
        value.resize(size_t{64} << 10);
        const ssize_t length = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
        if (length < 0) continue;  // gone, or not for us to read
        member.xattrs.emplace_back(name, value.substr(0, static_cast<size_t>(length)));
    }
}

bool is_gone(int err) {
    return err == ENOENT || err == ESTALE;
}

}  // namespace

Status TreeArchiver::add(int fd, const std::string& name) {
    if (!name.empty()) return add_below(fd, name, 0);
    const UniqueFd directory = reopen(fd, O_DIRECTORY);
    if (!directory) return failed("open", "/");
    return add_children(directory.get(), "", 0);
}

Status TreeArchiver::add_below(int fd, const std::string& name, int depth) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return failed("stat", name);
    const std::optional<MemberType> type = type_of(info.st_mode);
    if (!type) return ok();
    const Owner owner = ids_.to_container({info.st_uid, info.st_gid});
    Member member;
    member.type = *type;
    member.path = name;
    member.mode = info.st_mode & 07777;
    member.uid = owner.uid;
    member.gid = owner.gid;
    member.mtime = info.st_mtim;
    member.device = info.st_rdev;
    if (*type == MemberType::kDirectory) return add_directory(fd, std::move(member), depth);
    if (info.st_nlink > 1) {
        const auto [known, is_new] = links_.try_emplace({info.st_dev, info.st_ino}, name);
        if (!is_new) {
            member.type = MemberType::kHardLink;
            member.link = known->second;
            return out_.add(member);
        }
    }
    if (*type == MemberType::kFile) {
        member.size = static_cast<uint64_t>(info.st_size);
        return add_file(fd, std::move(member));
    }
    if (*type == MemberType::kSymlink) {
        std::string text(PATH_MAX, '\0');
        const ssize_t size = ::readlinkat(fd, "", text.data(), text.size());
        if (size < 0) return failed("readlink", name);
        member.link = text.substr(0, static_cast<size_t>(size));
    }
    return out_.add(member);
}

Status TreeArchiver::add_file(int fd, Member member) {
    const UniqueFd file = reopen(fd, O_NONBLOCK | O_NOCTTY);
    if (!file) return failed("open", member.path);
    read_xattrs(file.get(), member);
    return out_.add_file(member, file.get());
}

Status TreeArchiver::add_directory(int fd, Member member, int depth) {
    const std::string name = member.path;
    if (depth > kDeepest) {
        return Error(ErrorCode::kInvalidArgument, "directories are nested too deep: " + printable(name));
    }
    const UniqueFd directory = reopen(fd, O_DIRECTORY);
    if (!directory) return failed("open", name);
    const bool is_window = is_kernel_file_system(directory.get());
    if (!is_window) read_xattrs(directory.get(), member);
    if (Status added = out_.add(member); !added) return added;
    return is_window ? ok() : add_children(directory.get(), name == "/" ? "/" : name + "/", depth);
}

Status TreeArchiver::add_children(int directory, const std::string& prefix, int depth) {
    const Result<std::vector<std::string>> names = read_names(directory);
    if (!names) return names.error();
    for (const std::string& name : *names) {
        const UniqueFd child(::openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!child && is_gone(errno)) continue;
        if (!child) return failed("open", prefix + name);
        if (Status added = add_below(child.get(), prefix + name, depth + 1); !added) return added;
    }
    return ok();
}

}  // namespace slipway::linux_backend
