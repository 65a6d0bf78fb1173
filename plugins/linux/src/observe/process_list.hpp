// plugins/linux/src/observe/process_list.hpp - the processes of a container as a table.
#pragma once

#include <observe/ps_arguments.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <vector>

namespace slipway::linux_backend {

// {"Titles": [...], "Processes": [[...], ...]} of `pids` in their order, without those that have ended meanwhile.
// `check` is asked now and then; its failure ends the work. kResourceExhausted: the table would be larger than a host
// takes.
Result<nlohmann::json> list_processes(const std::vector<pid_t>& pids, const std::vector<PsField>& fields,
                                      PsContext context, const std::function<Status()>& check);

}  // namespace slipway::linux_backend
