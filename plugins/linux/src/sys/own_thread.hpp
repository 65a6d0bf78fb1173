// plugins/linux/src/sys/own_thread.hpp - for work that changes what belongs to a thread, such as its name spaces.
#pragma once

#include <slipway/cpp/error.hpp>

#include <functional>

namespace slipway::linux_backend {

// Runs `body` on a thread that ends right after, and waits. Nothing leaves it but its result.
Status on_own_thread(const std::function<Status()>& body);

}  // namespace slipway::linux_backend
