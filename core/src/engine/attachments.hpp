// core/src/engine/attachments.hpp - clients that attached before their container runs. The next start hands them to the
// backend; a start that fails, and removal, close them.
#pragma once

#include "engine/client_stream.hpp"
#include "engine/lock_order.hpp"

#include <slipway/core/backend.hpp>

#include <mutex>
#include <vector>

namespace slipway::core {

struct PendingAttachment {
    ClientStream stream;
    AttachParams params;  // its stream is filled in when it is handed over
};

class Attachments {
public:
    // Also drops those whose client has gone, so that a container that is never started does not collect them.
    void add(PendingAttachment attachment);
    std::vector<PendingAttachment> take_all();
    void close_all() { take_all().clear(); }
    size_t size() const;

private:
    using Mutex = RankedMutex<LockRank::kAttachments>;
    mutable Mutex mutex_;
    std::vector<PendingAttachment> pending_;  // guarded by mutex_
};

}  // namespace slipway::core
