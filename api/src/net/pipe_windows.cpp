#include "net/pipe_windows.hpp"

#include <winsock2.h>

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/UnicodeConverter.h>

#include <memory>
#include <vector>

namespace slipway::api {
namespace {

constexpr DWORD kBuffer = 64 * 1024;

Error system_error(DWORD code, const std::string& text) {
    return Error::from_code(std::error_code(static_cast<int>(code), std::system_category()), text);
}

std::wstring wide(const std::string& text) {
    std::wstring out;
    Poco::UnicodeConverter::toUTF16(text, out);
    return out;
}

struct LocalFreeDeleter {
    void operator()(void* memory) const { ::LocalFree(memory); }
};

// One connection. Everything but its end goes by its handle, past Poco, which takes it for a socket.
class PipeConnection : public Poco::Net::StreamSocketImpl {
public:
    explicit PipeConnection(HANDLE handle) : StreamSocketImpl(reinterpret_cast<poco_socket_t>(handle)) {}

    // Without disconnecting: the client may still read what it was sent.
    void close() override {
        if (!initialized()) return;
        ::CloseHandle(reinterpret_cast<HANDLE>(sockfd()));
        reset();
    }
    void setRawOption(int, int, const void*, poco_socklen_t) override {}
    Poco::Net::SocketAddress address() override { return {}; }
    Poco::Net::SocketAddress peerAddress() override { return {}; }

protected:
    ~PipeConnection() override { PipeConnection::close(); }
};

// Always has one instance of the pipe waiting for a client: a client that finds none is told that there is no such
// pipe.
class PipeListener : public Poco::Net::SocketImpl {
public:
    PipeListener(std::wstring path, std::unique_ptr<void, LocalFreeDeleter> descriptor)
        : path_(std::move(path)),
          descriptor_(std::move(descriptor)),
          connected_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {}

    // 0, or the system's code. `first` fails when somebody else has the name.
    DWORD open_instance(bool first) {
        SECURITY_ATTRIBUTES attributes{sizeof(attributes), descriptor_.get(), FALSE};
        const DWORD mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0);
        waiting_ = ::CreateNamedPipeW(path_.c_str(), mode,
                                      PIPE_TYPE_MESSAGE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                                      PIPE_UNLIMITED_INSTANCES, kBuffer, kBuffer, 0, &attributes);
        if (waiting_ == INVALID_HANDLE_VALUE) return ::GetLastError();
        ::ResetEvent(connected_);
        overlapped_ = {};
        overlapped_.hEvent = connected_;
        if (::ConnectNamedPipe(waiting_, &overlapped_)) return 0;
        const DWORD code = ::GetLastError();
        if (code == ERROR_IO_PENDING) return 0;
        if (code == ERROR_PIPE_CONNECTED) {
            ::SetEvent(connected_);
            return 0;
        }
        ::CloseHandle(std::exchange(waiting_, INVALID_HANDLE_VALUE));
        return code;
    }

    bool poll(const Poco::Timespan& timeout, int) override {
        const auto milliseconds = static_cast<DWORD>(timeout.totalMilliseconds());
        if (waiting_ == INVALID_HANDLE_VALUE && open_instance(false) != 0) {
            ::Sleep(milliseconds);
            return false;
        }
        return ::WaitForSingleObject(connected_, milliseconds) == WAIT_OBJECT_0;
    }

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress&) override {
        const HANDLE client = std::exchange(waiting_, INVALID_HANDLE_VALUE);
        open_instance(false);  // a failure shows in poll(), which tries again
        return new PipeConnection(client);
    }

    Poco::Net::SocketAddress address() override { return {}; }

    void close() override {
        if (waiting_ == INVALID_HANDLE_VALUE) return;
        DWORD ignored = 0;
        ::CancelIoEx(waiting_, &overlapped_);
        ::GetOverlappedResult(waiting_, &overlapped_, &ignored, TRUE);
        ::CloseHandle(std::exchange(waiting_, INVALID_HANDLE_VALUE));
    }

protected:
    ~PipeListener() override {
        PipeListener::close();
        ::CloseHandle(connected_);
    }

private:
    const std::wstring path_;
    const std::unique_ptr<void, LocalFreeDeleter> descriptor_;
    const HANDLE connected_;  // event
    HANDLE waiting_ = INVALID_HANDLE_VALUE;
    OVERLAPPED overlapped_{};
};

std::wstring computer_name() {
    std::wstring name(MAX_COMPUTERNAME_LENGTH + 1, L'\0');
    DWORD length = static_cast<DWORD>(name.size());
    if (!::GetComputerNameW(name.data(), &length)) return {};
    name.resize(length);
    return name;
}

bool is_group(SID_NAME_USE use) {
    return use == SidTypeAlias || use == SidTypeGroup || use == SidTypeWellKnownGroup;
}

// As SDDL wants it; empty when there is no group of that name.
std::wstring sid_of(const std::wstring& group) {
    DWORD sid_size = 0;
    DWORD domain_size = 0;
    SID_NAME_USE use{};
    ::LookupAccountNameW(nullptr, group.c_str(), nullptr, &sid_size, nullptr, &domain_size, &use);
    if (sid_size == 0) return {};
    std::vector<char> sid(sid_size);
    std::wstring domain(domain_size, L'\0');
    if (!::LookupAccountNameW(nullptr, group.c_str(), sid.data(), &sid_size, domain.data(), &domain_size, &use))
        return {};
    LPWSTR text = nullptr;
    if (!is_group(use) || !::ConvertSidToStringSidW(sid.data(), &text)) return {};
    const std::unique_ptr<void, LocalFreeDeleter> owned(text);
    return text;
}

// A name alone is looked for everywhere, in the end among the accounts of the domain, whose groups, or users, nobody
// meant who relies on the default. So that one is this machine's or none.
std::wstring find_group(const std::string& group, bool required) {
    if (group.empty()) return {};
    const std::wstring name = wide(group);
    if (name.find(L'\\') != std::wstring::npos) return sid_of(name);
    std::wstring sid = sid_of(computer_name() + L"\\" + name);
    return sid.empty() && required ? sid_of(name) : sid;
}

}  // namespace

Result<std::wstring> pipe_access(const std::string& group, bool required) {
    std::wstring text = L"D:P(A;;GA;;;BA)(A;;GA;;;SY)";
    const std::wstring sid = find_group(group, required);
    if (sid.empty() && required) {
        return Error(ErrorCode::kNotFound, "group '" + group + "' for the pipe does not exist").with_resource(group);
    }
    if (!sid.empty()) text += L"(A;;GRGW;;;" + sid + L")";
    return text;
}

Result<Poco::Net::SocketImpl*> listen_on_pipe(const std::string& path, const std::wstring& access) {
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    if (!::ConvertStringSecurityDescriptorToSecurityDescriptorW(access.c_str(), SDDL_REVISION_1, &descriptor,
                                                                nullptr)) {
        return system_error(::GetLastError(), "describe who may use '" + path + "'");
    }
    Poco::AutoPtr<PipeListener> listener(
        new PipeListener(wide(path), std::unique_ptr<void, LocalFreeDeleter>(descriptor)));
    const DWORD code = listener->open_instance(true);
    if (code == ERROR_ACCESS_DENIED || code == ERROR_PIPE_BUSY) {
        return Error(ErrorCode::kConflict, "another process is listening on '" + path + "'").with_resource(path);
    }
    if (code != 0) return std::move(system_error(code, "listen on '" + path + "'")).with_resource(path);
    return static_cast<Poco::Net::SocketImpl*>(listener.duplicate());
}

}  // namespace slipway::api
