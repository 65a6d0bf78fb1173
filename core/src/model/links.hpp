// core/src/model/links.hpp - what a link to another container gives: environment variables and names in /etc/hosts.
// Pure functions.
#pragma once

#include <slipway/core/record.hpp>

#include <string>
#include <vector>

namespace slipway::core {

// The address of a container on the default bridge; empty when it has none now.
std::string bridge_address(const ContainerRecord& record);

// "DB_PORT=tcp://...", "DB_PORT_5432_TCP_ADDR=...", "DB_NAME=/web/db", "DB_ENV_<name>=..." for a target under `alias`
// in the container called `name`, as Docker's legacy links. Ports are those the target's Config exposes.
std::vector<std::string> link_variables(const ContainerRecord& target, const std::string& name,
                                        const std::string& alias);

// "alias hostname [name]": what stands behind the address in /etc/hosts.
std::string link_names(const ContainerRecord& target, const std::string& alias);

}  // namespace slipway::core
