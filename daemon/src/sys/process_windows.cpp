#include "sys/process.hpp"

#include "sys/requests_windows.hpp"

#include <Poco/UnicodeConverter.h>

#include <windows.h>

#include <shellapi.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

namespace slipway::daemon {
namespace {

std::mutex g_mutex;
std::condition_variable g_arrived;
std::deque<Request> g_requests;  // guarded by g_mutex
bool g_has_ended = false;        // guarded by g_mutex

// The system ends the process when a handler of these three returns, so it returns when everything is done.
BOOL WINAPI on_console_event(DWORD event) {
    const bool closing = event == CTRL_CLOSE_EVENT || event == CTRL_LOGOFF_EVENT || event == CTRL_SHUTDOWN_EVENT;
    // A service outlives the user who logs off.
    if (event == CTRL_LOGOFF_EVENT && ::GetConsoleWindow() == nullptr) return TRUE;
    post_request({Request::Kind::kStop, event == CTRL_C_EVENT       ? "Ctrl-C"
                                        : event == CTRL_BREAK_EVENT ? "Ctrl-Break"
                                                                    : "the end of the session"});
    if (closing) {
        std::unique_lock lock(g_mutex);
        g_arrived.wait(lock, [] { return g_has_ended; });
    }
    return TRUE;
}

}  // namespace

void post_request(Request request) {
    const std::lock_guard lock(g_mutex);
    g_requests.push_back(std::move(request));
    g_arrived.notify_all();
}

std::vector<std::string> command_line(int argc, char** argv) {
    int count = 0;
    LPWSTR* const words = ::CommandLineToArgvW(::GetCommandLineW(), &count);
    if (words == nullptr) return {argv, argv + argc};
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) {
        std::string word;
        Poco::UnicodeConverter::toUTF8(std::wstring(words[i]), word);
        out.push_back(std::move(word));
    }
    ::LocalFree(words);
    return out;
}

std::filesystem::path own_program() {
    std::wstring name(32 * 1024, L'\0');  // the longest path there is
    name.resize(::GetModuleFileNameW(nullptr, name.data(), static_cast<DWORD>(name.size())));
    return name;
}

void catch_requests() {
    ::SetConsoleCtrlHandler(&on_console_event, TRUE);
    std::atexit([] {
        const std::lock_guard lock(g_mutex);
        g_has_ended = true;
        g_arrived.notify_all();
    });
}

Request wait_for_request() {
    std::unique_lock lock(g_mutex);
    g_arrived.wait(lock, [] { return !g_requests.empty(); });
    Request request = std::move(g_requests.front());
    g_requests.pop_front();
    return request;
}

void leave_on_next_stop(const Logger& logger) {
    std::thread([&logger]() {
        while (wait_for_request().kind != Request::Kind::kStop) continue;
        logger.warn("asked to stop a second time, leaving at once");
        std::_Exit(1);
    }).detach();
}

}  // namespace slipway::daemon
