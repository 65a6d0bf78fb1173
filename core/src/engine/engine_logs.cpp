// Logs that are sent on: their forwarders follow the life of the containers.

#include "engine/engine_impl.hpp"

namespace slipway::core {

void EngineImpl::forward_log(const ContainerPtr& container) {
    forwarders_.start(*container->record(), [container] { return !container->record()->is_running(); });
}

void EngineImpl::forward_logs() {
    for (const ContainerPtr& container : registry_.all()) {
        if (container->record()->started_before) forward_log(container);
    }
}

}  // namespace slipway::core
