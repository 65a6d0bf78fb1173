#include "model/dependencies.hpp"

#include "model/references.hpp"

#include <algorithm>

namespace slipway::core {

std::vector<std::string> boot_dependencies(const ContainerRecord& record, const IdOfReference& id_of) {
    std::vector<std::string> ids;
    const auto add = [&](const std::string& ref) {
        const std::optional<std::string> id = id_of(ref);
        if (!id || *id == record.id || std::find(ids.begin(), ids.end(), *id) != ids.end()) return;
        ids.push_back(*id);
    };
    for (const char* key : kJoiningModes) {
        const auto mode = record.host_config.find(key);
        if (mode == record.host_config.end() || !mode->is_string()) continue;
        if (const auto owner = joined_container(mode->get_ref<const std::string&>())) add(*owner);
    }
    for (const LinkRecord& link : record.links) add(link.target_id);
    const auto from = record.host_config.find("VolumesFrom");
    if (from == record.host_config.end() || !from->is_array()) return ids;
    for (const auto& entry : *from) {
        if (!entry.is_string()) continue;
        if (const auto parsed = parse_volumes_from(entry.get_ref<const std::string&>())) add(parsed->container);
    }
    return ids;
}

}  // namespace slipway::core
