#include <fs/layer_writer.hpp>

#include <sys/dir.hpp>

#include <fcntl.h>
#include <sys/xattr.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

constexpr int kDirFlags = O_RDONLY | O_DIRECTORY;
// Names of directories whose times are still to be set, before they are set early.
constexpr size_t kMaxTimeBytes = size_t{16} << 20;

// What the kernel says about a name that the archive chose is the archive's fault; the rest is the machine's.
Error failed(int err, const std::string& operation, const Member& member) {
    switch (err) {
        case ENOENT:
        case ENOTDIR:
        case EISDIR:
        case EEXIST:
        case ELOOP:
        case EXDEV:
        case ENAMETOOLONG:
        case EINVAL:
        case EMLINK:
        case ERANGE:
        case E2BIG:
            return bad_member(member.path, operation + ": " + std::generic_category().message(err))
                .with_os(SLW_OS_ERRNO, err);
        default: {
            const std::string shown = printable(member.path);
            return Error::from_errno(err, operation + " '" + shown + "'").with_resource(shown);
        }
    }
}

bool is_whiteout(const struct stat& info) {
    return S_ISCHR(info.st_mode) && info.st_rdev == 0;
}

}  // namespace

int LayerWriter::open_directory(int dir, const char* path, Links links) const noexcept {
    const uint64_t flags = kDirFlags | (links == Links::kRefuse ? O_NOFOLLOW : 0);
    return try_open_below(dir, path, flags, links, 0, rules_.live ? Mounts::kCross : Mounts::kRefuse);
}

Result<Owner> LayerWriter::owner_of(const Member& member) const {
    const Owner wanted = rules_.owner.value_or(Owner{member.uid, member.gid});
    const std::optional<Owner> owner = rules_.ids.to_host(wanted);
    if (!owner) return bad_member(member.path, "its owner does not exist in the container's user name space");
    return *owner;
}

// Docker's words, with the target as the container sees it.
Status LayerWriter::check_kinds(bool is_directory, const Member& member) const {
    if (!rules_.keep_kinds || is_directory == (member.type == MemberType::kDirectory)) return ok();
    const std::string place = printable(rules_.shown + "/" + member.path);
    const std::string text = is_directory ? "cannot overwrite directory \"" + place + "\" with non-directory"
                                          : "cannot overwrite non-directory \"" + place + "\" with directory";
    return Error(ErrorCode::kInvalidArgument, text).with_resource(place);
}

Result<UniqueFd> LayerWriter::open_or_make(const Member& member, const std::string& parent) {
    UniqueFd whole(open_directory(root_, parent.empty() ? "." : parent.c_str(), Links::kInRoot));
    if (whole) return whole;
    if (errno != ENOENT) return failed(errno, "open its directory", member);

    // Archives may leave parents out. Each missing one is made in the directory that is really there, never by path.
    UniqueFd dir(open_directory(root_, ".", Links::kInRoot));
    if (!dir) return failed(errno, "open the layer", member);
    for (size_t start = 0; start < parent.size();) {
        const size_t end = std::min(parent.find('/', start), parent.size());
        const std::string part = parent.substr(start, end - start);
        const std::string prefix = parent.substr(0, end);
        UniqueFd below(open_directory(root_, prefix.c_str(), Links::kInRoot));
        if (!below && errno == ENOENT) {
            // EEXIST: a link to nowhere has the name. It is not followed, and not replaced by guessing.
            if (::mkdirat(dir.get(), part.c_str(), 0755) != 0) return failed(errno, "make its directory", member);
            below.reset(open_directory(dir.get(), part.c_str(), Links::kRefuse));
            if (below && ::fchmod(below.get(), 0755) != 0) return failed(errno, "chmod its directory", member);
            const Owner owner = rules_.ids.to_host(rules_.owner.value_or(Owner())).value_or(Owner());
            if (below && owner != Owner() && ::fchown(below.get(), owner.uid, owner.gid) != 0) {
                return failed(errno, "chown its directory", member);
            }
        }
        if (!below) return failed(errno, "open its directory", member);
        dir = std::move(below);
        start = end + 1;
    }
    return dir;
}

Result<int> LayerWriter::parent_of(const Member& member, const std::string& parent) {
    if (parent_ && parent_path_ == parent) return parent_.get();
    Result<UniqueFd> opened = open_or_make(member, parent);
    if (!opened) return std::move(opened).error();
    parent_ = std::move(*opened);
    parent_path_ = parent;
    return parent_.get();
}

