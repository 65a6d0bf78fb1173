// Waiting for a container to end.

#include "engine/engine_impl.hpp"

namespace slipway::core {

Result<WaitResult> EngineImpl::wait_container(const std::string& ref, WaitCondition condition,
                                              const std::function<void()>& registered,
                                              const std::function<bool()>& cancelled) {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    ExitWaiters& waiters = (*container)->waiters;
    // The ticket first: an exit after it is seen by the wait, one before it by the record.
    const auto ticket = waiters.ticket();
    const RecordPtr record = (*container)->record();
    if (registered) registered();
    if (condition == WaitCondition::kNotRunning && !record->is_running()) {
        return WaitResult{record->exit_code, ""};
    }
    return waiters.wait(ticket, condition, cancelled);
}

}  // namespace slipway::core
