// daemon/src/host_facts.hpp - asks the operating system what `info` and `version` report.
#pragma once

#include <slipway/api/facts.hpp>

namespace slipway::daemon {

// Reads once; whatever cannot be told is left at its default.
api::Facts read_host_facts();

}  // namespace slipway::daemon
