// A profile in Docker's schema: parsed, turned into rules, compiled. Each may refuse, none may do worse.
#include <spec/seccomp_compiler.hpp>
#include <spec/seccomp_profile.hpp>

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace slipway::linux_backend;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto profile = parse_seccomp_profile(text, CapabilitySet{0xa80425fb});
    if (!profile) return 0;
    const auto rules = read_seccomp_rules(*profile);
    if (!rules) return 0;
    const auto program = compile_seccomp(*rules, true);
    if (program && program->empty()) __builtin_trap();  // a filter that filters nothing is not one
    return 0;
}
