#include <spec/json_access.hpp>
#include <spec/verify.hpp>
#include <spec/verify_checks.hpp>

namespace slipway::linux_backend {

Result<nlohmann::json> verify(const nlohmann::json& request, const CgroupSupport& cgroups, const KernelFacts& kernel) {
    nlohmann::json config = member_of(request, "HostConfig");
    if (!config.is_object()) return Error(ErrorCode::kInvalidArgument, "HostConfig is not an object");

    Verification check{config, cgroups, kernel, read_flag(request, "Update"), {}};
    adapt_host_config(check);
    // The order decides which of several mistakes a user hears about. Ports, hosts, restart policies and the like mean
    // the same on every platform: the engine has checked them.
    for (const auto rules : {check_privileges, check_memory, check_cpu, check_block_io, check_modes, check_offered}) {
        if (Status checked = rules(check); !checked) return std::move(checked).error();
    }
    return nlohmann::json{{"HostConfig", std::move(config)}, {"Warnings", std::move(check.warnings)}};
}

}  // namespace slipway::linux_backend
