#include <spec/seccomp_cache.hpp>
#include <spec/seccomp_compiler.hpp>
#include <spec/seccomp_rules.hpp>

namespace slipway::linux_backend {

namespace {

constexpr size_t kMaxFilters = 64;  // profiles come from clients: they may not fill our memory

}  // namespace

Result<std::shared_ptr<const SeccompFilter>> SeccompCache::compile(const nlohmann::json& profile) {
    std::string key = profile.dump();
    {
        const std::lock_guard lock(mutex_);
        const auto found = filters_.find(key);
        if (found != filters_.end()) return found->second;
    }

    // Compiled outside the lock; two threads that want the same new one both do the work and agree on the result.
    const Result<SeccompRules> rules = read_seccomp_rules(profile);
    if (!rules) return Error(rules.error());
    Result<SeccompProgram> program = compile_seccomp(*rules, kernel_has_x32());
    if (!program) return std::move(program).error();
    auto shared = std::make_shared<const SeccompFilter>(SeccompFilter{std::move(*program), rules->flags});

    const std::lock_guard lock(mutex_);
    if (filters_.size() >= kMaxFilters) filters_.clear();
    return filters_.try_emplace(std::move(key), std::move(shared)).first->second;
}

}  // namespace slipway::linux_backend
