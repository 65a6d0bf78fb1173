#include <fs/archive_path.hpp>

#include <fs/member.hpp>
#include <sys/dir.hpp>
#include <sys/kernel_files.hpp>

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <ctime>
#include <deque>
#include <vector>

namespace slipway::linux_backend {
namespace {

constexpr int kMostLinks = 40;  // as the kernel

std::deque<std::string> parts_of(std::string_view path) {
    std::deque<std::string> parts;
    for (size_t start = 0; start < path.size();) {
        const size_t end = std::min(path.find('/', start), path.size());
        if (const std::string_view part = path.substr(start, end - start); !part.empty() && part != ".") {
            parts.emplace_back(part);
        }
        start = end + 1;
    }
    return parts;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += '/' + part;
    return text.empty() ? "/" : text;
}

int open_place(int root, const std::string& path, uint64_t flags) {
    return try_open_below(root, path.c_str(), O_PATH | flags, Links::kInRoot, 0, Mounts::kCross);
}

std::string link_text(int link) {
    std::string text(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(link, "", text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return text;
}

// Where `path` leads inside, as text for the client; what is missing stays as it is. Nothing is opened by the result.
std::string resolved(int root, const std::string& path) {
    std::deque<std::string> left = parts_of(path);
    std::vector<std::string> done;
    for (int links = 0; !left.empty();) {
        const std::string part = left.front();
        left.pop_front();
        if (part == "..") {
            if (!done.empty()) done.pop_back();
            continue;
        }
        done.push_back(part);
        const UniqueFd here(open_place(root, joined(done), O_NOFOLLOW));
        struct stat info {};
        if (!here || ::fstat(here.get(), &info) != 0 || !S_ISLNK(info.st_mode)) continue;
        if (++links > kMostLinks) return path;
        const std::string target = link_text(here.get());
        done.pop_back();
        if (target.starts_with('/')) done.clear();
        const std::deque<std::string> more = parts_of(target);
        left.insert(left.begin(), more.begin(), more.end());
    }
    return joined(done);
}

std::string rfc3339(const timespec& when) {
    struct tm parts {};
    ::gmtime_r(&when.tv_sec, &parts);
    std::array<char, 64> text{};
    const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string out(text.data(), size);
    if (when.tv_nsec != 0) {
        std::snprintf(text.data(), text.size(), ".%09ld", when.tv_nsec);
        out += text.data();
        while (out.back() == '0') out.pop_back();
    }
    return out + "Z";
}

Error not_there(int err, const std::string& path) {
    const std::string shown = printable(path);
    switch (err) {
        case ENOENT:
            return Error(ErrorCode::kNotFound, "no such file or directory: " + shown)
                .with_os(SLW_OS_ERRNO, err)
                .with_resource(shown);
        case ENOTDIR:
        case ELOOP:
        case ENAMETOOLONG:
            return Error(ErrorCode::kInvalidArgument, shown + ": " + std::generic_category().message(err))
                .with_os(SLW_OS_ERRNO, err)
                .with_resource(shown);
        default:
            return Error::from_errno(err, "open '" + shown + "' in the container").with_resource(shown);
    }
}

Result<UniqueFd> open_object(int root, const ArchivePath& path) {
    if (path.follows) {
        UniqueFd whole(open_place(root, path.place, path.wants_directory ? O_DIRECTORY : 0));
        if (!whole) return not_there(errno, path.place);
        return whole;
    }
    const auto [parent, base] = split_path(path.place);
    const UniqueFd directory(open_place(root, parent.empty() ? "/" : parent, O_DIRECTORY));
    if (!directory) return not_there(errno, path.place);
    UniqueFd object(open_place(directory.get(), base, O_NOFOLLOW));
    if (!object) return not_there(errno, path.place);
    return object;
}

}  // namespace

ArchivePath parse_archive_path(std::string_view path) {
    std::vector<std::string> done;
    for (const std::string& part : parts_of(path)) {
        if (part != "..") {
            done.push_back(part);
        } else if (!done.empty()) {
            done.pop_back();
        }
    }
    ArchivePath out;
    out.place = joined(done);
    const bool dot = path == "." || path.ends_with("/.");
    out.wants_directory = dot || path.ends_with('/');
    out.follows = out.wants_directory || done.empty();
    out.name = done.empty() ? "/" : done.back();
    if (dot && !done.empty()) out.name = ".";
    return out;
}

Result<ArchiveObject> find_object(int root, const ArchivePath& path) {
    Result<UniqueFd> fd = open_object(root, path);
    if (!fd) return std::move(fd).error();
    ArchiveObject object;
    object.fd = std::move(*fd);
    if (::fstat(object.fd.get(), &object.info) != 0) return not_there(errno, path.place);
    if (!S_ISDIR(object.info.st_mode) && is_kernel_file_system(object.fd.get())) return not_there(ENOENT, path.place);
    const Result<uint64_t> mount = mount_id_of(object.fd.get());
    if (!mount) return mount.error();
    object.mount_id = *mount;
    return object;
}

Result<uint64_t> mount_id_of(int fd) {
    struct statx info {};
    if (::statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &info) != 0) {
        return Error::from_errno(errno, "statx");
    }
    return uint64_t{info.stx_mnt_id};
}

uint32_t go_mode(mode_t mode) {
    uint32_t out = mode & 0777;
    if (S_ISDIR(mode)) out |= UINT32_C(1) << 31;
    if (S_ISLNK(mode)) out |= UINT32_C(1) << 27;
    if (S_ISBLK(mode) || S_ISCHR(mode)) out |= UINT32_C(1) << 26;
    if (S_ISFIFO(mode)) out |= UINT32_C(1) << 25;
    if (S_ISSOCK(mode)) out |= UINT32_C(1) << 24;
    if ((mode & S_ISUID) != 0) out |= UINT32_C(1) << 23;
    if ((mode & S_ISGID) != 0) out |= UINT32_C(1) << 22;
    if (S_ISCHR(mode)) out |= UINT32_C(1) << 21;
    if ((mode & S_ISVTX) != 0) out |= UINT32_C(1) << 20;
    return out;
}

nlohmann::json describe_object(int root, const ArchivePath& path, const ArchiveObject& object) {
    return {{"name", path.name},
            {"size", object.info.st_size},
            {"mode", go_mode(object.info.st_mode)},
            {"mtime", rfc3339(object.info.st_mtim)},
            {"linkTarget", S_ISLNK(object.info.st_mode) ? resolved(root, path.place) : ""}};
}

}  // namespace slipway::linux_backend
