// api/src/http/json_keys.hpp - bodies that say different things to different readers.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string_view>

namespace slipway::api {

// A request may come by way of something that decides about it. When an object in its body has a key twice, that reader
// may go by one of the two and this one by the other. kInvalidArgument, naming the key; keys are compared as they are
// meant, so that "\u0061" is "a". What follows the first value of `text` is not looked at, and text that is not JSON is
// for the parser to refuse. Takes time in proportion to the text, but for the order of an object's keys.
Status refuse_repeated_keys(std::string_view text);

}  // namespace slipway::api
