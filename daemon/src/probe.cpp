#include "probe.hpp"

#include "sys/captured_run.hpp"

#include <slipway/core/path.hpp>

#include <nlohmann/json.hpp>

#include <iostream>
#include <string_view>
#include <thread>
#include <vector>

namespace slipway::daemon {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// The last word of a probe that came to its end.
constexpr std::string_view kProbeFinished = "probe finished";

constexpr milliseconds kSecondTry(200);

std::string last_line(std::string text) {
    text.erase(text.find_last_not_of(" \r\n") + 1);
    const size_t start = text.rfind('\n');
    return start == std::string::npos ? text : text.substr(start + 1);
}

Status judge(const CapturedRun& run, milliseconds limit) {
    const std::string said = last_line(run.errors).empty() ? "" : " (it said: " + last_line(run.errors) + ")";
    if (!run.in_time) {
        return Error(ErrorCode::kUnavailable,
                     "loading it did not finish within " + std::to_string(limit.count()) + " ms" + said);
    }
    if (!run.crash.empty()) return Error(ErrorCode::kUnavailable, "loading it crashed with " + run.crash + said);
    if (run.exit_code == 0) {
        // The status alone would not do: a plugin that calls exit(0) in its init would end the daemon the same way.
        if (last_line(run.output) == kProbeFinished) return ok();
        return Error(ErrorCode::kUnavailable, "loading it ended the process" + said);
    }
    const json reply = json::parse(run.output, nullptr, false);
    if (reply.is_object() && reply.contains("message") && reply["message"].is_string()) {
        return Error(error_code_from(reply.value("code", SLW_ERR_INTERNAL)), reply["message"].get<std::string>());
    }
    return Error(ErrorCode::kUnavailable, "loading it ended with exit code " + std::to_string(run.exit_code) + said);
}

}  // namespace

core::PluginProbe make_probe(std::filesystem::path program, milliseconds limit) {
    return [program = std::move(program), limit](const std::filesystem::path& library) -> Status {
        const std::vector<std::string> arguments = {"--probe-plugin", library.string()};
        Result<CapturedRun> run = run_captured(program, arguments, limit);
        // A process that cannot be started says nothing about the plugin, and the machine may be short of something for
        // a moment only. Wine 8 refuses one in some thousands with an internal error.
        if (!run) {
            std::this_thread::sleep_for(kSecondTry);
            run = run_captured(program, arguments, limit);
        }
        if (!run) return Error(run.error()).context("probe '" + library.string() + "'");
        return judge(*run, limit);
    };
}

int run_probe(const std::string& library) {
    forgo_crash_reports();
    const Status probed = core::probe_plugin(core::path_of(library));
    if (probed) {
        std::cout << kProbeFinished << std::endl;
        return 0;
    }
    const json reply{{"code", static_cast<slw_status>(probed.error().code())}, {"message", probed.error().message()}};
    std::cout << reply.dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
    return 1;
}

}  // namespace slipway::daemon
