// plugins/linux/src/spec/seccomp_cache.hpp - compiles seccomp profiles once and keeps the programs.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <linux/filter.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace slipway::linux_backend {

using SeccompProgram = std::vector<sock_filter>;

struct SeccompFilter {
    SeccompProgram program;
    uint32_t flags = 0;  // SECCOMP_FILTER_FLAG_*, of seccomp(2)
};

// Thread-safe. Compiling takes well under a millisecond, so there is nothing to warm up. The key is the profile's text,
// capability-dependent rules already resolved by build_spec.
class SeccompCache {
public:
    // `profile` is linux.seccomp of an OCI runtime spec. kInvalidArgument names an unknown action, operator or flag;
    // unknown system call names are skipped.
    Result<std::shared_ptr<const SeccompFilter>> compile(const nlohmann::json& profile);

private:
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const SeccompFilter>> filters_;  // guarded by mutex_
};

}  // namespace slipway::linux_backend
