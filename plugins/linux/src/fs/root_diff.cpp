#include <fs/root_diff.hpp>

#include <sys/dir.hpp>

#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

namespace slipway::linux_backend {
namespace {

constexpr size_t kMaxChanges = 2'000'000;

bool is_whiteout(const struct stat& info) {
    return S_ISCHR(info.st_mode) && info.st_rdev == 0;
}

bool is_opaque(int dir) {
    char value = 0;
    return ::fgetxattr(dir, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

// True when `name` is there, with what it is in `out`.
bool stat_at(int dir, const std::string& name, struct stat& out) {
    return ::fstatat(dir, name.c_str(), &out, AT_SYMLINK_NOFOLLOW) == 0;
}

bool differs(const struct stat& below, const struct stat& above) {
    if (below.st_mode != above.st_mode || below.st_uid != above.st_uid || below.st_gid != above.st_gid) return true;
    // Size and time of a directory change with its entries, which are listed on their own.
    if (S_ISDIR(below.st_mode)) return false;
    return below.st_rdev != above.st_rdev || below.st_size != above.st_size ||
           below.st_mtim.tv_sec != above.st_mtim.tv_sec || below.st_mtim.tv_nsec != above.st_mtim.tv_nsec;
}

// The layers' directories that make up one path, top first.
class MergedDir {
public:
    // Opens `path` in the `visible` topmost of `lower`, down to the first that hides what is below it.
    static Result<MergedDir> open(const std::vector<UniqueFd>& lower, size_t visible, const std::string& path) {
        MergedDir merged;
        for (size_t index = 0; index < visible; ++index) {
            const int layer = lower[lower.size() - 1 - index].get();
            merged.visible_ = index + 1;
            UniqueFd dir(try_open_below(layer, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Links::kRefuse));
            if (!dir) {
                const int err = errno;
                // A file, link or whiteout on the way hides everything below it; an absent name hides nothing.
                if (err == ENOTDIR || err == ELOOP) break;
                if (err == ENOENT) continue;
                return Error::from_errno(err, "open '" + path + "' in a layer").with_resource(path);
            }
            const bool last = is_opaque(dir.get());
            merged.dirs_.push_back(std::move(dir));
            if (last) break;
        }
        return merged;
    }

    // How many of the topmost layers count for what is inside this directory.
    size_t visible() const { return visible_; }

    // What `name` is in the merge, if it is there.
    std::optional<struct stat> find(const std::string& name) const {
        struct stat info {};
        for (const UniqueFd& dir : dirs_) {
            if (!stat_at(dir.get(), name, info)) continue;
            if (is_whiteout(info)) return std::nullopt;
            return info;
        }
        return std::nullopt;
    }

    Result<std::set<std::string>> names() const {
        std::set<std::string> all;
        for (const UniqueFd& dir : dirs_) {
            Result<std::vector<std::string>> some = read_names(dir.get());
            if (!some) return std::move(some).error();
            all.insert(some->begin(), some->end());
        }
        std::erase_if(all, [this](const std::string& name) { return !find(name); });
        return all;
    }

private:
    std::vector<UniqueFd> dirs_;
    size_t visible_ = 0;
};

class DiffWalk {
public:
    DiffWalk(int upper, const std::vector<UniqueFd>& lower, const std::function<Status()>& check)
        : upper_(upper), lower_(lower), check_(check) {}

    // Lists the changes in the directory `path` ("." for the root), comparing with the `visible` topmost layers.
    Status directory(const std::string& path, size_t visible) {
        if (Status go_on = check_(); !go_on) return go_on;
        Level level;
        if (Status read = read_level(path, visible, level); !read) return read;
        // No descriptor of this level is open while its subdirectories are walked: depth costs none.
        for (const Entry& entry : level.entries) {
            const size_t position = changes_.size();
            if (entry.kind) {
                if (Status added = add(path, entry.name, *entry.kind); !added) return added;
            }
            if (!entry.enter) continue;
            const size_t inside = changes_.size();
            if (Status walked = directory(path + "/" + entry.name, entry.directory_below ? level.visible : 0); !walked)
                return walked;
            if (!entry.kind && changes_.size() > inside) {
                changes_.insert(changes_.begin() + static_cast<std::ptrdiff_t>(position),
                                {shown(path, entry.name), ChangeKind::kModified});
            }
        }
        return ok();
    }

    std::vector<RootChange> take() { return std::move(changes_); }

private:
    struct Entry {
        std::string name;
        std::optional<ChangeKind> kind;
        bool enter = false;            // a directory in upper
        bool directory_below = false;  // and in the layers
    };
    struct Level {
        std::vector<Entry> entries;  // sorted by name
        size_t visible = 0;          // how many of the topmost layers count below it
    };

    static std::string shown(const std::string& path, const std::string& name) {
        return path.substr(1) + "/" + name;  // "./a" is "/a"
    }

    Status add(const std::string& path, const std::string& name, ChangeKind kind) {
        if (changes_.size() == kMaxChanges) {
            return Error(ErrorCode::kResourceExhausted, "more than " + std::to_string(kMaxChanges) + " changes");
        }
        changes_.push_back({shown(path, name), kind});
        return ok();
    }

    Status read_level(const std::string& path, size_t visible, Level& level) const {
        UniqueFd dir(try_open_below(upper_, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Links::kRefuse));
        if (!dir) {
            const int err = errno;
            const bool gone = err == ENOENT || err == ENOTDIR || err == ELOOP;
            if (gone || err == ENAMETOOLONG || err == EXDEV) return ok();
            return Error::from_errno(err, "open '" + path + "'").with_resource(path);
        }
        Result<MergedDir> below = MergedDir::open(lower_, visible, path);
        if (!below) return std::move(below).error();
        level.visible = below->visible();
        Result<std::vector<std::string>> names = read_names(dir.get());
        if (!names) return std::move(names).error();
        for (const std::string& name : *names) compare(dir.get(), name, *below, level);
        if (visible > 0 && is_opaque(dir.get())) return add_hidden(*below, *names, level);
        return ok();
    }

    static void compare(int dir, const std::string& name, const MergedDir& below, Level& level) {
        struct stat above {};
        if (!stat_at(dir, name, above)) return;
        const std::optional<struct stat> old = below.find(name);
        Entry entry{name, std::nullopt, S_ISDIR(above.st_mode), old && S_ISDIR(old->st_mode)};
        if (is_whiteout(above)) {
            if (old) entry.kind = ChangeKind::kDeleted;
        } else if (!old) {
            entry.kind = ChangeKind::kAdded;
        } else if (differs(*old, above)) {
            entry.kind = ChangeKind::kModified;
        }
        if (entry.kind || entry.enter) level.entries.push_back(std::move(entry));
    }

    // An opaque directory hides what the layers have in it, without a whiteout for each name.
    static Status add_hidden(const MergedDir& below, const std::vector<std::string>& present, Level& level) {
        Result<std::set<std::string>> hidden = below.names();
        if (!hidden) return std::move(hidden).error();
        for (const std::string& name : present) hidden->erase(name);
        for (const std::string& name : *hidden) level.entries.push_back({name, ChangeKind::kDeleted});
        std::sort(level.entries.begin(), level.entries.end(),
                  [](const Entry& a, const Entry& b) { return a.name < b.name; });
        return ok();
    }

    int upper_;
    const std::vector<UniqueFd>& lower_;
    const std::function<Status()>& check_;
    std::vector<RootChange> changes_;
};

}  // namespace

Result<std::vector<RootChange>> diff_root(int upper, const std::vector<UniqueFd>& lower,
                                          const std::function<Status()>& check) {
    DiffWalk walk(upper, lower, check);
    if (Status walked = walk.directory(".", lower.size()); !walked) return std::move(walked).error();
    return walk.take();
}

}  // namespace slipway::linux_backend
