// plugins/linux/src/sys/dir_remove.cpp - deleting a directory tree whose content somebody else chose.
#include <sys/dir.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

namespace slipway::linux_backend {
namespace {

// Directories deeper than this are moved to the top of the tree and deleted from there, so that a container that built
// ten thousand levels costs neither stack nor descriptors.
constexpr int kMaxDepth = 48;

class TreeRemover {
public:
    // `top` is the directory that deep subdirectories are moved into.
    explicit TreeRemover(int top) : top_(top) {}

    // Empties the directory `dir`.
    Status empty(int dir, int depth) {
        // More than one pass: deep directories moved up arrive while, or after, their new home is read.
        for (bool again = true; again;) {
            Result<std::vector<std::string>> names = read_names(dir);
            if (!names) return std::move(names).error();
            for (const std::string& name : *names) {
                if (Status removed = remove(dir, name, depth); !removed) return removed;
            }
            again = dir == top_ && std::exchange(moved_, false);
        }
        return ok();
    }

    Status remove(int parent, const std::string& name, int depth) {
        if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return ok();
        // Linux says EISDIR for a directory; EPERM is POSIX, and also what an immutable file gives.
        if (errno != EISDIR && errno != EPERM) return failed(errno, "unlink", name);
        const int unlink_error = errno;
        if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return ok();
        if (errno == ENOTDIR) return failed(unlink_error, "unlink", name);
        if (errno != ENOTEMPTY && errno != EEXIST) return failed(errno, "rmdir", name);

        if (depth >= kMaxDepth) return move_up(parent, name);
        UniqueFd dir(try_open_below(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Links::kRefuse));
        if (!dir) return failed(errno, "open", name);
        if (Status emptied = empty(dir.get(), depth + 1); !emptied) return emptied;
        if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
            // What was moved up left before its parent is removed, so this is somebody writing here meanwhile.
            return failed(errno, "rmdir", name);
        }
        return ok();
    }

private:
    Status move_up(int parent, const std::string& name) {
        for (int attempt = 0; attempt < 1000; ++attempt) {
            const std::string fresh = ".slipway-remove-" + std::to_string(next_++);
            if (::renameat2(parent, name.c_str(), top_, fresh.c_str(), RENAME_NOREPLACE) == 0) {
                moved_ = true;
                return ok();
            }
            if (errno == ENOENT) return ok();
            if (errno != EEXIST) return failed(errno, "rename", name);
        }
        return Error(ErrorCode::kInternal, "no free name to move '" + name + "' to");
    }

    static Error failed(int err, const char* operation, const std::string& name) {
        return Error::from_errno(err, std::string(operation) + " '" + name + "'")
            .with_operation(operation)
            .with_resource(name);
    }

    int top_;
    bool moved_ = false;
    uint64_t next_ = 0;
};

}  // namespace

Status remove_contents(int dir) {
    return TreeRemover(dir).empty(dir, 0);
}

Status remove_tree(int parent, const std::string& name) {
    UniqueFd dir(try_open_below(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Links::kRefuse));
    if (!dir) {
        if (errno == ENOENT) return ok();
        if (errno != ENOTDIR && errno != ELOOP) {
            return Error::from_errno(errno, "open '" + name + "'").with_operation("openat2").with_resource(name);
        }
        if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return ok();
        return Error::from_errno(errno, "unlink '" + name + "'").with_operation("unlink").with_resource(name);
    }
    if (Status emptied = remove_contents(dir.get()); !emptied) return std::move(emptied).error().context(name);
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
        return Error::from_errno(errno, "rmdir '" + name + "'").with_operation("rmdir").with_resource(name);
    }
    return ok();
}

}  // namespace slipway::linux_backend
