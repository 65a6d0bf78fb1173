// plugins/linux/src/observe/ps_columns.hpp - the columns of a process list, with the names, titles and formats of
// ps(1) for Linux.
#pragma once

#include <observe/proc_file.hpp>

#include <map>
#include <string>
#include <string_view>

namespace slipway::linux_backend {

// Numbers to names, from the text of a passwd or group file.
using IdNames = std::map<uint32_t, std::string>;
IdNames parse_id_names(std::string_view database);

// What columns are computed from.
struct PsContext {
    std::string proc = "/proc";
    MachineFacts machine;
    int64_t now = 0;  // Unix seconds
    IdNames users, groups;
    size_t argument_limit = 32 * 1024;  // bytes of each process
};

struct PsColumn {
    std::string_view name;
    std::string_view title;
    std::string (*render)(const ProcessStat& process, const PsContext& context);
};

// By name or alias; nullptr for one that ps does not have or that is not offered here.
const PsColumn* find_ps_column(std::string_view name);

// `text` with what a terminal or a JSON document would stumble over as "?": control characters and bytes that are not
// UTF-8.
std::string printable_text(std::string_view text);

}  // namespace slipway::linux_backend
