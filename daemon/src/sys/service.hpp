// daemon/src/sys/service.hpp - the daemon as a service of Windows. Elsewhere there is nothing of the kind.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace slipway::daemon {

struct ServiceRequest {
    bool registers = false;    // make the service, with the other arguments of this command line
    bool unregisters = false;  // remove it
    bool runs = false;         // this process was started by the service manager
    std::string name = "slipway";

    bool any() const { return registers || unregisters || runs; }
};

// --register-service, --unregister-service, --service-name and --run-service, where the platform has services.
void declare_service_options(CLI::App& app, ServiceRequest& request);

// Does what was asked. `arguments` are those of the program, in UTF-8; `serve` runs the daemon and returns its exit
// code. Returns the exit code of the program; what went wrong was printed.
int handle_service_request(const ServiceRequest& request, const std::vector<std::string>& arguments,
                           const std::function<int()>& serve);

}  // namespace slipway::daemon
