#include <observe/process_list.hpp>

#include <algorithm>

namespace slipway::linux_backend {
namespace {

// A host takes 16 MiB, and a byte may need six in JSON; ours need two at most.
constexpr size_t kMaxBytes = size_t{7} << 20;
constexpr size_t kMaxArguments = 32 * 1024;  // of one process; ps(1) itself stops at 128 KiB
constexpr size_t kMinArguments = 64;
constexpr size_t kCheckEvery = 64;

}  // namespace

Result<nlohmann::json> list_processes(const std::vector<pid_t>& pids, const std::vector<PsField>& fields,
                                      PsContext context, const std::function<Status()>& check) {
    nlohmann::json titles = nlohmann::json::array();
    for (const PsField& field : fields) titles.push_back(field.title);
    // Many processes with long arguments share what there is.
    const size_t share = kMaxBytes / 2 / std::max<size_t>(pids.size() * fields.size(), 1);
    context.argument_limit = std::clamp(share, kMinArguments, kMaxArguments);

    nlohmann::json rows = nlohmann::json::array();
    size_t bytes = 0;
    for (size_t i = 0; i < pids.size(); ++i) {
        if (i % kCheckEvery == 0) {
            if (Status goes_on = check(); !goes_on) return std::move(goes_on).error();
        }
        const std::optional<ProcessStat> process = read_process(context.proc, pids[i]);
        if (!process) continue;
        nlohmann::json row = nlohmann::json::array();
        for (const PsField& field : fields) {
            std::string text = field.column->render(*process, context);
            bytes += text.size() + 4;
            row.push_back(std::move(text));
        }
        if (bytes > kMaxBytes) {
            return Error(ErrorCode::kResourceExhausted, "too many processes for one list: ask for fewer columns");
        }
        rows.push_back(std::move(row));
    }
    return nlohmann::json{{"Titles", std::move(titles)}, {"Processes", std::move(rows)}};
}

}  // namespace slipway::linux_backend
