// cli/src/trace.hpp - the phases of a container's last start as a waterfall.
#pragma once

#include <nlohmann/json.hpp>

#include <ostream>

namespace slipway::cli {

// `inspect` is the answer of GET /containers/{id}/json. `columns` is the width to draw into. Throws CommandError when
// the container was never started.
void print_trace(std::ostream& out, const nlohmann::json& inspect, int columns);

}  // namespace slipway::cli
