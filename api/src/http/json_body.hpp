// api/src/http/json_body.hpp - JSON from clients, with limits, and JSON for clients, which never fails.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace slipway::api {

inline constexpr size_t kMaxJsonDepth = 64;

// kInvalidArgument for malformed text, ill-formed UTF-8, trailing bytes, or more than kMaxJsonDepth levels.
Result<nlohmann::json> parse_json(std::string_view text);

// Like parse_json, but reads one value and ignores what follows, as Docker's decoder does below API 1.24.
Result<nlohmann::json> parse_first_json(std::string_view text);

// Compact text. Bytes that are not UTF-8 (a container's output, a file name) are replaced.
std::string to_text(const nlohmann::json& document);

// The same in ASCII, safe as a header value.
std::string to_ascii(const nlohmann::json& document);

}  // namespace slipway::api
