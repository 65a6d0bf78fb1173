#include "sys/captured_run.hpp"

#include "sys/command_line_windows.hpp"
#include "sys/os_handle.hpp"

#include <Poco/UnicodeConverter.h>

#include <windows.h>

#include <array>
#include <cstdio>
#include <thread>

namespace slipway::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxOutput = 64 * 1024;

Error last_error(const std::string& text) {
    return Error::from_code(std::error_code(static_cast<int>(::GetLastError()), std::system_category()), text);
}

HANDLE to_handle(const UniqueOsHandle& handle) {
    return reinterpret_cast<HANDLE>(static_cast<intptr_t>(handle.get()));
}

UniqueOsHandle owned(HANDLE handle) {
    return UniqueOsHandle(static_cast<slw_os_handle>(reinterpret_cast<intptr_t>(handle)));
}

struct Pipe {
    UniqueOsHandle ours, theirs;
};

// Of its two ends only the child's can be inherited.
Result<Pipe> make_pipe() {
    SECURITY_ATTRIBUTES inherited{sizeof(inherited), nullptr, TRUE};
    HANDLE reading = nullptr;
    HANDLE writing = nullptr;
    if (!::CreatePipe(&reading, &writing, &inherited, 0)) return last_error("make a pipe");
    ::SetHandleInformation(reading, HANDLE_FLAG_INHERIT, 0);
    return Pipe{owned(reading), owned(writing)};
}

struct Child {
    UniqueOsHandle process;
    UniqueOsHandle job;  // ends the child and what it started
    UniqueOsHandle output, errors;
};

// The attributes that say which handles a child inherits: without them it gets every one that happens to be
// inheritable.
class HandleList {
public:
    explicit HandleList(std::array<HANDLE, 3> handles) : handles_(handles) {
        SIZE_T size = 0;
        ::InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
        memory_.resize(size);
        if (!::InitializeProcThreadAttributeList(get(), 1, 0, &size)) {
            memory_.clear();
            return;
        }
        ::UpdateProcThreadAttribute(get(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles_.data(), sizeof(handles_),
                                    nullptr, nullptr);
    }
    HandleList(const HandleList&) = delete;
    HandleList& operator=(const HandleList&) = delete;
    ~HandleList() {
        if (!memory_.empty()) ::DeleteProcThreadAttributeList(get());
    }
    LPPROC_THREAD_ATTRIBUTE_LIST get() {
        return memory_.empty() ? nullptr : reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data());
    }

private:
    std::array<HANDLE, 3> handles_;
    std::vector<char> memory_;
};

Result<Child> spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
    Result<Pipe> output = make_pipe();
    if (!output) return std::move(output).error();
    Result<Pipe> errors = make_pipe();
    if (!errors) return std::move(errors).error();
    SECURITY_ATTRIBUTES inherited{sizeof(inherited), nullptr, TRUE};
    const UniqueOsHandle nothing = owned(
        ::CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, nullptr));
    std::wstring line = quote_argument(program.wstring());
    for (const std::string& argument : arguments) {
        std::wstring wide;
        Poco::UnicodeConverter::toUTF16(argument, wide);
        line += L" " + quote_argument(wide);
    }
    HandleList handles({to_handle(nothing), to_handle(output->theirs), to_handle(errors->theirs)});
    STARTUPINFOEXW startup{};
    startup.StartupInfo.cb = sizeof(startup);
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = to_handle(nothing);
    startup.StartupInfo.hStdOutput = to_handle(output->theirs);
    startup.StartupInfo.hStdError = to_handle(errors->theirs);
    startup.lpAttributeList = handles.get();
    Child child;
    child.job = owned(::CreateJobObjectW(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    ::SetInformationJobObject(to_handle(child.job), JobObjectExtendedLimitInformation, &limits, sizeof(limits));
    PROCESS_INFORMATION started{};
    const DWORD flags = CREATE_NO_WINDOW | CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT;
    if (!::CreateProcessW(program.c_str(), line.data(), nullptr, nullptr, TRUE, flags, nullptr, nullptr,
                          &startup.StartupInfo, &started)) {
        return last_error("start '" + program.string() + "'");
    }
    child.process = owned(started.hProcess);
    ::AssignProcessToJobObject(to_handle(child.job), started.hProcess);
    ::ResumeThread(started.hThread);
    ::CloseHandle(started.hThread);
    child.output = std::move(output->ours);
    child.errors = std::move(errors->ours);
    return child;
}

void read_all(HANDLE pipe, std::string& sink) {
    std::array<char, 4096> piece;
    DWORD got = 0;
    while (::ReadFile(pipe, piece.data(), static_cast<DWORD>(piece.size()), &got, nullptr) && got > 0) {
        if (sink.size() < kMaxOutput) sink.append(piece.data(), got);
    }
}

DWORD milliseconds_to(steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
    return left > 0 ? static_cast<DWORD>(left) : 0;
}

std::string hexadecimal(DWORD code) {
    std::array<char, 11> text;
    std::snprintf(text.data(), text.size(), "0x%08lx", code);
    return text.data();
}

}  // namespace

Result<CapturedRun> run_captured(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                                 milliseconds limit) {
    const auto deadline = steady_clock::now() + limit;
    Result<Child> child = spawn(program, arguments);
    if (!child) return std::move(child).error();
    CapturedRun run;
    // Anonymous pipes cannot be waited for, so each has a reader; both end when the child and its children do.
    std::thread output([&] { read_all(to_handle(child->output), run.output); });
    std::thread errors([&] { read_all(to_handle(child->errors), run.errors); });
    run.in_time = ::WaitForSingleObject(to_handle(child->process), milliseconds_to(deadline)) == WAIT_OBJECT_0;
    if (!run.in_time) ::TerminateProcess(to_handle(child->process), 1);
    ::TerminateJobObject(to_handle(child->job), 1);
    output.join();
    errors.join();
    DWORD code = 0;
    ::GetExitCodeProcess(to_handle(child->process), &code);
    // The codes of exceptions are errors of the system's own range.
    constexpr DWORD kFirstException = 0xC0000000;
    if (run.in_time && code >= kFirstException) run.crash = "exception " + hexadecimal(code);
    run.exit_code = static_cast<int>(code);
    return run;
}

void forgo_crash_reports() {
    ::SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
}

}  // namespace slipway::daemon