Result<LayerWriter::Found> LayerWriter::make_way(int parent, const std::string& base, const Member& member) {
    struct stat info {};
    if (::fstatat(parent, base.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return Found::kNothing;
        return failed(errno, "stat", member);
    }
    if (Status fits = check_kinds(S_ISDIR(info.st_mode), member); !fits) return std::move(fits).error();
    if (S_ISDIR(info.st_mode)) {
        if (member.type == MemberType::kDirectory) return Found::kDirectory;
        if (Status removed = remove_tree(parent, base); !removed) return std::move(removed).error();
    } else if (::unlinkat(parent, base.c_str(), 0) != 0) {
        return failed(errno, "replace", member);
    }
    // The caller still uses `parent`, which stays what it is: only other names can have led through what is gone.
    if (S_ISDIR(info.st_mode) || S_ISLNK(info.st_mode)) parent_path_.assign(1, '\0');
    return !rules_.live && is_whiteout(info) ? Found::kWhiteout : Found::kNothing;
}

Status LayerWriter::mark_opaque(int dir, const Member& member) {
    if (::fsetxattr(dir, "trusted.overlay.opaque", "y", 1, 0) != 0) return failed(errno, "mark opaque", member);
    return ok();
}

// A whiteout speaks of the layers below. What this layer itself has under the name, before or after, stays.
Status LayerWriter::hide(int parent, const std::string& name, const Member& member) {
    struct stat info {};
    if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISDIR(info.st_mode)) return ok();
        UniqueFd dir(try_open_below(parent, name.c_str(), kDirFlags | O_NOFOLLOW, Links::kRefuse));
        if (!dir) return failed(errno, "open", member);
        return mark_opaque(dir.get(), member);
    }
    if (errno != ENOENT) return failed(errno, "stat", member);
    if (::mknodat(parent, name.c_str(), S_IFCHR, 0) != 0) return failed(errno, "make whiteout", member);
    return ok();
}

Result<bool> LayerWriter::whiteout(const Member& member) {
    const auto [parent_path, base] = split_path(member.path);
    std::string hidden;
    const Whiteout kind = classify_whiteout(base, hidden);
    if (kind == Whiteout::kNone) return false;
    if (kind == Whiteout::kIgnored) return true;
    if (kind == Whiteout::kBad) return bad_member(member.path, "whiteout of nothing");
    Result<int> parent = parent_of(member, parent_path);
    if (!parent) return std::move(parent).error();
    Status applied = kind == Whiteout::kOpaque ? mark_opaque(*parent, member) : hide(*parent, hidden, member);
    if (!applied) return std::move(applied).error();
    return true;
}

// Order matters: chown clears set-user-ID bits and file capabilities, and everything changes the time.
Status LayerWriter::set_attributes(int fd, const Member& member) {
    if (privileged_) {
        const Result<Owner> owner = owner_of(member);
        if (!owner) return owner.error();
        if (::fchown(fd, owner->uid, owner->gid) != 0) return failed(errno, "chown", member);
    }
    for (const auto& [name, value] : member.xattrs) {
        if (!privileged_ && name.rfind("user.", 0) != 0) continue;
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) continue;
        if (errno == EOPNOTSUPP) continue;  // the file system has none; Docker goes on without them too
        return failed(errno, "set attribute " + printable(name), member);
    }
    if (::fchmod(fd, member.mode) != 0) return failed(errno, "chmod", member);
    return ok();
}

void LayerWriter::remember_time(const Member& member) {
    if (!member.mtime) return;
    if (directory_times_.insert_or_assign(member.path, *member.mtime).second) {
        directory_time_bytes_ += member.path.size() + sizeof(timespec);
    }
}

Status LayerWriter::directory(const Member& member) {
    UniqueFd dir;
    if (member.path.empty()) {
        if (rules_.live) return ok();
        dir.reset(open_directory(root_, ".", Links::kInRoot));
        if (!dir) return failed(errno, "open the layer", member);
    } else {
        const auto [parent_path, base] = split_path(member.path);
        Result<int> parent = parent_of(member, parent_path);
        if (!parent) return std::move(parent).error();
        Result<Found> found = make_way(*parent, base, member);
        if (!found) return std::move(found).error();
        if (*found != Found::kDirectory && ::mkdirat(*parent, base.c_str(), 0700) != 0) {
            return failed(errno, "mkdir", member);
        }
        dir.reset(open_directory(*parent, base.c_str(), Links::kRefuse));
        if (!dir) return failed(errno, "open", member);
        // The name below was hidden first and made anew then: nothing below may shine through.
        if (*found == Found::kWhiteout) {
            if (Status marked = mark_opaque(dir.get(), member); !marked) return marked;
        }
    }
    if (Status set = set_attributes(dir.get(), member); !set) return set;
    remember_time(member);
    return directory_time_bytes_ > kMaxTimeBytes ? finish() : Status(ok());
}

