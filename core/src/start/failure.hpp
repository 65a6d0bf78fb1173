// core/src/start/failure.hpp - what a failed start means for the record and the reply (start-flow.md 4.7, 5.3).
#pragma once

#include <slipway/core/record.hpp>

#include <slipway/cpp/error.hpp>

#include <string_view>

namespace slipway::core {

// Which rule of the table applies to a phase.
enum class FailureKind {
    kRequest,  // verify: the reply only, record untouched
    kPeer,     // another container stands in the way: 128, text and code as they are
    kNetwork,  // 128, the message says that networking failed
    kLaunch,   // 126, 127 or 128 by the error's code, replacing an older exit code
    kOther,    // 128 unless a non-zero code is there already
};

// The error as clients get it: Docker's texts, and codes that map to Docker's statuses. A missing layer is not a
// missing container, so what is not meant for the client becomes kSystem.
Error client_error(FailureKind kind, const Error& error);

// The exit code to store; `previous` is the record's.
int32_t failure_exit_code(FailureKind kind, const Error& error, int32_t previous);

// {"phase", "code", "message", "operation", "resource", "os", "hint"} for State.Slipway.
nlohmann::json error_fields(std::string_view phase, const Error& error);

}  // namespace slipway::core
