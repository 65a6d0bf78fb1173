#include <slipway/core/overlapped.hpp>

#include <winsock2.h>

#include <windows.h>

#include <algorithm>

namespace slipway::core::overlapped {
namespace {

constexpr size_t kMostAtOnce = size_t{64} << 10;

HANDLE to_handle(slw_os_handle handle) {
    return reinterpret_cast<HANDLE>(static_cast<intptr_t>(handle));
}

SOCKET to_socket(slw_os_handle handle) {
    return static_cast<SOCKET>(handle);
}

bool is_socket(slw_os_handle handle) {
    int type = 0;
    int size = sizeof(type);
    return ::getsockopt(to_socket(handle), SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type), &size) == 0;
}

// One overlapped call and the event that tells of its end.
class Operation {
public:
    explicit Operation(HANDLE handle) : handle_(handle) {
        overlapped_.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() {
        if (overlapped_.hEvent != nullptr) ::CloseHandle(overlapped_.hEvent);
    }

    bool usable() const { return overlapped_.hEvent != nullptr; }
    OVERLAPPED* get() { return &overlapped_; }

    // Waits for the end, cancelling at `deadline` or when `gives_up` says so. The system's code, 0 for success; `count`
    // is set even when a message did not fit.
    DWORD finish(Clock::time_point deadline, DWORD& count, bool& timed_out,
                 const std::function<bool()>& gives_up = {}) {
        const DWORD longest = gives_up ? kTick : kLongestWait;
        while (::WaitForSingleObject(overlapped_.hEvent, std::min(milliseconds_to(deadline), longest)) ==
               WAIT_TIMEOUT) {
            if (Clock::now() < deadline && !(gives_up && gives_up())) continue;
            timed_out = true;
            ::CancelIoEx(handle_, &overlapped_);
            break;
        }
        // After a cancellation as well: the memory is the system's until the operation has ended.
        return ::GetOverlappedResult(handle_, &overlapped_, &count, TRUE) ? 0 : ::GetLastError();
    }

private:
    static constexpr DWORD kTick = 200;  // ms
    static constexpr DWORD kLongestWait = 60'000;

    static DWORD milliseconds_to(Clock::time_point deadline) {
        if (deadline == kNoDeadline) return kLongestWait;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        return static_cast<DWORD>(std::clamp<int64_t>(left, 0, kLongestWait));
    }

    HANDLE handle_;
    OVERLAPPED overlapped_{};
};

bool is_end(DWORD code) {
    return code == ERROR_BROKEN_PIPE || code == ERROR_HANDLE_EOF;
}

}  // namespace

Outcome read(slw_os_handle handle, void* to, size_t capacity, Clock::time_point deadline, size_t& got) {
    got = 0;
    Operation operation(to_handle(handle));
    if (!operation.usable()) return Outcome::kBroken;
    const auto wanted = static_cast<DWORD>(std::min(capacity, kMostAtOnce));
    if (!::ReadFile(to_handle(handle), to, wanted, nullptr, operation.get())) {
        const DWORD code = ::GetLastError();
        if (is_end(code)) return Outcome::kEnd;
        if (code != ERROR_IO_PENDING && code != ERROR_MORE_DATA) return Outcome::kBroken;
    }
    DWORD count = 0;
    bool timed_out = false;
    const DWORD code = operation.finish(deadline, count, timed_out);
    got = count;
    if (code == 0 || code == ERROR_MORE_DATA) return count > 0 ? Outcome::kDone : Outcome::kEnd;
    if (is_end(code)) return Outcome::kEnd;
    return timed_out && code == ERROR_OPERATION_ABORTED ? Outcome::kTimeout : Outcome::kBroken;
}

Outcome write(slw_os_handle handle, std::string_view data, Clock::time_point deadline,
              const std::function<bool()>& gives_up) {
    while (!data.empty()) {
        Operation operation(to_handle(handle));
        if (!operation.usable()) return Outcome::kBroken;
        const auto wanted = static_cast<DWORD>(std::min(data.size(), kMostAtOnce));
        if (!::WriteFile(to_handle(handle), data.data(), wanted, nullptr, operation.get()) &&
            ::GetLastError() != ERROR_IO_PENDING) {
            return Outcome::kBroken;
        }
        DWORD count = 0;
        bool timed_out = false;
        const DWORD code = operation.finish(deadline, count, timed_out, gives_up);
        if (code != 0) return timed_out && code == ERROR_OPERATION_ABORTED ? Outcome::kTimeout : Outcome::kBroken;
        data.remove_prefix(count);
    }
    return Outcome::kDone;
}

void end_writing(slw_os_handle handle) {
    if (is_socket(handle)) {
        ::shutdown(to_socket(handle), SD_SEND);
        return;
    }
    Operation operation(to_handle(handle));
    if (!operation.usable()) return;
    if (!::WriteFile(to_handle(handle), "", 0, nullptr, operation.get()) && ::GetLastError() != ERROR_IO_PENDING)
        return;
    DWORD count = 0;
    bool timed_out = false;
    operation.finish(Clock::now() + std::chrono::seconds(2), count, timed_out);
}

bool is_peer_gone(slw_os_handle handle, bool also_half) {
    if (!is_socket(handle)) {
        return ::PeekNamedPipe(to_handle(handle), nullptr, 0, nullptr, nullptr, nullptr) == 0;
    }
    WSAPOLLFD entry{to_socket(handle), POLLRDNORM, 0};
    if (::WSAPoll(&entry, 1, 0) <= 0) return false;
    if ((entry.revents & (POLLERR | POLLNVAL)) != 0) return true;
    if (!also_half) return false;
    if ((entry.revents & POLLRDNORM) == 0) return (entry.revents & POLLHUP) != 0;
    char byte = 0;
    return ::recv(to_socket(handle), &byte, 1, MSG_PEEK) <= 0;
}

void cut(slw_os_handle handle) {
    if (is_socket(handle)) {
        ::shutdown(to_socket(handle), SD_BOTH);
    } else {
        ::DisconnectNamedPipe(to_handle(handle));
    }
    ::CancelIoEx(to_handle(handle), nullptr);
}

Result<slw_os_handle> duplicate(slw_os_handle handle) {
    HANDLE copy = nullptr;
    const HANDLE self = ::GetCurrentProcess();
    if (::DuplicateHandle(self, to_handle(handle), self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        return static_cast<slw_os_handle>(reinterpret_cast<intptr_t>(copy));
    }
    const std::error_code code(static_cast<int>(::GetLastError()), std::system_category());
    return std::move(Error::from_code(code, "duplicate the client's connection")).with_operation("DuplicateHandle");
}

void close(slw_os_handle handle) {
    ::CloseHandle(to_handle(handle));
}

}  // namespace slipway::core::overlapped
