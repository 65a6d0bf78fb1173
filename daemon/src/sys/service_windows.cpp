#include "sys/service.hpp"

#include "service_manager.hpp"
#include "sys/command_line_windows.hpp"
#include "sys/event_log_windows.hpp"
#include "sys/process.hpp"
#include "sys/requests_windows.hpp"

#include <Poco/UnicodeConverter.h>

#include <windows.h>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <system_error>

namespace slipway::daemon {
namespace {

constexpr DWORD kStopHintMs = 60'000;

// The dispatcher calls plain functions, once in the life of the process.
struct RunningService {
    std::wstring name;
    const std::function<int()>* serve = nullptr;
    SERVICE_STATUS_HANDLE handle = nullptr;
    int exit_code = 1;
};
RunningService g_service;

struct ServiceHandleDeleter {
    void operator()(SC_HANDLE handle) const { ::CloseServiceHandle(handle); }
};
using ServiceHandle = std::unique_ptr<std::remove_pointer_t<SC_HANDLE>, ServiceHandleDeleter>;

std::wstring wide(const std::string& text) {
    std::wstring out;
    Poco::UnicodeConverter::toUTF16(text, out);
    return out;
}

int failed(const std::string& what) {
    const std::error_code code(static_cast<int>(::GetLastError()), std::system_category());
    std::cerr << "slipwayd: " << what << ": " << code.message() << " (" << code.value() << ")\n";
    return 1;
}

void report(DWORD state, DWORD exit_code = NO_ERROR) {
    if (g_service.handle == nullptr) return;
    SERVICE_STATUS status{};
    status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status.dwCurrentState = state;
    status.dwControlsAccepted =
        state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE : 0;
    status.dwWin32ExitCode = exit_code == NO_ERROR ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR;
    status.dwServiceSpecificExitCode = exit_code;
    status.dwWaitHint = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING ? kStopHintMs : 0;
    ::SetServiceStatus(g_service.handle, &status);
}

DWORD WINAPI on_control(DWORD control, DWORD, void*, void*) {
    switch (control) {
        case SERVICE_CONTROL_STOP:
        case SERVICE_CONTROL_SHUTDOWN:
            report(SERVICE_STOP_PENDING);
            post_request({Request::Kind::kStop, "the service manager's request"});
            return NO_ERROR;
        case SERVICE_CONTROL_PARAMCHANGE:
            post_request({Request::Kind::kReload, "the service manager's request"});
            return NO_ERROR;
        case SERVICE_CONTROL_INTERROGATE:
            return NO_ERROR;
        default:
            return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

void WINAPI service_main(DWORD, LPWSTR*) {
    g_service.handle = ::RegisterServiceCtrlHandlerExW(g_service.name.c_str(), &on_control, nullptr);
    report(SERVICE_START_PENDING);
    g_service.exit_code = (*g_service.serve)();
    report(SERVICE_STOPPED, static_cast<DWORD>(g_service.exit_code));
}

int run_service(const ServiceRequest& request, const std::function<int()>& serve) {
    g_service.name = wide(request.name);
    g_service.serve = &serve;
    log_to_event_log(g_service.name);
    const SERVICE_TABLE_ENTRYW table[] = {{g_service.name.data(), &service_main}, {nullptr, nullptr}};
    if (!::StartServiceCtrlDispatcherW(table)) return failed("--run-service is for the service manager alone");
    return g_service.exit_code;
}

// The program with the arguments it was given, except for the one that made the service.
std::wstring service_command(const std::vector<std::string>& arguments) {
    std::wstring line = quote_argument(own_program().wstring()) + L" --run-service";
    for (size_t i = 1; i < arguments.size(); ++i) {
        if (arguments[i] != "--register-service") line += L" " + quote_argument(wide(arguments[i]));
    }
    return line;
}

int register_service(const ServiceRequest& request, const std::vector<std::string>& arguments) {
    const std::wstring name = wide(request.name);
    const ServiceHandle manager(::OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CREATE_SERVICE));
    if (!manager) return failed("open the service manager");
    const ServiceHandle service(::CreateServiceW(
        manager.get(), name.c_str(), L"Slipway container engine", SERVICE_CHANGE_CONFIG | SERVICE_START,
        SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, service_command(arguments).c_str(),
        nullptr, nullptr, nullptr, nullptr, nullptr));
    if (!service) return failed("make the service '" + request.name + "'");
    // A daemon that crashed comes back, less and less eagerly.
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 1'000}, {SC_ACTION_RESTART, 15'000}, {SC_ACTION_RESTART, 60'000}};
    SERVICE_FAILURE_ACTIONSW failure{};
    failure.dwResetPeriod = 24 * 60 * 60;
    failure.cActions = static_cast<DWORD>(std::size(actions));
    failure.lpsaActions = actions;
    ::ChangeServiceConfig2W(service.get(), SERVICE_CONFIG_FAILURE_ACTIONS, &failure);
    wchar_t text[] = L"Runs containers and serves the Docker Engine API.";
    SERVICE_DESCRIPTIONW description{text};
    ::ChangeServiceConfig2W(service.get(), SERVICE_CONFIG_DESCRIPTION, &description);
    if (!register_event_source(name)) std::cerr << "slipwayd: the event source could not be registered\n";
    std::cout << "service '" << request.name << "' registered; start it with: sc start " << request.name << "\n";
    return 0;
}

int unregister_service(const ServiceRequest& request) {
    const std::wstring name = wide(request.name);
    const ServiceHandle manager(::OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CONNECT));
    if (!manager) return failed("open the service manager");
    const ServiceHandle service(::OpenServiceW(manager.get(), name.c_str(), SERVICE_STOP | DELETE));
    if (!service) return failed("open the service '" + request.name + "'");
    SERVICE_STATUS status{};
    ::ControlService(service.get(), SERVICE_CONTROL_STOP, &status);  // fails when it does not run
    if (!::DeleteService(service.get())) return failed("remove the service '" + request.name + "'");
    unregister_event_source(name);
    std::cout << "service '" << request.name << "' removed\n";
    return 0;
}

}  // namespace

void declare_service_options(CLI::App& app, ServiceRequest& request) {
    app.add_flag("--register-service", request.registers, "Make a service of Windows that runs with the other options");
    app.add_flag("--unregister-service", request.unregisters, "Stop and remove that service");
    app.add_option("--service-name", request.name, "Name of the service [slipway]")->type_name("NAME");
    app.add_flag("--run-service", request.runs, "Run as the service")->group("");
}

int handle_service_request(const ServiceRequest& request, const std::vector<std::string>& arguments,
                           const std::function<int()>& serve) {
    if (request.registers) return register_service(request, arguments);
    if (request.unregisters) return unregister_service(request);
    if (request.runs) return run_service(request, serve);
    return serve();
}

// systemd's words, as the daemon says them.
void notify_service_manager(std::string_view state) {
    if (state == "READY=1") report(SERVICE_RUNNING);
    if (state == "STOPPING=1") report(SERVICE_STOP_PENDING);
}

}  // namespace slipway::daemon
