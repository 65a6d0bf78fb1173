// plugins/windows/src/documents/observe_documents.hpp - HCS's properties as Docker's stats and top.
#pragma once

#include <nlohmann/json.hpp>

namespace slipway::windows_backend {

// The members of ContainerStatsResponse that Windows has. Times stay in units of 100 ns, as Docker's clients expect.
nlohmann::json docker_stats(const nlohmann::json& properties, unsigned processors);

// {"Titles", "Processes"}: Name, PID, CPU and Private Working Set, by PID.
nlohmann::json docker_top(const nlohmann::json& properties);

}  // namespace slipway::windows_backend
