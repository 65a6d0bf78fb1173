// core/src/model/dependencies.hpp - which containers another one stands on when it starts, for an order at boot.
#pragma once

#include <slipway/core/record.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace slipway::core {

// Finds the id that an id, name or prefix means now; nullopt when it means none.
using IdOfReference = std::function<std::optional<std::string>(const std::string& ref)>;

// Ids of what `record` names as the owner of its network, IPC or PID namespace, as the target of a link, or in
// VolumesFrom. Each once, in that order, without itself and without what is not there. A chain is not followed: the
// caller asks for each of them in turn, and must expect circles (two containers can join each other).
std::vector<std::string> boot_dependencies(const ContainerRecord& record, const IdOfReference& id_of);

}  // namespace slipway::core
