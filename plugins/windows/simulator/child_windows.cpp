// Children as Windows processes: overlapped pipes for the caller, a job that ends them with all they started.
#include "child.hpp"

#include <raw/codes.hpp>
#include <raw/utf16.hpp>

#include <windows.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace slipway::simulated_hcs {
namespace {

namespace raw = windows_backend::raw;

constexpr DWORD kPipeBytes = 64 * 1024;
constexpr uint32_t kControlC = 0xC000013A;  // STATUS_CONTROL_C_EXIT
constexpr uint32_t kTerminated = 1067;      // ERROR_PROCESS_ABORTED

class OwnedHandle {
public:
    OwnedHandle() = default;
    explicit OwnedHandle(HANDLE handle) : handle_(handle == INVALID_HANDLE_VALUE ? nullptr : handle) {}
    OwnedHandle(OwnedHandle&& other) noexcept : handle_(other.release()) {}
    OwnedHandle& operator=(OwnedHandle&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~OwnedHandle() { reset(); }

    HANDLE get() const { return handle_; }
    explicit operator bool() const { return handle_ != nullptr; }
    HANDLE release() { return std::exchange(handle_, nullptr); }
    void reset(HANDLE next = nullptr) {
        if (handle_ != nullptr) CloseHandle(handle_);
        handle_ = next;
    }

private:
    HANDLE handle_ = nullptr;
};

std::wstring wide(const std::string& utf8) {
    const std::u16string text = windows_backend::to_utf16(utf8);
    return {text.begin(), text.end()};
}

SECURITY_ATTRIBUTES inheritable() {
    return {sizeof(SECURITY_ATTRIBUTES), nullptr, TRUE};
}

// A pipe with one overlapped end and one that `there_flags` and `attributes` describe.
struct Pipe {
    OwnedHandle here, there;

    static Pipe open(bool outbound, DWORD there_flags, SECURITY_ATTRIBUTES* attributes) {
        static std::atomic<unsigned> count{0};
        const std::wstring name = L"\\\\.\\pipe\\slipway-simulator-" + std::to_wstring(GetCurrentProcessId()) + L"-" +
                                  std::to_wstring(++count);
        Pipe pipe;
        const DWORD access = outbound ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND;
        pipe.here = OwnedHandle(CreateNamedPipeW(
            name.c_str(), access | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, kPipeBytes, kPipeBytes, 0, nullptr));
        pipe.there = OwnedHandle(CreateFileW(name.c_str(), outbound ? GENERIC_READ : GENERIC_WRITE, 0, attributes,
                                             OPEN_EXISTING, there_flags, nullptr));
        return pipe;
    }
};

// What goes to the child passes through here, as it passes through the service of a real host: only so can it read end
// of file while the caller still holds its end.
class InputPump {
public:
    InputPump(OwnedHandle from, OwnedHandle to)
        : from_(std::move(from)),
          to_(std::move(to)),
          ready_(CreateEventW(nullptr, TRUE, FALSE, nullptr)),
          close_(CreateEventW(nullptr, TRUE, FALSE, nullptr)),
          thread_([this] { run(); }) {}

    ~InputPump() {
        close();
        thread_.join();
    }

    // End of file after what was written so far.
    void close() { SetEvent(close_.get()); }

private:
    void run() {
        std::array<char, 4096> buffer;
        while (const DWORD got = read(buffer)) {
            DWORD wrote = 0;
            if (!WriteFile(to_.get(), buffer.data(), got, &wrote, nullptr)) break;
        }
        to_.reset();
    }

    // 0: the end.
    DWORD read(std::array<char, 4096>& buffer) {
        OVERLAPPED overlapped{};
        overlapped.hEvent = ready_.get();
        DWORD got = 0;
        if (!ReadFile(from_.get(), buffer.data(), static_cast<DWORD>(buffer.size()), nullptr, &overlapped) &&
            GetLastError() != ERROR_IO_PENDING) {
            return 0;
        }
        const HANDLE events[] = {ready_.get(), close_.get()};
        if (WaitForMultipleObjects(2, events, FALSE, INFINITE) != WAIT_OBJECT_0) CancelIoEx(from_.get(), &overlapped);
        return GetOverlappedResult(from_.get(), &overlapped, &got, TRUE) ? got : 0;
    }

