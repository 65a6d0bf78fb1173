// A container's HostConfig as a client sends it: parsed, normalised, checked. What was accepted is accepted unchanged
// when it is looked at again, as happens at every start.
#include <http/json_body.hpp>
#include <model/host_config.hpp>
#include <model/log_config.hpp>
#include <slipway/core/schema.hpp>

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace slipway;
    const auto parsed = api::parse_json({reinterpret_cast<const char*>(data), size});
    if (!parsed) return 0;
    auto config = core::normalise(core::host_config_schema(), *parsed, "HostConfig");
    if (!config || !core::check_host_config(*config)) return 0;
    const auto log = core::log_policy(*config);
    (void)log;
    auto again = core::normalise(core::host_config_schema(), *config, "HostConfig");
    if (!again || !core::check_host_config(*again) || *again != *config) __builtin_trap();
    return 0;
}
