// paths.cpp - names inside the container's root, resolved by the kernel against a descriptor and never as a string
// twice.
#include <errno.h>
#include <sys/stat.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

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
    char prefix[4096];
    if (length >= sizeof(prefix)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(prefix, path, length);
    prefix[length] = '\0';
    return open_stubborn(c.root, length == 0 ? "/" : prefix, flags, resolve);
}

// Opens the directory `path[0, length)`, making what is missing. A part that appears in between is taken as it is: it
// is resolved again by the kernel, inside the root.
int make_directories(const ChildContext& c, const char* path, size_t length, uint64_t resolve) {
    int fd = open_prefix(c, path, length, O_PATH | O_DIRECTORY, resolve);
    if (fd >= 0 || errno != ENOENT) return fd;

    size_t cut = length;
    while (cut > 0 && path[cut - 1] == '/') --cut;
    size_t start = cut;
    while (start > 0 && path[start - 1] != '/') --start;
    if (cut == 0) return -1;
    const ScopedFd parent{make_directories(c, path, start, resolve)};
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
    return open_prefix(c, path, length, O_PATH | O_DIRECTORY, resolve);
}

}  // namespace

int open_in_root(const ChildContext& c, const char* path, uint64_t flags, uint64_t extra_resolve) {
    return open_stubborn(c.root, path, flags, kResolve | extra_resolve);
}

int open_parent(const ChildContext& c, const char* path, uint64_t extra_resolve, const char** leaf) {
    const char* slash = strrchr(path, '/');
    *leaf = slash == nullptr ? path : slash + 1;
    return make_directories(c, path, static_cast<size_t>(*leaf - path), kResolve | extra_resolve);
}

int make_in_root(const ChildContext& c, const char* path, bool directory, uint64_t extra_resolve) {
    const uint64_t resolve = kResolve | extra_resolve;
    int fd = open_stubborn(c.root, path, O_PATH, resolve);
    if (fd >= 0 || errno != ENOENT) return fd;
    if (directory) return make_directories(c, path, strlen(path), resolve);

    const char* leaf = nullptr;
    const ScopedFd parent{open_parent(c, path, extra_resolve, &leaf)};
    if (!parent) return -1;
    // O_EXCL: a dangling link of the image is not followed, and not a reason to write elsewhere either.
    const int file = openat(parent.get(), leaf, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0 && errno != EEXIST) return -1;
    if (file >= 0) close(file);
    return open_stubborn(c.root, path, O_PATH, resolve);
}

}  // namespace slipway::supervisor
