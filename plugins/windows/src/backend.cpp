#include <backend.hpp>

#include <documents/json_access.hpp>
#include <documents/utf8_text.hpp>

#include <algorithm>
#include <thread>

namespace slipway::windows_backend {
namespace {

void set_timeout(const nlohmann::json& document, const char* key, std::chrono::milliseconds& timeout) {
    if (const int64_t given = read_int(document, key); given > 0) timeout = std::chrono::milliseconds(given);
}

}  // namespace

Result<BackendConfig> BackendConfig::from_json(const std::string& text) {
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return Error(ErrorCode::kInvalidArgument, "the backend's configuration is not an object");
    }
    BackendConfig config;
    config.data_root = read_text(document, "data_root");
    config.exec_root = read_text(document, "exec_root");
    config.instance = read_text(document, "instance");
    for (const auto& [key, value] : {std::pair{"data_root", &config.data_root}, {"exec_root", &config.exec_root}}) {
        if (!path_from_utf8(*value).is_absolute()) {
            return Error(ErrorCode::kInvalidArgument, std::string(key) + " '" + *value + "' is not an absolute path");
        }
    }
    if (config.instance.empty()) return Error(ErrorCode::kInvalidArgument, "'instance' is missing");
    const nlohmann::json& timeouts = member_of(document, "timeouts_ms");
    set_timeout(timeouts, "system", config.timeouts.system);
    set_timeout(timeouts, "process", config.timeouts.process);
    set_timeout(timeouts, "network", config.timeouts.network);
    set_timeout(timeouts, "storage", config.timeouts.storage);
    set_timeout(timeouts, "stop", config.timeouts.stop);
    set_timeout(timeouts, "undo", config.timeouts.undo);
    if (const int64_t parallel = read_int(document, "parallel_creates"); parallel > 0) {
        config.parallel_creates = static_cast<unsigned>(std::min<int64_t>(parallel, 1024));
    }
    return config;
}

}  // namespace slipway::windows_backend

using namespace slipway::windows_backend;

slw_backend::slw_backend(const slw_host* given, BackendConfig given_config, Api given_api)
    : host(given),
      config(std::move(given_config)),
      processors(std::max(1U, std::thread::hardware_concurrency())),
      api(std::move(given_api)),
      workers([this](const std::string& line) { host.warn(line); }),
      creates(config.parallel_creates),
      layers(host, api, workers, config.timeouts, config.data_root),
      networks(api, workers, config.timeouts, config.owner(), config.exec_root) {}
