// core/src/model/references.hpp - how a HostConfig names other containers: shared namespaces, links, volumes-from.
// Syntax only; whether they exist is for whoever holds the containers.
#pragma once

#include <slipway/cpp/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace slipway::core {

// The members of a HostConfig that may say "container:<id or name>".
inline constexpr const char* kJoiningModes[] = {"NetworkMode", "IpcMode",    "PidMode",
                                                "UTSMode",     "UsernsMode", "CgroupnsMode"};

// What one of those modes names behind "container:"; nullopt for every other mode.
std::optional<std::string> joined_container(std::string_view mode);

struct LinkText {
    std::string target;  // id or name, without slash
    std::string alias;   // name without slash; the target's when none is given
};

// "target", "target:alias", and the form that inspect shows, "/target:/name/alias". kInvalidArgument
// "empty string specified for links", "bad format for links: <text>", and for an alias that could not stand in
// /etc/hosts.
Result<LinkText> parse_link(std::string_view text);

struct VolumesFromText {
    std::string container;  // id or name
    bool read_only = false;
};

// "container[:ro|rw]", with z and Z as for binds. kInvalidArgument "malformed volumes-from specification: <text>",
// "invalid mode: <mode>".
Result<VolumesFromText> parse_volumes_from(std::string_view text);

}  // namespace slipway::core
