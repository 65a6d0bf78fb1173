#include <documents/processor.hpp>

#include <documents/json_access.hpp>

#include <algorithm>

namespace slipway::windows_backend {

nlohmann::json processor_section(const nlohmann::json& host_config, unsigned host_processors) {
    if (const int64_t nano = read_int(host_config, "NanoCpus"); nano > 0) {
        const int64_t maximum = nano / std::max(1U, host_processors) / 100'000;
        return {{"Maximum", std::clamp<int64_t>(maximum, 1, 10'000)}};
    }
    if (const int64_t count = read_int(host_config, "CpuCount"); count > 0) {
        return {{"Count", std::min<int64_t>(count, std::max(1U, host_processors))}};
    }
    if (const int64_t shares = read_int(host_config, "CpuShares"); shares > 0) return {{"Weight", shares}};
    if (const int64_t percent = read_int(host_config, "CpuPercent"); percent > 0) return {{"Maximum", percent * 100}};
    return nullptr;
}

}  // namespace slipway::windows_backend
