// sys.hpp - the few system calls glibc has no wrapper for, and small helpers without allocation.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace slipway::supervisor {

inline int openat2(int dir, const char* path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    open_how how{};
    how.flags = flags;
    how.mode = mode;
    how.resolve = resolve;
    return static_cast<int>(syscall(SYS_openat2, dir, path, &how, sizeof(how)));
}

inline long clone3(const clone_args& args) {
    return syscall(SYS_clone3, &args, sizeof(args));
}

inline int pidfd_send_signal(int pidfd, int signum) {
    return static_cast<int>(syscall(SYS_pidfd_send_signal, pidfd, signum, nullptr, 0));
}

inline int64_t unix_now_ns() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline int64_t monotonic_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// A descriptor that is closed at the end of its scope. The supervisor has no C++ runtime, hence not the SDK's handle.
class ScopedFd {
public:
    explicit ScopedFd(int fd = -1) : fd_(fd) {}
    ScopedFd(const ScopedFd&) = delete;
    ScopedFd& operator=(const ScopedFd&) = delete;
    ~ScopedFd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset(int fd = -1) {
        if (fd_ >= 0) close(fd_);
        fd_ = fd;
    }

private:
    int fd_;
};

// Text in a fixed buffer; what does not fit is cut off and full() says so.
template <size_t kSize>
class FixedText {
public:
    FixedText& add(const char* text) { return add(text, strlen(text)); }
    FixedText& add(const char* text, size_t size) {
        for (size_t i = 0; i < size; ++i) {
            if (length_ + 1 >= kSize) {
                full_ = true;
                break;
            }
            text_[length_++] = text[i];
        }
        text_[length_] = '\0';
        return *this;
    }
    FixedText& add_number(int64_t value) {
        char digits[24];
        size_t at = sizeof(digits);
        uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
        do {
            digits[--at] = static_cast<char>('0' + rest % 10);
            rest /= 10;
        } while (rest != 0);
        if (value < 0) digits[--at] = '-';
        return add(digits + at, sizeof(digits) - at);
    }
    const char* get() const { return text_; }
    size_t size() const { return length_; }
    bool full() const { return full_; }

private:
    char text_[kSize] = {};
    size_t length_ = 0;
    bool full_ = false;
};

}  // namespace slipway::supervisor