Result<UniqueFd> LayerWriter::file(const Member& member) {
    const auto [parent_path, base] = split_path(member.path);
    if (base.empty()) return bad_member(member.path, "the layer's root is not a file");
    Result<int> parent = parent_of(member, parent_path);
    if (!parent) return std::move(parent).error();
    if (Result<Found> found = make_way(*parent, base, member); !found) return std::move(found).error();
    UniqueFd fd(::openat(*parent, base.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return failed(errno, "create", member);
    return fd;
}

Status LayerWriter::finish_file(int fd, const Member& member) {
    if (Status set = set_attributes(fd, member); !set) return set;
    if (!member.mtime) return ok();
    const timespec times[2] = {*member.mtime, *member.mtime};
    if (::futimens(fd, times) != 0) return failed(errno, "set the time", member);
    return ok();
}

Status LayerWriter::symlink(const Member& member) {
    const auto [parent_path, base] = split_path(member.path);
    if (base.empty()) return bad_member(member.path, "the layer's root is not a link");
    Result<int> parent = parent_of(member, parent_path);
    if (!parent) return std::move(parent).error();
    if (Result<Found> found = make_way(*parent, base, member); !found) return std::move(found).error();
    if (::symlinkat(member.link.c_str(), *parent, base.c_str()) != 0) return failed(errno, "symlink", member);
    if (privileged_) {
        const Result<Owner> owner = owner_of(member);
        if (!owner) return owner.error();
        if (::fchownat(*parent, base.c_str(), owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) != 0) {
            return failed(errno, "chown", member);
        }
    }
    if (!member.mtime) return ok();
    const timespec times[2] = {*member.mtime, *member.mtime};
    if (::utimensat(*parent, base.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(errno, "set the time", member);
    return ok();
}

Status LayerWriter::hard_link(const Member& member) {
    const auto [parent_path, base] = split_path(member.path);
    if (base.empty()) return bad_member(member.path, "the layer's root is not a link");
    if (member.link == member.path) return bad_member(member.path, "hard link to itself");
    const auto [target_parent, target_base] = split_path(member.link);
    UniqueFd from(open_directory(root_, target_parent.empty() ? "." : target_parent.c_str(), Links::kInRoot));
    struct stat info {};
    if (!from || ::fstatat(from.get(), target_base.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return bad_member(member.path, "hard link to '" + printable(member.link) + "', which is not in the layer");
    }
    if (S_ISDIR(info.st_mode)) return bad_member(member.path, "hard link to a directory");
    Result<int> parent = parent_of(member, parent_path);
    if (!parent) return std::move(parent).error();
    if (Result<Found> found = make_way(*parent, base, member); !found) return std::move(found).error();
    // Without AT_SYMLINK_FOLLOW a link to a symbolic link is one to the link itself.
    if (::linkat(from.get(), target_base.c_str(), *parent, base.c_str(), 0) != 0) return failed(errno, "link", member);
    return ok();
}

Status LayerWriter::node(const Member& member) {
    const auto [parent_path, base] = split_path(member.path);
    if (base.empty()) return bad_member(member.path, "the layer's root is not a device");
    if (!privileged_ && member.type != MemberType::kFifo) {
        return bad_member(member.path, "device nodes need root").with_code(ErrorCode::kPermissionDenied);
    }
    Result<int> parent = parent_of(member, parent_path);
    if (!parent) return std::move(parent).error();
    if (Result<Found> found = make_way(*parent, base, member); !found) return std::move(found).error();
    const mode_t type = member.type == MemberType::kFifo         ? S_IFIFO
                        : member.type == MemberType::kCharDevice ? S_IFCHR
                                                                 : S_IFBLK;
    if (::mknodat(*parent, base.c_str(), type | 0600, member.device) != 0) return failed(errno, "mknod", member);
    // Never opened but as a place: opening a device acts on it. What has the name by now may not be what was made.
    const UniqueFd made(::openat(*parent, base.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!made || ::fstat(made.get(), &info) != 0) return failed(errno, "open", member);
    if ((info.st_mode & S_IFMT) != type) return bad_member(member.path, "was replaced while it was made");
    if (privileged_) {
        const Result<Owner> owner = owner_of(member);
        if (!owner) return owner.error();
        if (::fchownat(made.get(), "", owner->uid, owner->gid, AT_EMPTY_PATH) != 0) {
            return failed(errno, "chown", member);
        }
    }
    const std::string place = "/proc/self/fd/" + std::to_string(made.get());
    if (::chmod(place.c_str(), member.mode) != 0) return failed(errno, "chmod", member);
    if (!member.mtime) return ok();
    const timespec times[2] = {*member.mtime, *member.mtime};
    if (::utimensat(AT_FDCWD, place.c_str(), times, 0) != 0) return failed(errno, "set the time", member);
    return ok();
}

Status LayerWriter::finish() {
    for (const auto& [path, time] : directory_times_) {
        const Mounts mounts = rules_.live ? Mounts::kCross : Mounts::kRefuse;
        UniqueFd dir(try_open_below(root_, path.empty() ? "." : path.c_str(), kDirFlags | O_NOFOLLOW, Links::kInRoot, 0,
                                    mounts));
        if (!dir) continue;  // replaced by something else meanwhile
        const timespec times[2] = {time, time};
        if (::futimens(dir.get(), times) != 0) {
            return Error::from_errno(errno, "set the time of '" + printable(path) + "'").with_resource(printable(path));
        }
    }
    directory_times_.clear();
    directory_time_bytes_ = 0;
    return ok();
}

}  // namespace slipway::linux_backend
