// The backend's function table where it is built together with the simulated host.
#include "simulator.hpp"

namespace slipway::windows_backend::raw {

Result<std::shared_ptr<const HostApi>> load_host_api() {
    return simulated_hcs::connect();
}

}  // namespace slipway::windows_backend::raw
