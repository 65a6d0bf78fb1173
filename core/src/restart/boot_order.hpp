// core/src/restart/boot_order.hpp - in which order containers start when the daemon begins. Pure.
#pragma once

#include "model/dependencies.hpp"

#include <string>
#include <vector>

namespace slipway::core {

struct BootStep {
    std::string id;
    std::vector<size_t> after;  // positions of earlier steps that should have run first
};

// Each container after those of `wanted` that it depends on (shared name spaces, links, volumes of others), else in the
// order of their creation. Where they depend on each other in a circle, the oldest begins.
std::vector<BootStep> boot_order(const std::vector<RecordPtr>& wanted, const IdOfReference& id_of);

}  // namespace slipway::core
