#include "engine/container.hpp"

namespace slipway::core {

RecordPtr Container::record() const {
    const std::lock_guard lock(mutex_);
    return record_;
}

RecordPtr Container::snapshot() const {
    RecordPtr current = record();
    const char* running = phase.name();
    if (running == nullptr) return current;
    auto with_phase = std::make_shared<ContainerRecord>(*current);
    with_phase->phase = running;
    with_phase->phase_since = phase.since();
    return with_phase;
}

void Container::publish(ContainerRecord next) {
    RecordPtr fresh = std::make_shared<const ContainerRecord>(std::move(next));
    const std::lock_guard lock(mutex_);
    record_.swap(fresh);  // the old one is freed after the lock
}

std::shared_ptr<BackendContainer> Container::handle() const {
    const std::lock_guard lock(mutex_);
    return handle_;
}

void Container::set_handle(std::shared_ptr<BackendContainer> handle) {
    const std::lock_guard lock(mutex_);
    handle_.swap(handle);
}

}  // namespace slipway::core
