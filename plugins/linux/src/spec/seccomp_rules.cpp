#include <spec/json_access.hpp>
#include <spec/quote.hpp>
#include <spec/seccomp_rules.hpp>
#include <spec/seccomp_tables.hpp>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

constexpr uint32_t kX32Bit = 0x40000000;
constexpr size_t kMaxConditions = 24;  // keeps a rule's jumps within the 8 bits BPF has for them

struct ArchRow {
    std::string_view name;
    uint32_t scmp;  // how libseccomp calls it
    uint32_t audit;
    bool x32;
};

constexpr ArchRow kArchRows[] = {
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, false},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, false},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, true},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, false},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, false},
};

Result<uint32_t> read_action(const json& value, const json& errno_ret) {
    if (!value.is_string()) return Error(ErrorCode::kInvalidArgument, "seccomp: an action is missing");
    const auto name = value.get<std::string>();
    const auto data =
        static_cast<uint32_t>(errno_ret.is_number() ? errno_ret.get<int64_t>() & SECCOMP_RET_DATA : EPERM);
    if (name == "SCMP_ACT_ALLOW") return uint32_t{SECCOMP_RET_ALLOW};
    if (name == "SCMP_ACT_ERRNO") return SECCOMP_RET_ERRNO | data;
    if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return uint32_t{SECCOMP_RET_KILL_THREAD};
    if (name == "SCMP_ACT_KILL_PROCESS") return uint32_t{SECCOMP_RET_KILL_PROCESS};
    if (name == "SCMP_ACT_TRAP") return uint32_t{SECCOMP_RET_TRAP};
    if (name == "SCMP_ACT_TRACE") return SECCOMP_RET_TRACE | data;
    if (name == "SCMP_ACT_LOG") return uint32_t{SECCOMP_RET_LOG};
    return Error(ErrorCode::kInvalidArgument, "seccomp: unknown action " + quote(name))
        .with_operation("parse seccomp profile")
        .with_resource(name);
}

Result<SeccompOp> read_op(const std::string& name) {
    constexpr std::pair<std::string_view, SeccompOp> kOps[] = {
        {"SCMP_CMP_NE", SeccompOp::kNotEqual},           {"SCMP_CMP_LT", SeccompOp::kLess},
        {"SCMP_CMP_LE", SeccompOp::kLessOrEqual},        {"SCMP_CMP_EQ", SeccompOp::kEqual},
        {"SCMP_CMP_GE", SeccompOp::kGreaterOrEqual},     {"SCMP_CMP_GT", SeccompOp::kGreater},
        {"SCMP_CMP_MASKED_EQ", SeccompOp::kMaskedEqual},
    };
    for (const auto& [text, op] : kOps) {
        if (text == name) return op;
    }
    return Error(ErrorCode::kInvalidArgument, "seccomp: unknown operator " + quote(name))
        .with_operation("parse seccomp profile")
        .with_resource(name);
}

Result<uint32_t> read_flags(const json& profile) {
    uint32_t flags = 0;
    for (const std::string& name : read_texts(profile, "flags")) {
        if (name == "SECCOMP_FILTER_FLAG_LOG") {
            flags |= SECCOMP_FILTER_FLAG_LOG;
        } else if (name == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") {
            flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        } else if (name != "SECCOMP_FILTER_FLAG_TSYNC") {  // the first process has one thread, so all have the filter
            return Error(ErrorCode::kInvalidArgument, "seccomp: unknown flag " + quote(name))
                .with_operation("parse seccomp profile")
                .with_resource(name);
        }
    }
    return flags;
}

uint64_t read_value(const json& object, const char* key) {
    const json& value = member_of(object, key);
    if (value.is_number_unsigned()) return value.get<uint64_t>();
    return value.is_number_integer() ? static_cast<uint64_t>(value.get<int64_t>()) : 0;
}

