#include "engine/attachments.hpp"

#include <algorithm>
#include <utility>

namespace slipway::core {

void Attachments::add(PendingAttachment attachment) {
    const std::lock_guard lock(mutex_);
    std::erase_if(pending_, [](const PendingAttachment& old) { return old.stream.is_peer_gone(); });
    pending_.push_back(std::move(attachment));
}

std::vector<PendingAttachment> Attachments::take_all() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pending_, {});
}

size_t Attachments::size() const {
    const std::lock_guard lock(mutex_);
    return pending_.size();
}

}  // namespace slipway::core
