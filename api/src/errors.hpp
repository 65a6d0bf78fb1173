// api/src/errors.hpp - from an Error to a reply. The only place where codes become HTTP statuses.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>
#include <string_view>

namespace slipway::api {

// How a request wants its answers: kLegacy below API 1.24, kModern from there on (start-flow: profiles L and M).
enum class Profile { kModern, kLegacy };

int status_for(ErrorCode code);

struct ErrorBody {
    std::string_view content_type;
    std::string text;
};

// Modern: {"message": "..."}; legacy: plain text with a newline.
ErrorBody error_body(Profile profile, std::string_view message);

// One line of JSON with what is known beyond the message: code, operation, resource, os, hint. Absent facts are left
// out.
std::string error_facts(const Error& error);

}  // namespace slipway::api
