// plugins/windows/src/documents/process_document.hpp - what HCS is told about processes.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>

namespace slipway::windows_backend {

// ProcessParameters from the request of slw_create_ops.build_spec. Pipes for stdin and stdout are always asked for, one
// for stderr unless there is a console, which has none.
//   kInvalidArgument  no command, or a NUL in it
Result<nlohmann::json> process_parameters(const nlohmann::json& request);

// With the size a console begins with, rows and columns; 0 is the default of 24x80. No console: `parameters` as they
// are.
nlohmann::json with_console_size(nlohmann::json parameters, uint16_t rows, uint16_t columns);

// Requests for HcsModifyProcess.
nlohmann::json resize_request(uint16_t rows, uint16_t columns);
nlohmann::json close_stdin_request();

}  // namespace slipway::windows_backend
