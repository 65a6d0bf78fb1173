// paths.cpp - names inside the container's root, resolved by the kernel against a descriptor and never as a string
// twice.
#include <errno.h>
#include <sys/stat.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

constexpr size_t kPathMax = 4096;
constexpr uint64_t kResolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

// openat2 answers EAGAIN when a rename or mount elsewhere raced with a lookup of "..".
int open_stubborn(int dir, const char* path, uint64_t flags, uint64_t resolve) {
    int fd = -1;
    for (int attempt = 0; attempt < 128; ++attempt) {
        fd = openat2(dir, path, flags | O_CLOEXEC, 0, resolve);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return fd;
}

// Opens the prefix of `path` of `length` bytes.
int open_prefix(const ChildContext& c, const char* path, size_t length, uint64_t flags, uint64_t resolve) {
    char prefix[kPathMax];
    if (length >= sizeof(prefix)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(prefix, path, length);
    prefix[length] = '\0';
    return open_stubborn(c.root, length == 0 ? "/" : prefix, flags, resolve);
}

// What is done at most to make one path: hostile links could name each other without end, and each missing part takes
// its place on the stack.
struct Effort {
    int links = 40;  // that lead nowhere; as many as the kernel follows
    int parts = 2048;
};

int make_at(const ChildContext& c, const char* path, bool directory, uint64_t resolve, Effort& effort);

// `parent` has something called `name` that leads nowhere: when it is a link, makes what it leads to, as Docker does.
// Images link /etc/resolv.conf to a file that only a running system has. `above` are the `above_size` bytes by which
// `parent` was found, up to and with the last slash; put before a relative link they name, to the kernel, which
// resolves all of it inside the root, what the link means. Not inlined: the frames of a long path stay small.
[[gnu::noinline]] int make_link_target(const ChildContext& c, int parent, const char* name, const char* above,
                                       size_t above_size, bool directory, uint64_t resolve, Effort& effort) {
    if (--effort.links < 0) {
        errno = ELOOP;
        return -1;
    }
    char path[kPathMax];
    char target[kPathMax];
    const ssize_t size = readlinkat(parent, name, target, sizeof(target));
    if (size <= 0) return -1;  // EINVAL: no link, and yet it could not be opened
    const auto target_size = static_cast<size_t>(size);
    const size_t kept = target[0] == '/' ? 0 : above_size;
    if (kept + target_size >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, above, kept);
    memcpy(path + kept, target, target_size);
    path[kept + target_size] = '\0';
    return make_at(c, path, directory, resolve, effort);
}

// Opens the directory `path[0, length)`, making what is missing. A part that appears in between is taken as it is: it
// is resolved again by the kernel, inside the root.
int make_directories(const ChildContext& c, const char* path, size_t length, uint64_t resolve, Effort& effort) {
    int fd = open_prefix(c, path, length, O_PATH | O_DIRECTORY, resolve);
    if (fd >= 0 || errno != ENOENT) return fd;
    if (--effort.parts < 0) {
        errno = ENAMETOOLONG;
        return -1;
    }

    size_t cut = length;
    while (cut > 0 && path[cut - 1] == '/') --cut;
    size_t start = cut;
    while (start > 0 && path[start - 1] != '/') --start;
    if (cut == 0) return -1;
    const ScopedFd parent{make_directories(c, path, start, resolve, effort)};
    if (!parent) return -1;

    char name[256];
    const size_t size = cut - start;
    if (size >= sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, path + start, size);
    name[size] = '\0';
    if (mkdirat(parent.get(), name, 0755) != 0 && errno != EEXIST) return -1;
    fd = open_prefix(c, path, length, O_PATH | O_DIRECTORY, resolve);
    if (fd >= 0 || errno != ENOENT) return fd;
    return make_link_target(c, parent.get(), name, path, start, true, resolve, effort);
}

int make_at(const ChildContext& c, const char* path, bool directory, uint64_t resolve, Effort& effort) {
    int fd = open_stubborn(c.root, path, O_PATH, resolve);
    if (fd >= 0 || errno != ENOENT) return fd;
    if (directory) return make_directories(c, path, strlen(path), resolve, effort);

    const char* slash = strrchr(path, '/');
    const char* leaf = slash == nullptr ? path : slash + 1;
    const auto above_size = static_cast<size_t>(leaf - path);
    const ScopedFd parent{make_directories(c, path, above_size, resolve, effort)};
    if (!parent) return -1;
    // O_EXCL: a link is not followed here, whoever put it there, but by the kernel inside the root.
    const int file = openat(parent.get(), leaf, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0 && errno != EEXIST) return -1;
    if (file >= 0) close(file);
    fd = open_stubborn(c.root, path, O_PATH, resolve);
    if (fd >= 0 || errno != ENOENT) return fd;
    return make_link_target(c, parent.get(), leaf, path, above_size, false, resolve, effort);
}

}  // namespace

int open_in_root(const ChildContext& c, const char* path, uint64_t flags, uint64_t extra_resolve) {
    return open_stubborn(c.root, path, flags, kResolve | extra_resolve);
}

int open_parent(const ChildContext& c, const char* path, uint64_t extra_resolve, const char** leaf) {
    const char* slash = strrchr(path, '/');
    *leaf = slash == nullptr ? path : slash + 1;
    Effort effort;
    return make_directories(c, path, static_cast<size_t>(*leaf - path), kResolve | extra_resolve, effort);
}

int make_in_root(const ChildContext& c, const char* path, bool directory, uint64_t extra_resolve) {
    Effort effort;
    return make_at(c, path, directory, kResolve | extra_resolve, effort);
}

}  // namespace slipway::supervisor
