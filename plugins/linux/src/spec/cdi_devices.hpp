// plugins/linux/src/spec/cdi_devices.hpp - devices of the Container Device Interface that a container asks for by name.
#pragma once

#include <spec/cdi_spec.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

// Where specifications are looked for when the daemon does not say otherwise; a later directory counts more.
std::vector<std::string> default_cdi_directories();

// The fully qualified names in HostConfig.DeviceRequests with the driver "cdi" and in HostConfig.Devices (PathOnHost).
// Nothing else selects devices: no label, annotation or variable of an image (security.md R6).
//   kInvalidArgument  a request for another driver, with Docker's text, or a name that is none
Result<std::vector<std::string>> requested_cdi_devices(const nlohmann::json& host_config);

// What `names` need, from the JSON files of `directories`; read anew each time, as devices come and go. A directory
// that is not there has none. The edits of a file come before those of its devices, once however many are asked for.
//   kInvalidArgument  "CDI device injection failed: unresolvable CDI devices ...", with what is wrong with the files
//   that
//                     could have them; a name that two files of one directory define counts as unresolvable
//   kUnimplemented    the file has something that is not offered
Result<CdiEdits> resolve_cdi_devices(const std::vector<std::string>& names,
                                     const std::vector<std::string>& directories);

}  // namespace slipway::linux_backend
