// Changing limits and the restart policy of a container that may run.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "model/host_config.hpp"
#include "model/update.hpp"

namespace slipway::core {
namespace {

Error cannot_update(const std::string& id, Error error) {
    return std::move(error).context("Cannot update container " + id);
}

}  // namespace

Result<std::vector<std::string>> EngineImpl::update_container(const std::string& ref, const nlohmann::json& request) {
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    auto update = read_update(request);
    if (!update) return std::move(update).error();
    if (Status checked = check_host_config(*update); !checked) return std::move(checked).error();
    auto verified = container->backend->verify(internal_call(), nullptr, *update, true);
    if (!verified) return std::move(verified).error();

    auto hold = lock(container, ref, "update");
    if (!hold) return std::move(hold).error();
    ContainerRecord record = *container->record();
    if (record.state == RunState::kRemoving || record.state == RunState::kDead) {
        return cannot_update(record.id,
                             Error(ErrorCode::kSystem, "container is marked for removal and cannot be \"update\""));
    }
    auto merged = merge_update(record.host_config, verified->host_config, request);
    if (!merged) return cannot_update(record.id, std::move(merged).error());
    // The next start must find a configuration it can take.
    if (auto whole = container->backend->verify(internal_call(), record.config, merged->host_config, false); !whole) {
        return cannot_update(record.id, std::move(whole).error());
    }
    if (Status applied = apply_update(*container, record, merged->host_config, merged->changed); !applied) {
        return cannot_update(record.id, std::move(applied).error());
    }

    const nlohmann::json before = std::exchange(record.host_config, std::move(merged->host_config));
    Batch batch;
    batch.put(record);
    batch.append(container_event(record, "update"));
    auto committed = store_->commit(std::move(batch), Durability::kFull);
    if (!committed) {
        if (Status back = apply_update(*container, record, before, merged->changed); !back) {
            log(LogLevel::kError, "undo of update of " + record.name + ": " + back.error().message() + ", ignoring");
        }
        return std::move(committed).error();
    }
    container->publish(std::move(record));
    return std::move(verified->warnings);
}

Status EngineImpl::apply_update(Container& container, const ContainerRecord& record, const nlohmann::json& host_config,
                                const std::vector<std::string>& changed) const {
    const bool runs = record.state == RunState::kRunning || record.state == RunState::kPaused;
    const std::shared_ptr<BackendContainer> handle = container.handle();
    if (!runs || changed.empty() || handle == nullptr) return ok();
    return handle->update(internal_call(), {{"HostConfig", host_config}, {"Changed", changed}});
}

}  // namespace slipway::core
