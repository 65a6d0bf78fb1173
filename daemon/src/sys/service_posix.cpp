#include "sys/service.hpp"

namespace slipway::daemon {

void declare_service_options(CLI::App&, ServiceRequest&) {}

int handle_service_request(const ServiceRequest&, const std::vector<std::string>&, const std::function<int()>& serve) {
    return serve();
}

}  // namespace slipway::daemon
