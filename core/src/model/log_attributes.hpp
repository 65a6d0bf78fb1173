// core/src/model/log_attributes.hpp - what log records say beside their text: the log options tag, labels,
// labels-regex, env and env-regex, as Docker's drivers read them.
#pragma once

#include <slipway/core/backend.hpp>
#include <slipway/core/record.hpp>
#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace slipway::core {

inline constexpr std::string_view kAttributeOptions[] = {"labels", "labels-regex", "env", "env-regex", "tag"};

// Whether the options can be read at all, before a container exists. kInvalidArgument names the option.
Status check_attribute_options(const nlohmann::json& options);

// The option tag, or `otherwise` when it is absent or empty, with the fields of Docker's templates filled in: {{.ID}}
// and
// {{.ImageID}} of 12 characters, {{.FullID}}, {{.ImageFullID}}, {{.Name}}, {{.ImageName}}, {{.DaemonName}}.
Result<std::string> log_tag(const ContainerRecord& record, std::string_view otherwise);

// The labels and variables that the options name or match, keys changed by `key_of` if given. The order of precedence
// is that of Docker: labels, labels-regex, env, env-regex, the last counts.
Result<std::map<std::string, std::string>> log_extras(
    const ContainerRecord& record, const std::function<std::string(const std::string&)>& key_of = nullptr);

// What each record of the container's log file carries: the extras, and "tag" if that option is given. A JSON object on
// one line, or "" for nothing.
//   kInvalidArgument  longer than a backend takes (SLW_LOG_ATTRIBUTES_BYTES)
//   kUnimplemented    the backend writes no attributes
Result<std::string> record_attributes(const ContainerRecord& record, const BackendInfo& backend);

}  // namespace slipway::core
