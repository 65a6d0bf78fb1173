// plugins/windows/src/documents/environment.hpp - the environment of a process as HCS takes it.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::windows_backend {

// {"NAME": "value"} from "NAME=value" entries. Names are compared without case, as Windows does: the last entry wins
// and gives the name its spelling. Entries without "=" or without a name are dropped.
nlohmann::json environment_object(const std::vector<std::string>& entries);

// ASCII letters only: names of variables, pipes, drives and devices are compared so.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace slipway::windows_backend
