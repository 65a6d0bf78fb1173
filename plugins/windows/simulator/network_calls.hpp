// plugins/windows/simulator/network_calls.hpp - what all functions of computenetwork do alike.
#pragma once

#include "host.hpp"
#include "schema.hpp"

namespace slipway::simulated_hcs {

struct Answer {
    Hresult result = raw::kOk;
    std::string message = {};  // goes into an error record
};

// Counts the call, applies rules, runs `body` with the host's mutex held and writes the error record.
Hresult answered(const char* function, char16_t** error, const std::function<Answer(Host&)>& body);

struct Document {
    json value;
    std::string problem;
};
Document checked(raw::Text text, Problem (*check)(const json&));
bool is_query(raw::Text query);

template <class Object>
Hresult closed(raw::Handle handle, Kind kind, const char* function) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    return host.take<Object>(handle, kind, function) ? raw::kOk : raw::kInvalidHandle;
}

}  // namespace slipway::simulated_hcs
