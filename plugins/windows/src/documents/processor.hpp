// plugins/windows/src/documents/processor.hpp - Docker's limits of the processor as one of HCS's three.
#pragma once

#include <nlohmann/json.hpp>

namespace slipway::windows_backend {

// {"Count": n}, {"Maximum": 1..10000, hundredths of a percent of all processors} or {"Weight": 1..10000}; null without
// a limit. `host_config` was verified, so at most one of them is asked for. NanoCpus become a Maximum of at least 1.
nlohmann::json processor_section(const nlohmann::json& host_config, unsigned host_processors);

}  // namespace slipway::windows_backend
