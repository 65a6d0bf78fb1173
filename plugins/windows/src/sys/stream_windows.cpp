// Streams on Windows: overlapped handles, of pipes and of sockets alike. A zero-length message ends the writing side of
// a message pipe.
#include <winsock2.h>

#include <sys/stream.hpp>

#include <windows.h>

#include <atomic>

namespace slipway::windows_backend {
namespace {

// An event per direction: one read and one write may wait at the same time.
class HandleStream : public Stream {
public:
    explicit HandleStream(HANDLE handle)
        : handle_(handle),
          read_event_(CreateEventW(nullptr, TRUE, FALSE, nullptr)),
          write_event_(CreateEventW(nullptr, TRUE, FALSE, nullptr)) {}
    ~HandleStream() override {
        CloseHandle(handle_);
        CloseHandle(read_event_);
        CloseHandle(write_event_);
    }

    int64_t read(void* buffer, size_t capacity) override {
        OVERLAPPED overlapped{};
        overlapped.hEvent = read_event_;
        if (cancelled_ || reading_cancelled_) return -1;
        const DWORD want = capacity > (1U << 20) ? 1U << 20 : static_cast<DWORD>(capacity);
        if (!ReadFile(handle_, buffer, want, nullptr, &overlapped)) {
            const DWORD code = GetLastError();
            if (code == ERROR_BROKEN_PIPE || code == ERROR_HANDLE_EOF) return 0;
            if (code != ERROR_IO_PENDING && code != ERROR_MORE_DATA) return -1;
        }
        DWORD got = 0;
        if (!finish(overlapped, got, reading_cancelled_)) {
            const DWORD code = GetLastError();
            if (code == ERROR_MORE_DATA) return got;
            return code == ERROR_BROKEN_PIPE || code == ERROR_HANDLE_EOF ? 0 : -1;
        }
        return got;
    }

    bool write(const void* data, size_t size) override {
        const char* at = static_cast<const char*>(data);
        while (size > 0) {
            if (cancelled_) return false;
            OVERLAPPED overlapped{};
            overlapped.hEvent = write_event_;
            const DWORD want = size > (1U << 16) ? 1U << 16 : static_cast<DWORD>(size);
            if (!WriteFile(handle_, at, want, nullptr, &overlapped) && GetLastError() != ERROR_IO_PENDING) return false;
            DWORD wrote = 0;
            if (!finish(overlapped, wrote, cancelled_)) return false;
            at += wrote;
            size -= wrote;
        }
        return true;
    }

    void end_writing() override {
        if (GetFileType(handle_) != FILE_TYPE_PIPE || shutdown(reinterpret_cast<SOCKET>(handle_), SD_SEND) == 0) return;
        OVERLAPPED overlapped{};
        overlapped.hEvent = write_event_;
        DWORD ignored = 0;
        if (WriteFile(handle_, "", 0, nullptr, &overlapped) || GetLastError() == ERROR_IO_PENDING) {
            finish(overlapped, ignored, cancelled_);
        }
    }

    void cancel() override { cancelled_ = true; }
    void cancel_reading() override { reading_cancelled_ = true; }

private:
    // Waits in slices, so that a cancellation cannot slip in between a check and the wait.
    bool finish(OVERLAPPED& overlapped, DWORD& count, const std::atomic<bool>& also) {
        while (WaitForSingleObject(overlapped.hEvent, 20) == WAIT_TIMEOUT) {
            if (cancelled_ || also) CancelIoEx(handle_, &overlapped);
        }
        return GetOverlappedResult(handle_, &overlapped, &count, TRUE) != 0;
    }

    const HANDLE handle_;
    const HANDLE read_event_, write_event_;
    std::atomic<bool> cancelled_{false}, reading_cancelled_{false};
};

}  // namespace

std::unique_ptr<Stream> Stream::adopt(raw::Handle handle) {
    return std::make_unique<HandleStream>(handle);
}

Result<std::unique_ptr<Stream>> Stream::duplicate(slw_os_handle handle) {
    HANDLE copy = nullptr;
    const HANDLE given = reinterpret_cast<HANDLE>(static_cast<intptr_t>(handle));
    if (!DuplicateHandle(GetCurrentProcess(), given, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        return Error(ErrorCode::kSystem, "DuplicateHandle of the client's stream failed")
            .with_os(SLW_OS_HRESULT, HRESULT_FROM_WIN32(GetLastError()))
            .with_operation("DuplicateHandle");
    }
    return std::unique_ptr<Stream>(std::make_unique<HandleStream>(copy));
}

}  // namespace slipway::windows_backend
