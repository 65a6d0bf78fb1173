// core/src/log/record.hpp - one line of a json-file log.
#pragma once

#include <slipway/core/engine.hpp>

#include <string_view>

namespace slipway::core {

// Reads {"log": "...", "stream": "...", "attrs": {...}, "time": "..."}; keys in any order, other keys ignored. The
// attributes are filled in only if wanted. Bytes that are not UTF-8
// pass unchanged, since programs write what they like. False when the line is no such record; `out` is then undefined.
bool parse_log_record(std::string_view line, LogLine& out, bool want_attributes = false);

}  // namespace slipway::core
