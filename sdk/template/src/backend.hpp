// backend.hpp - what the example backend remembers. Nothing exists outside the process, so nothing survives it.
#pragma once

#include <slipway/slipway.h>

#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/host.hpp>
#include <slipway/cpp/text.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <set>
#include <string>

// The two opaque types of the ABI.
struct slw_container {
    slw_backend* backend = nullptr;
    std::string id;
    bool handle_open = false;
    bool has_root = false, root_mounted = false, has_sandbox = false;
    slw_process_status process{};  // state NONE means `open`
    uint64_t last_mount = 0;
    std::map<uint64_t, std::string> mounts;                  // id to target
    std::map<std::string, std::set<std::string>> endpoints;  // network id to its published "tcp/8080"
};

struct slw_backend {
    explicit slw_backend(const slw_host* h) : host(h) {}
    slipway::Host host;
    std::mutex mutex;  // [any] functions arrive on all threads; guards everything below
    std::map<std::string, slw_container> containers;
    std::map<std::string, slw_layer_info> layers;
    std::set<std::string> ports;  // published by any container
    uint32_t last_address = 1;
};

namespace example {

using slipway::Error;
using slipway::ErrorCode;
using slipway::ok;
using slipway::Status;

extern const slw_create_ops kCreateOps;    // create_ops.cpp
extern const slw_mount_ops kMountOps;      // mount_ops.cpp
extern const slw_network_ops kNetworkOps;  // network_ops.cpp

// Every entry point runs inside guarded(): no exception crosses, and the Error becomes *err. This one holds the lock
// too. A backend that waits for a kernel would lock less.
template <class Body>
slw_status locked(slw_backend* b, slw_error* err, Body&& body) noexcept {
    return slipway::guarded(err, [&]() -> Status {
        const std::lock_guard<std::mutex> lock(b->mutex);
        return body();
    });
}

inline Status refuse_unknown_flags(uint32_t flags, uint32_t known) {
    if ((flags & ~known) == 0) return ok();
    return Error(ErrorCode::kInvalidArgument, "unknown flags " + std::to_string(flags & ~known));
}

// A JSON object from the host, or an error for text that is none.
inline slipway::Result<nlohmann::json> object_from(slw_text text) {
    nlohmann::json value = nlohmann::json::parse(slipway::view_of(text), nullptr, false);
    if (!value.is_object()) return Error(ErrorCode::kInvalidArgument, "the request is not a JSON object");
    return value;
}

// Forgets a container that has nothing left. Call with the lock held.
void forget_if_empty(slw_container& c);

}  // namespace example
