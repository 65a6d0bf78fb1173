// tests/integration/linux_fs_support.hpp - a layer store with content, and looks at what the process and the host hold.
#pragma once

#include "../unit/linux/fs_support.hpp"
#include "chroot_support.hpp"

#include <fs/layer_import.hpp>
#include <fs/layer_store.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>

namespace slipway::linux_backend::testing {

// "aaa...a" for 'a'.
inline std::string layer_id(char digit) {
    return std::string(64, digit);
}
// Distinct ids beyond sixteen.
inline std::string layer_id(int number) {
    char text[65];
    std::snprintf(text, sizeof(text), "%064x", static_cast<unsigned>(number));
    return text;
}

inline bool kernel_is_at_least(int major, int minor) {
    utsname names{};
    int have_major = 0, have_minor = 0;
    if (::uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &have_major, &have_minor) != 2) return false;
    return have_major > major || (have_major == major && have_minor >= minor);
}

inline size_t open_descriptors() {
    const UniqueFd dir(::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Result<std::vector<std::string>> names = read_names(dir.get());
    return names ? names->size() : 0;
}

// True when the mount that `tree` is the root of stands in the calling thread's mount table.
inline bool in_mount_table(int tree) {
    struct statx info {};
    if (::statx(tree, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) != 0) return true;
    return ("\n" + read_text("/proc/thread-self/mountinfo")).find("\n" + std::to_string(info.stx_mnt_id) + " ") !=
           std::string::npos;
}

// True when the host's mount table mentions `path` anywhere.
inline bool host_mounts_mention(const std::string& path) {
    return read_text("/proc/self/mountinfo").find(path) != std::string::npos;
}

// Runs `body` on a thread with a mount namespace of its own that shares nothing with the host's.
template <class Body>
void in_private_namespace(Body body) {
    std::thread thread([&] {
        ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
        ASSERT_TRUE(make_mounts_private());
        body();
    });
    thread.join();
}

inline std::string read_at(int dir, const std::string& name) {
    const UniqueFd file(::openat(dir, name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return "<" + std::string(std::strerror(errno)) + ">";
    char buffer[4096];
    const ssize_t size = ::read(file.get(), buffer, sizeof(buffer));
    return size < 0 ? "<unreadable>" : std::string(buffer, static_cast<size_t>(size));
}

// 0, or the errno of creating `name` with `text`.
inline int write_at(int dir, const std::string& name, const std::string& text) {
    const UniqueFd file(::openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return errno;
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0) return errno;
    return written == static_cast<ssize_t>(text.size()) ? 0 : ENOSPC;  // a short write leaves errno alone
}

// A store in a directory of its own.
class StoreFixture : public ::testing::Test {
protected:
    StoreFixture() { reopen(); }
    void SetUp() override { ASSERT_EQ(::geteuid(), 0U) << "these tests need root"; }

    // As after a restart of the daemon.
    void reopen() { store_ = std::make_unique<LayerStore>(dir_ / "data"); }

    Result<LayerInfo> import(const std::string& id, const std::string& tar) {
        StringSource source(tar);
        return import_layer(*store_, id, source.get(), default_import_limits(), never_stop);
    }
    void must_import(const std::string& id, const TarBuilder& tar) {
        const Result<LayerInfo> info = import(id, tar.finish());
        ASSERT_TRUE(info.has_value()) << info.error().message();
    }
    std::string diff_path(const std::string& id, const std::string& name) const {
        return dir_ / "data/layers/" + id + "/diff/" + name;
    }
    std::vector<std::string> on_disk() const {
        const UniqueFd dir(::open((dir_ / "data/layers").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!dir) return {};
        return *read_names(dir.get());
    }

    TempDir dir_;
    std::unique_ptr<LayerStore> store_;
};

}  // namespace slipway::linux_backend::testing
