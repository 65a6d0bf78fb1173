// plugins/linux/src/spec/seccomp_rules.hpp - a seccomp profile as the compiler sees it: numbers instead of names.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <vector>

namespace slipway::linux_backend {

enum class SeccompOp { kNotEqual, kLess, kLessOrEqual, kEqual, kGreaterOrEqual, kGreater, kMaskedEqual };

struct SeccompCondition {
    unsigned index = 0;  // which argument, 0 to 5
    SeccompOp op = SeccompOp::kEqual;
    uint64_t value = 0;      // what to compare with; the mask of kMaskedEqual
    uint64_t value_two = 0;  // what the masked argument must be
    bool low_word = false;   // the kernel looks at 32 bits of this argument alone, and so must we
};

// All conditions must hold.
struct SeccompRule {
    std::vector<SeccompCondition> conditions;
    uint32_t action = 0;  // what the program returns, SECCOMP_RET_* with data
};

// The first rule that holds decides, else the default. A rule without conditions decides alone.
using SeccompCall = std::vector<SeccompRule>;

struct SeccompArch {
    uint32_t audit_arch = 0;
    bool x32 = false;                       // shares audit_arch with x86-64; its numbers have bit 30
    std::map<uint32_t, SeccompCall> calls;  // by number
};

struct SeccompRules {
    uint32_t default_action = 0;
    uint32_t flags = 0;  // SECCOMP_FILTER_FLAG_*, to install the program with
    std::vector<SeccompArch> architectures;
};

// Reads linux.seccomp of an OCI runtime spec. Names no architecture knows are skipped; without "architectures" the
// native one is meant. kInvalidArgument names an unknown action, operator, flag or architecture.
Result<SeccompRules> read_seccomp_rules(const nlohmann::json& profile);

}  // namespace slipway::linux_backend
