// plugins/linux/src/process/failure_text.hpp - what the supervisor reports, as an Error clients understand.
#pragma once

#include <slipway/cpp/error.hpp>
#include <slipway_supervisor/control.hpp>

namespace slipway::linux_backend {

// Texts for a command that cannot run are those of runc, which clients search (start-flow.md 5.3); the code says the
// same without searching: kExecNotFound, kExecDenied, kMountType, kPermissionDenied for our own refusals, else kSystem.
Error error_of(const supervisor::Failure& failure);

}  // namespace slipway::linux_backend
