#include "host.hpp"

#include <winsock2.h>

#include <windows.h>

#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/UnicodeConverter.h>

#include <algorithm>

namespace slipway::cli {
namespace {

constexpr const char* kScheme = "npipe://";

// A named pipe with the face of a socket. One thread may read while another writes. What waits for the pipe to become
// readable is a read of one byte, which the next call then has already.
class PipeStream : public Poco::Net::StreamSocketImpl {
public:
    explicit PipeStream(HANDLE handle) : StreamSocketImpl(reinterpret_cast<poco_socket_t>(handle)) {
        reading_.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    }

    int sendBytes(const void* data, int length, int) override {
        const auto* at = static_cast<const char*>(data);
        int left = length;
        do {
            const DWORD sent = write(at, static_cast<DWORD>(left));
            at += sent;
            left -= static_cast<int>(sent);
        } while (left > 0);
        return length;
    }

    int receiveBytes(void* to, int length, int) override {
        if (length <= 0) return 0;
        begin_read();
        if (!finish_read(INFINITE)) return 0;
        auto* out = static_cast<char*>(to);
        *out = byte_;
        has_byte_ = false;
        return 1 + read_available(out + 1, length - 1);
    }

    bool poll(const Poco::Timespan& timeout, int mode) override {
        if ((mode & SELECT_READ) == 0) return true;
        begin_read();
        const auto wait =
            static_cast<DWORD>(std::clamp<Poco::Timespan::TimeDiff>(timeout.totalMilliseconds(), 0, 1 << 30));
        if (has_byte_ || at_end_) return true;
        return ::WaitForSingleObject(reading_.hEvent, wait) == WAIT_OBJECT_0;
    }

    void shutdownSend() override { write("", 0); }
    void shutdownReceive() override {}
    void shutdown() override { close(); }
    int available() override { return has_byte_ ? 1 : 0; }
    void setReceiveTimeout(const Poco::Timespan&) override {}
    Poco::Timespan getReceiveTimeout() override { return {}; }
    void setSendTimeout(const Poco::Timespan&) override {}
    Poco::Timespan getSendTimeout() override { return {}; }
    void setRawOption(int, int, const void*, poco_socklen_t) override {}
    void setBlocking(bool) override {}
    Poco::Net::SocketAddress address() override { return {}; }
    Poco::Net::SocketAddress peerAddress() override { return {}; }

    void close() override {
        if (!initialized()) return;
        if (is_reading_) {
            DWORD ignored = 0;
            ::CancelIoEx(handle(), &reading_);
            ::GetOverlappedResult(handle(), &reading_, &ignored, TRUE);
            is_reading_ = false;
        }
        ::CloseHandle(handle());
        reset();
    }

protected:
    ~PipeStream() override {
        PipeStream::close();
        ::CloseHandle(reading_.hEvent);
    }

private:
    HANDLE handle() const { return reinterpret_cast<HANDLE>(sockfd()); }

    [[noreturn]] static void fail(DWORD code) { throw Poco::Net::NetException("pipe", static_cast<int>(code)); }

    DWORD write(const char* data, DWORD size) {
        OVERLAPPED writing{};
        writing.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
        DWORD sent = 0;
        DWORD code = 0;
        if (!::WriteFile(handle(), data, size, nullptr, &writing)) code = ::GetLastError();
        if (code == 0 || code == ERROR_IO_PENDING) {
            code = ::GetOverlappedResult(handle(), &writing, &sent, TRUE) ? 0 : ::GetLastError();
        }
        ::CloseHandle(writing.hEvent);
        if (code != 0) fail(code);
        return sent;
    }

    // The first byte of what comes next.
    void begin_read() {
        if (has_byte_ || is_reading_ || at_end_) return;
        ::ResetEvent(reading_.hEvent);
        if (::ReadFile(handle(), &byte_, 1, nullptr, &reading_)) {
            is_reading_ = true;
            return;
        }
        const DWORD code = ::GetLastError();
        if (code == ERROR_IO_PENDING || code == ERROR_MORE_DATA) {
            is_reading_ = true;
        } else {
            note_failure(code);
        }
    }

    // True when byte_ has it; false at the end of the stream.
    bool finish_read(DWORD wait) {
        if (has_byte_) return true;
        if (at_end_ || ::WaitForSingleObject(reading_.hEvent, wait) != WAIT_OBJECT_0) return false;
        is_reading_ = false;
        DWORD got = 0;
        if (!::GetOverlappedResult(handle(), &reading_, &got, TRUE) && ::GetLastError() != ERROR_MORE_DATA) {
            note_failure(::GetLastError());
        }
        has_byte_ = got > 0;
        if (!has_byte_) at_end_ = true;  // a message of no bytes: the daemon writes no more
        return has_byte_;
    }

    // What is there already, without waiting.
    int read_available(char* to, int capacity) {
        DWORD there = 0;
        if (capacity <= 0 || !::PeekNamedPipe(handle(), nullptr, 0, nullptr, &there, nullptr) || there == 0) return 0;
        OVERLAPPED more{};
        more.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
        DWORD got = 0;
        const DWORD wanted = std::min(static_cast<DWORD>(capacity), there);
        const bool begun = ::ReadFile(handle(), to, wanted, nullptr, &more) || ::GetLastError() == ERROR_IO_PENDING ||
                           ::GetLastError() == ERROR_MORE_DATA;
        if (begun) ::GetOverlappedResult(handle(), &more, &got, TRUE);
        ::CloseHandle(more.hEvent);
        return static_cast<int>(got);
    }

    void note_failure(DWORD code) {
        at_end_ = true;
        if (code != ERROR_BROKEN_PIPE && code != ERROR_HANDLE_EOF && code != ERROR_PIPE_NOT_CONNECTED) fail(code);
    }

    OVERLAPPED reading_{};
    char byte_ = 0;
    bool is_reading_ = false;
    bool has_byte_ = false;
    bool at_end_ = false;
};

}  // namespace

const char* default_host() {
    return "npipe:////./pipe/slipway_engine";
}

const char* host_forms() {
    return "npipe:////./pipe/NAME nor tcp://ADDRESS:PORT";
}

bool is_local_host(const std::string& host) {
    return host.rfind(kScheme, 0) == 0;
}

Poco::Net::StreamSocket connect_locally(const std::string& host) {
    std::string path = host.substr(std::string(kScheme).size());
    std::replace(path.begin(), path.end(), '/', '\\');
    std::wstring wide;
    Poco::UnicodeConverter::toUTF16(path, wide);
    // All instances may be taken for the moment between two clients.
    constexpr int kTries = 50;
    for (int i = 0;; ++i) {
        // Identification only: the daemon needs to know who calls, not to act for them.
        const HANDLE pipe =
            ::CreateFileW(wide.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                          FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, nullptr);
        if (pipe != INVALID_HANDLE_VALUE) return Poco::Net::StreamSocket(new PipeStream(pipe));
        const DWORD code = ::GetLastError();
        if (code != ERROR_PIPE_BUSY || i >= kTries) {
            throw Poco::Net::ConnectionRefusedException("open the pipe", static_cast<int>(code));
        }
        ::WaitNamedPipeW(wide.c_str(), 100);
    }
}

}  // namespace slipway::cli
