#include <spec/seccomp_compiler.hpp>

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace slipway::linux_backend {

namespace {

using Code = SeccompProgram;

constexpr uint32_t kX32Bit = 0x40000000;
constexpr uint32_t kNrOffset = offsetof(seccomp_data, nr);
constexpr uint32_t kArchOffset = offsetof(seccomp_data, arch);

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the halves of an argument are found by their offset");

sock_filter statement(unsigned code, uint32_t k) {
    return {static_cast<uint16_t>(code), 0, 0, k};
}

sock_filter jump(unsigned code, uint32_t k, size_t if_true, size_t if_false) {
    return {static_cast<uint16_t>(BPF_JMP | code | BPF_K), static_cast<uint8_t>(if_true),
            static_cast<uint8_t>(if_false), k};
}

sock_filter load(uint32_t offset) {
    return statement(BPF_LD | BPF_W | BPF_ABS, offset);
}
sock_filter give(uint32_t action) {
    return statement(BPF_RET | BPF_K, action);
}

void append(Code& to, const Code& from) {
    to.insert(to.end(), from.begin(), from.end());
}

// ---- one rule --------------------------------------------------------------------------------------------------

// Where a condition's code goes on when it fails is not known while it is built; this stands for it.
constexpr uint8_t kFail = 255;

void add_masked_equal(Code& code, uint32_t offset, uint32_t mask, uint32_t value) {
    code.push_back(load(offset));
    if (mask != UINT32_MAX) code.push_back(statement(BPF_ALU | BPF_AND | BPF_K, mask));
    code.push_back(jump(BPF_JEQ, value, 0, kFail));
}

// The last 32 bits decide: BPF has jumps for >, >= and ==, the other three swap their ways out.
void add_low_word(Code& code, SeccompOp op, uint32_t value) {
    switch (op) {
        case SeccompOp::kNotEqual:
            code.push_back(jump(BPF_JEQ, value, kFail, 0));
            return;
        case SeccompOp::kLess:
            code.push_back(jump(BPF_JGE, value, kFail, 0));
            return;
        case SeccompOp::kLessOrEqual:
            code.push_back(jump(BPF_JGT, value, kFail, 0));
            return;
        case SeccompOp::kGreaterOrEqual:
            code.push_back(jump(BPF_JGE, value, 0, kFail));
            return;
        case SeccompOp::kGreater:
            code.push_back(jump(BPF_JGT, value, 0, kFail));
            return;
        case SeccompOp::kEqual:
        case SeccompOp::kMaskedEqual:
            code.push_back(jump(BPF_JEQ, value, 0, kFail));
            return;
    }
}

// The upper 32 bits decide unless they are equal; then the low word's load and jump, the next two instructions, do.
void add_high_word(Code& code, SeccompOp op, uint32_t value) {
    constexpr uint8_t kSkipLow = 2;
    switch (op) {
        case SeccompOp::kNotEqual:
            code.push_back(jump(BPF_JEQ, value, 0, kSkipLow));
            return;
        case SeccompOp::kLess:
        case SeccompOp::kLessOrEqual:
            code.push_back(jump(BPF_JGT, value, kFail, 0));
            code.push_back(jump(BPF_JEQ, value, 0, kSkipLow));
            return;
        case SeccompOp::kGreaterOrEqual:
        case SeccompOp::kGreater:
            code.push_back(jump(BPF_JGT, value, kSkipLow + 1, 0));
            code.push_back(jump(BPF_JEQ, value, 0, kFail));
            return;
        case SeccompOp::kEqual:
        case SeccompOp::kMaskedEqual:
            code.push_back(jump(BPF_JEQ, value, 0, kFail));
            return;
    }
}

void add_condition(Code& code, const SeccompCondition& condition) {
    const auto low = static_cast<uint32_t>(offsetof(seccomp_data, args)) + 8 * condition.index;
    const uint32_t high = low + 4;
    if (condition.op == SeccompOp::kMaskedEqual) {
        const auto mask_high = static_cast<uint32_t>(condition.value >> 32);
        const auto want_high = static_cast<uint32_t>(condition.value_two >> 32);
        if (!condition.low_word && (mask_high | want_high) != 0) add_masked_equal(code, high, mask_high, want_high);
        add_masked_equal(code, low, static_cast<uint32_t>(condition.value), static_cast<uint32_t>(condition.value_two));
        return;
    }
    if (!condition.low_word) {
        code.push_back(load(high));
        add_high_word(code, condition.op, static_cast<uint32_t>(condition.value >> 32));
    }
    code.push_back(load(low));
    add_low_word(code, condition.op, static_cast<uint32_t>(condition.value));
}

// Ends in a return when all conditions hold, runs past its end when one does not.
Code rule_code(const SeccompRule& rule) {
    Code code;
    for (const SeccompCondition& condition : rule.conditions) add_condition(code, condition);
    code.push_back(give(rule.action));
    for (size_t i = 0; i < code.size(); ++i) {
        if (BPF_CLASS(code[i].code) != BPF_JMP) continue;
        const auto to_end = static_cast<uint8_t>(code.size() - i - 1);
        if (code[i].jt == kFail) code[i].jt = to_end;
        if (code[i].jf == kFail) code[i].jf = to_end;
    }
    return code;
}

Code call_code(const SeccompCall& call, uint32_t default_action) {
    Code code;
    for (const SeccompRule& rule : call) append(code, rule_code(rule));
    if (call.empty() || !call.back().conditions.empty()) code.push_back(give(default_action));
    return code;
}

// ---- the search ------------------------------------------------------------------------------------------------

struct Interval {
    uint32_t first = 0;
    Code code;
};

bool same_code(const Code& a, const Code& b) {
    // Conditional code is never merged; a single return is equal when what it returns is.
    return a.size() == 1 && b.size() == 1 && a[0].k == b[0].k;
}

void add_interval(std::vector<Interval>& intervals, uint32_t first, Code code) {
    if (!intervals.empty() && same_code(intervals.back().code, code)) return;
    intervals.push_back({first, std::move(code)});
}

// What becomes of numbers nobody listed.
uint32_t beyond_action(uint32_t default_action) {
    const bool is_error = (default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
    return is_error ? SECCOMP_RET_ERRNO | ENOSYS : default_action;
}

std::vector<Interval> intervals_of(const SeccompArch& arch, uint32_t default_action) {
    std::vector<Interval> intervals;
    uint32_t next = arch.x32 ? kX32Bit : 0;
    for (const auto& [number, call] : arch.calls) {
        if (number > next) add_interval(intervals, next, {give(default_action)});
        add_interval(intervals, number, call_code(call, default_action));
        next = number + 1;
    }
    add_interval(intervals, next, {give(beyond_action(default_action))});
    return intervals;
}

// A search over intervals[from, to): balanced, so every call takes about log2 steps.
Code search_code(const std::vector<Interval>& intervals, size_t from, size_t to) {
    if (to - from == 1) return intervals[from].code;
    const size_t middle = from + (to - from) / 2;
    const Code below = search_code(intervals, from, middle);
    const Code above = search_code(intervals, middle, to);

    Code code;
    if (below.size() <= 254) {
        code.push_back(jump(BPF_JGE, intervals[middle].first, below.size(), 0));
    } else {  // a conditional jump reaches 255 instructions, an unconditional one any number
        code.push_back(jump(BPF_JGE, intervals[middle].first, 0, 1));
        code.push_back(statement(BPF_JMP | BPF_JA, static_cast<uint32_t>(below.size())));
    }
    append(code, below);
    append(code, above);
    return code;
}

Code arch_code(const SeccompArch& arch, uint32_t default_action) {
    const std::vector<Interval> intervals = intervals_of(arch, default_action);
    return search_code(intervals, 0, intervals.size());
}

// Skips `body` unless the accumulator passes the test.
Code guarded_by(unsigned test, uint32_t value, const Code& body) {
    Code code{jump(test, value, 1, 0), statement(BPF_JMP | BPF_JA, static_cast<uint32_t>(body.size()))};
    append(code, body);
    return code;
}

// Both users of AUDIT_ARCH_X86_64: numbers with bit 30 are x32's.
Code x32_code(const SeccompRules& rules, const SeccompArch* x32, bool with_x32) {
    if (x32 == nullptr) return {give(SECCOMP_RET_KILL_PROCESS)};
    if (!with_x32) return {give(SECCOMP_RET_ERRNO | ENOSYS)};
    return arch_code(*x32, rules.default_action);
}

const SeccompArch* find_x32(const SeccompRules& rules) {
    for (const SeccompArch& arch : rules.architectures) {
        if (arch.x32) return &arch;
    }
    return nullptr;
}

}  // namespace

bool kernel_has_x32() {
#if defined(__x86_64__)
    static const bool kHas = ::syscall(static_cast<long>(kX32Bit | SYS_getpid)) > 0;
    return kHas;
#else
    return false;
#endif
}

Result<SeccompProgram> compile_seccomp(const SeccompRules& rules, bool with_x32) {
    constexpr uint32_t kX86_64 = 0xC000003E;  // AUDIT_ARCH_X86_64
    Code program{load(kArchOffset)};
    for (const SeccompArch& arch : rules.architectures) {
        if (arch.x32) continue;
        Code body{load(kNrOffset)};
        if (arch.audit_arch == kX86_64) {
            append(body, guarded_by(BPF_JGE, kX32Bit, x32_code(rules, find_x32(rules), with_x32)));
        }
        append(body, arch_code(arch, rules.default_action));
        append(program, guarded_by(BPF_JEQ, arch.audit_arch, body));
    }
    program.push_back(give(SECCOMP_RET_KILL_PROCESS));

    if (program.size() > BPF_MAXINSNS) {
        return Error(ErrorCode::kInvalidArgument, "seccomp: the profile needs " + std::to_string(program.size()) +
                                                      " instructions, the kernel takes 4096");
    }
    return program;
}

}  // namespace slipway::linux_backend
