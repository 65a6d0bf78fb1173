#include <spec/seccomp_cache.hpp>
#include <spec/seccomp_compiler.hpp>
#include <spec/seccomp_rules.hpp>

namespace slipway::linux_backend {

namespace {

constexpr size_t kMaxPrograms = 64;  // profiles come from clients: they may not fill our memory

}  // namespace

Result<std::shared_ptr<const SeccompProgram>> SeccompCache::compile(const nlohmann::json& profile) {
    std::string key = profile.dump();
    {
        const std::lock_guard lock(mutex_);
        const auto found = programs_.find(key);
        if (found != programs_.end()) return found->second;
    }

    // Compiled outside the lock; two threads that want the same new one both do the work and agree on the result.
    const Result<SeccompRules> rules = read_seccomp_rules(profile);
    if (!rules) return Error(rules.error());
    Result<SeccompProgram> program = compile_seccomp(*rules, kernel_has_x32());
    if (!program) return std::move(program).error();
    auto shared = std::make_shared<const SeccompProgram>(std::move(*program));

    const std::lock_guard lock(mutex_);
    if (programs_.size() >= kMaxPrograms) programs_.clear();
    return programs_.try_emplace(std::move(key), std::move(shared)).first->second;
}

}  // namespace slipway::linux_backend
