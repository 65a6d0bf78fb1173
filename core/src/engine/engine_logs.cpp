// Logs that are sent on, and logs whose rotated files are compressed: both follow the life of the containers.

#include "engine/engine_impl.hpp"
#include "model/log_config.hpp"

#include <slipway/core/path.hpp>

namespace slipway::core {

void EngineImpl::forward_log(const ContainerPtr& container) {
    const RecordPtr record = container->record();
    const auto ended = [container] { return !container->record()->is_running(); };
    forwarders_.start(*record, ended);
    const auto policy = log_policy(record->host_config);
    const auto backend = find_backend(record->backend);
    if (!policy || !policy->compress || record->log_path.empty() || backend == nullptr) return;
    if (keeps_compressed_logs(backend->info())) compressor_.watch(record->id, path_of(record->log_path), ended);
}

void EngineImpl::forward_logs() {
    for (const ContainerPtr& container : registry_.all()) {
        if (container->record()->started_before) forward_log(container);
    }
}

}  // namespace slipway::core
