// api/src/http/query.hpp - query parameters, read the way Docker's server reads them.
#pragma once

#include <slipway/core/events.hpp>
#include <slipway/cpp/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::api {

class Query {
public:
    // kInvalidArgument for bad percent-encoding, control characters included in encoded form only as data.
    static Result<Query> parse(std::string_view raw);

    // The first value, or empty.
    const std::string& get(std::string_view name) const;
    bool has(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;

    // Docker's truth: absent, "", "0", "no", "false", "none" in any case are false, everything else is true.
    bool flag(std::string_view name, bool when_absent = false) const;
    // nullopt when absent or empty; kInvalidArgument naming the parameter when it is no number.
    Result<std::optional<int64_t>> integer(std::string_view name) const;
    // The JSON in "filters": {"key": ["a"]} or the older {"key": {"a": true}}. Keys outside `allowed` are
    // kInvalidArgument "invalid filter '<key>'".
    Result<core::Filters> filters(std::initializer_list<std::string_view> allowed) const;

private:
    std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace slipway::api