Result<SeccompRule> read_rule(const json& entry) {
    SeccompRule rule;
    const Result<uint32_t> action = read_action(member_of(entry, "action"), member_of(entry, "errnoRet"));
    if (!action) return Error(action.error());
    rule.action = *action;

    const json& args = member_of(entry, "args");
    if (!args.is_array()) return rule;
    if (args.size() > kMaxConditions)
        return Error(ErrorCode::kInvalidArgument, "seccomp: too many conditions in a rule");
    for (const json& arg : args) {
        const Result<SeccompOp> op = read_op(read_text(arg, "op"));
        if (!op) return Error(op.error());
        const int64_t index = read_int(arg, "index");
        if (index < 0 || index > 5) return Error(ErrorCode::kInvalidArgument, "seccomp: no argument has this index");
        rule.conditions.push_back(
            {static_cast<unsigned>(index), *op, read_value(arg, "value"), read_value(arg, "valueTwo"), false});
    }
    return rule;
}

// An unconditional rule is the broader one and decides alone, whatever was said before or after it.
void add_rule(SeccompCall& call, const SeccompRule& rule) {
    if (!call.empty() && call.front().conditions.empty()) return;
    if (rule.conditions.empty()) call.clear();
    call.push_back(rule);
}

std::optional<uint32_t> call_number(const ArchRow& arch, const std::string& name) {
    const int number = ::seccomp_syscall_resolve_name_arch(arch.scmp, name.c_str());
    if (number >= 0) return static_cast<uint32_t>(number);  // x32's has its bit already
    // Negative: another architecture's call, or one libseccomp has not heard of.
    if (arch.audit == AUDIT_ARCH_I386) {
        if (const auto direct = i386_direct_call_number(name)) return direct;
    }
    const auto newer = newer_call_number(name);
    if (!newer) return std::nullopt;
    return arch.x32 ? *newer | kX32Bit : *newer;
}

// socket(2) takes ints: the kernel drops the upper half, and comparing all 64 bits would let a caller hide AF_ALG
// behind a bit there.
void narrow_int_arguments(const std::string& name, SeccompRule& rule) {
    if (name != "socket" && name != "socketpair") return;
    for (SeccompCondition& condition : rule.conditions) condition.low_word = condition.index < 3;
}

Result<std::vector<ArchRow>> read_architectures(const json& profile) {
    std::vector<ArchRow> rows;
    std::vector<std::string> names = read_texts(profile, "architectures");
    if (names.empty())
        names.emplace_back(kArchRows[0].scmp == ::seccomp_arch_native() ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64");
    for (const std::string& name : names) {
        const auto* row = std::find_if(std::begin(kArchRows), std::end(kArchRows),
                                       [&](const ArchRow& candidate) { return candidate.name == name; });
        if (row == std::end(kArchRows)) {
            return Error(ErrorCode::kInvalidArgument, "seccomp: unknown architecture " + quote(name))
                .with_resource(name);
        }
        const bool known = std::any_of(rows.begin(), rows.end(), [&](const ArchRow& r) { return r.scmp == row->scmp; });
        if (!known) rows.push_back(*row);
    }
    return rows;
}

}  // namespace

Result<SeccompRules> read_seccomp_rules(const json& profile) {
    const Result<uint32_t> fallback =
        read_action(member_of(profile, "defaultAction"), member_of(profile, "defaultErrnoRet"));
    if (!fallback) return Error(fallback.error());
    const Result<std::vector<ArchRow>> rows = read_architectures(profile);
    if (!rows) return Error(rows.error());

    SeccompRules rules;
    rules.default_action = *fallback;
    const Result<uint32_t> flags = read_flags(profile);
    if (!flags) return Error(flags.error());
    rules.flags = *flags;
    for (const ArchRow& row : *rows) rules.architectures.push_back({row.audit, row.x32, {}});

    const json& entries = member_of(profile, "syscalls");
    if (!entries.is_array()) return rules;
    for (const json& entry : entries) {
        const Result<SeccompRule> rule = read_rule(entry);
        if (!rule) return Error(rule.error());
        for (const std::string& name : read_texts(entry, "names")) {
            SeccompRule narrowed = *rule;
            narrow_int_arguments(name, narrowed);
            for (size_t i = 0; i < rows->size(); ++i) {
                const auto number = call_number((*rows)[i], name);
                if (number) add_rule(rules.architectures[i].calls[*number], narrowed);
            }
        }
    }
    return rules;
}

}  // namespace slipway::linux_backend