    OwnedHandle from_, to_, ready_, close_;
    std::thread thread_;  // last: it uses the others
};

struct LessIgnoringCase {
    bool operator()(const std::wstring& a, const std::wstring& b) const {
        return CompareStringOrdinal(a.c_str(), -1, b.c_str(), -1, TRUE) == CSTR_LESS_THAN;
    }
};

// This process's variables and those of the child, sorted by name, each with its terminator.
std::wstring environment_block(const std::map<std::string, std::string>& added) {
    std::map<std::wstring, std::wstring, LessIgnoringCase> variables;
    wchar_t* const own = GetEnvironmentStringsW();
    for (const wchar_t* at = own; *at != 0; at += wcslen(at) + 1) {
        const std::wstring entry = at;
        const size_t equals = entry.find(L'=', 1);  // names like "=C:" begin with one
        if (equals != std::wstring::npos) variables[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
    FreeEnvironmentStringsW(own);
    for (const auto& [name, value] : added) variables[wide(name)] = wide(value);
    std::wstring block;
    for (const auto& [name, value] : variables) block += name + L'=' + value + L'\0';
    return block + L'\0';
}

class WindowsChild final : public Child {
public:
    struct Parts {
        OwnedHandle process, job, in, out, err;
        std::unique_ptr<InputPump> input;
        DWORD id = 0;
    };

    WindowsChild(Parts parts, OnExit on_exit)
        : process_(std::move(parts.process)),
          job_(std::move(parts.job)),
          id_(parts.id),
          input_(std::move(parts.input)),
          pipes_{id_, 0, given(parts.in), given(parts.out), given(parts.err)},
          watcher_([this, on_exit = std::move(on_exit)] { watch(on_exit); }) {}

    ~WindowsChild() override {
        terminate();
        watcher_.join();
        input_.reset();
        close_pipes(take_pipes());
    }

    uint32_t id() const override { return id_; }

    raw::ProcessInformation take_pipes() override {
        const std::lock_guard lock(mutex_);
        return std::exchange(pipes_, {id_, 0, raw::kNoHandle, raw::kNoHandle, raw::kNoHandle});
    }

    void close_stdin() override {
        if (input_) input_->close();
    }

    void interrupt() override { TerminateJobObject(job_.get(), kControlC); }
    void terminate() override { TerminateJobObject(job_.get(), kTerminated); }

    // There is no documented way to hold a process, only its threads; this one is as old as the debuggers that use it.
    void hold(bool still) override {
        using Call = LONG(WINAPI*)(HANDLE);
        const HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
        const FARPROC found = GetProcAddress(ntdll, still ? "NtSuspendProcess" : "NtResumeProcess");
        if (found != nullptr) reinterpret_cast<Call>(reinterpret_cast<void*>(found))(process_.get());
    }

private:
    static raw::Handle given(OwnedHandle& handle) { return handle ? handle.release() : raw::kNoHandle; }

    void watch(const OnExit& on_exit) {
        WaitForSingleObject(process_.get(), INFINITE);
        DWORD code = 0;
        GetExitCodeProcess(process_.get(), &code);
        on_exit(code);
    }

    const OwnedHandle process_, job_;
    const DWORD id_;
    std::unique_ptr<InputPump> input_;
    std::mutex mutex_;
    raw::ProcessInformation pipes_;  // guarded by mutex_
    std::thread watcher_;            // last: it uses the others
};

// Starts the command with exactly these three handles.
DWORD create_process(const ChildSpec& spec, std::array<HANDLE, 3> streams, PROCESS_INFORMATION& info) {
    std::vector<HANDLE> inherited(streams.begin(), streams.end());
    std::sort(inherited.begin(), inherited.end());
    inherited.erase(std::unique(inherited.begin(), inherited.end()), inherited.end());
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
    std::vector<char> memory(size);
    const auto attributes = reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory.data());
    if (!InitializeProcThreadAttributeList(attributes, 1, 0, &size)) return GetLastError();
    UpdateProcThreadAttribute(attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited.data(),
                              inherited.size() * sizeof(HANDLE), nullptr, nullptr);
    STARTUPINFOEXW startup{};
    startup.StartupInfo.cb = sizeof(startup);
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = streams[0];
    startup.StartupInfo.hStdOutput = streams[1];
    startup.StartupInfo.hStdError = streams[2];
    startup.lpAttributeList = attributes;
    std::wstring line = wide(spec.command_line), environment = environment_block(spec.environment);
    const BOOL made =
        CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE,
                       CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT,
                       environment.data(), nullptr, &startup.StartupInfo, &info);
    const DWORD failure = made ? 0 : GetLastError();
    DeleteProcThreadAttributeList(attributes);
    return failure;
}

// Ends whatever is in it when its last handle is closed, also when this process is killed.
OwnedHandle new_job() {
    OwnedHandle job(CreateJobObjectW(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits, sizeof(limits));
    return job;
}

raw::Hresult hresult_of(DWORD code) {
    if (code == ERROR_ACCESS_DENIED) return raw::kAccessDenied;
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) return raw::kFileNotFound;
    return HRESULT_FROM_WIN32(code);
}

}  // namespace

std::unique_ptr<Child> Child::start(const ChildSpec& spec, OnExit on_exit, raw::Hresult& result) {
    WindowsChild::Parts parts;
    SECURITY_ATTRIBUTES inherit = inheritable();
    const OwnedHandle nowhere(CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                          &inherit, OPEN_EXISTING, 0, nullptr));
    std::array<HANDLE, 3> streams = {nowhere.get(), nowhere.get(), nowhere.get()};
    OwnedHandle child_in, child_out, child_err;
    if (spec.in) {
        Pipe front = Pipe::open(true, FILE_FLAG_OVERLAPPED, nullptr);
        HANDLE reads = nullptr, writes = nullptr;
        CreatePipe(&reads, &writes, nullptr, kPipeBytes);
        child_in = OwnedHandle(reads);
        SetHandleInformation(reads, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
        parts.in = std::move(front.here);
        parts.input = std::make_unique<InputPump>(std::move(front.there), OwnedHandle(writes));
        streams[0] = child_in.get();
    }
    if (spec.out) {
        Pipe pipe = Pipe::open(false, 0, &inherit);
        parts.out = std::move(pipe.here);
        child_out = std::move(pipe.there);
        streams[1] = child_out.get();
        if (spec.console) streams[2] = child_out.get();
    }
    if (spec.err) {
        Pipe pipe = Pipe::open(false, 0, &inherit);
        parts.err = std::move(pipe.here);
        child_err = std::move(pipe.there);
        if (!spec.console) streams[2] = child_err.get();
    }
    PROCESS_INFORMATION info{};
    if (const DWORD failure = create_process(spec, streams, info); failure != 0) {
        result = hresult_of(failure);
        return nullptr;
    }
    const OwnedHandle thread(info.hThread);
    parts.process = OwnedHandle(info.hProcess);
    parts.id = info.dwProcessId;
    parts.job = new_job();
    AssignProcessToJobObject(parts.job.get(), info.hProcess);
    ResumeThread(info.hThread);
    result = raw::kOk;
    return std::make_unique<WindowsChild>(std::move(parts), std::move(on_exit));
}

void Child::close_pipes(const raw::ProcessInformation& pipes) {
    for (const raw::Handle handle : {pipes.std_input, pipes.std_output, pipes.std_error}) {
        if (handle != nullptr && handle != raw::kNoHandle) CloseHandle(handle);
    }
}

}  // namespace slipway::simulated_hcs
