#include "bpf_machine.hpp"

#include <spec/capabilities.hpp>
#include <spec/seccomp_compiler.hpp>
#include <spec/seccomp_profile.hpp>
#include <spec/seccomp_tables.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using test::run_bpf;

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;

SeccompProgram compile(const json& profile, bool with_x32 = true) {
    const auto rules = read_seccomp_rules(profile);
    EXPECT_TRUE(rules) << (rules ? "" : rules.error().message());
    auto program = compile_seccomp(*rules, with_x32);
    EXPECT_TRUE(program) << (program ? "" : program.error().message());
    return std::move(program).value();
}

uint32_t decide(const SeccompProgram& program, uint32_t number, std::vector<uint64_t> args = {},
                uint32_t arch = AUDIT_ARCH_X86_64) {
    seccomp_data data{};
    data.nr = static_cast<int>(number);
    data.arch = arch;
    for (size_t i = 0; i < args.size(); ++i) data.args[i] = args[i];
    return run_bpf(program, data);
}

uint32_t number_of(const char* name) {
    const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name);
    return number >= 0 ? static_cast<uint32_t>(number) : newer_call_number(name).value();
}

json one_rule(const char* op, uint64_t value, uint64_t value_two = 0, const char* name = "read") {
    const json arg = {{"index", 2}, {"op", op}, {"value", value}, {"valueTwo", value_two}};
    return {{"defaultAction", "SCMP_ACT_ERRNO"},
            {"architectures", {"SCMP_ARCH_X86_64"}},
            {"syscalls", {{{"names", {name}}, {"action", "SCMP_ACT_ALLOW"}, {"args", {arg}}}}}};
}

// libseccomp's program for the same profile, to be compared with ours.
SeccompProgram libseccomp_program(const json& profile) {
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    EXPECT_EQ(seccomp_arch_add(context, SCMP_ARCH_X86), 0);
    EXPECT_EQ(seccomp_arch_add(context, SCMP_ARCH_X32), 0);
    for (const json& rule : profile["syscalls"]) {
        const uint32_t action = rule["action"] == "SCMP_ACT_ALLOW" ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS);
        std::vector<scmp_arg_cmp> args;
        for (const json& arg : rule.value("args", json::array())) {
            const std::string op = arg["op"];
            const scmp_compare compare = op == "SCMP_CMP_LT"   ? SCMP_CMP_LT
                                         : op == "SCMP_CMP_EQ" ? SCMP_CMP_EQ
                                         : op == "SCMP_CMP_GT" ? SCMP_CMP_GT
                                                               : SCMP_CMP_MASKED_EQ;
            args.push_back({arg["index"], compare, arg["value"], arg["valueTwo"]});
        }
        for (const std::string name : rule["names"]) {
            const int number = seccomp_syscall_resolve_name(name.c_str());
            if (number == __NR_SCMP_ERROR) continue;
            seccomp_rule_add_array(context, action, number, static_cast<unsigned>(args.size()), args.data());
        }
    }
    const int file = memfd_create("bpf", MFD_CLOEXEC);
    EXPECT_EQ(seccomp_export_bpf(context, file), 0);
    seccomp_release(context);
    const off_t size = lseek(file, 0, SEEK_END);
    SeccompProgram program(static_cast<size_t>(size) / sizeof(sock_filter));
    EXPECT_EQ(pread(file, program.data(), static_cast<size_t>(size), 0), size);
    close(file);
    return program;
}

// Decisions differ on purpose where libseccomp 2.5 has no names: calls after 450 and those beyond the profile.
TEST(SeccompCompiler, DecidesLikeLibseccompForEveryKnownCall) {
    for (const CapabilitySet capabilities : {kDefaultCapabilities, ~CapabilitySet{0}, CapabilitySet{0}}) {
        const json profile = default_seccomp_profile(capabilities);
        const SeccompProgram ours = compile(profile);
        const SeccompProgram theirs = libseccomp_program(profile);

        struct Abi {
            uint32_t arch, base, scmp;
        };
        for (const Abi abi : {Abi{AUDIT_ARCH_X86_64, 0, SCMP_ARCH_X86_64}, Abi{AUDIT_ARCH_I386, 0, SCMP_ARCH_X86},
                              Abi{AUDIT_ARCH_X86_64, 0x40000000, SCMP_ARCH_X32}}) {
            for (uint32_t i = 0; i <= 450; ++i) {
                for (const uint64_t arg : {0ULL, 8ULL, 38ULL, 39ULL, 40ULL, 41ULL, 0x20000ULL, 0x20008ULL,
                                           0x10000000ULL, 0xffffffffULL, 0x7E020000ULL, 0x80000000ULL}) {
                    const uint32_t number = abi.base | i;
                    const uint32_t want = decide(theirs, number, {arg}, abi.arch);
                    ASSERT_EQ(decide(ours, number, {arg}, abi.arch), want)
                        << "call " << i << " arch " << abi.arch << " base " << abi.base << " arg " << arg;
                }
            }
        }
    }
}

TEST(SeccompCompiler, IsALoadableSize) {
    const json profile = default_seccomp_profile(kDefaultCapabilities);

    EXPECT_LT(compile(profile, true).size(), 800U);
    EXPECT_LT(compile(profile, false).size(), 500U);
}

TEST(SeccompCompiler, AnswersEnosysBeyondTheProfileAndEpermInside) {
    const SeccompProgram program = compile(default_seccomp_profile(kDefaultCapabilities));

    EXPECT_EQ(decide(program, 1000), kEnosys);
    EXPECT_EQ(decide(program, number_of("removexattrat") + 1), kEnosys);
    EXPECT_EQ(decide(program, number_of("lsm_list_modules")), kEperm);
    EXPECT_EQ(decide(program, number_of("keyctl")), kEperm);
    EXPECT_EQ(decide(program, number_of("mseal")), kAllow);
    EXPECT_EQ(decide(program, 1000, {}, AUDIT_ARCH_I386), kEnosys);
}

TEST(SeccompCompiler, KillsForeignArchitectures) {
    const SeccompProgram program = compile(default_seccomp_profile(kDefaultCapabilities));

    EXPECT_EQ(decide(program, 0, {}, AUDIT_ARCH_ARM), SECCOMP_RET_KILL_PROCESS);
}

TEST(SeccompCompiler, LeavesX32OutWhereTheKernelLacksIt) {
    const SeccompProgram program = compile(default_seccomp_profile(kDefaultCapabilities), false);

    EXPECT_EQ(decide(program, 0x40000000), kEnosys);
    EXPECT_EQ(decide(program, 0), kAllow);
}

TEST(SeccompCompiler, SocketFamilyIsComparedAsTheIntItIs) {
    const SeccompProgram program = compile(default_seccomp_profile(kDefaultCapabilities));
    const uint32_t socket = number_of("socket");

    EXPECT_EQ(decide(program, socket, {38}), kEperm);
    EXPECT_EQ(decide(program, socket, {40}), kEperm);
    EXPECT_EQ(decide(program, socket, {39}), kAllow);
    EXPECT_EQ(decide(program, socket, {2}), kAllow);
    EXPECT_EQ(decide(program, socket, {(uint64_t{1} << 32) | 38}), kEperm) << "the kernel ignores the upper half";
}

TEST(SeccompCompiler, CloneMayNotMakeNameSpacesWithoutSysAdmin) {
    const SeccompProgram plain = compile(default_seccomp_profile(kDefaultCapabilities));
    const SeccompProgram admin = compile(default_seccomp_profile(capability_bit("CAP_SYS_ADMIN")));

    for (const uint64_t flag :
         {0x00020000ULL, 0x02000000ULL, 0x04000000ULL, 0x08000000ULL, 0x10000000ULL, 0x20000000ULL, 0x40000000ULL}) {
        EXPECT_EQ(decide(plain, number_of("clone"), {flag}), kEperm) << flag;
        EXPECT_EQ(decide(admin, number_of("clone"), {flag}), kAllow) << flag;
    }
    EXPECT_EQ(decide(plain, number_of("clone"), {17}), kAllow);
    EXPECT_EQ(decide(plain, number_of("clone3")), kEnosys);
    EXPECT_EQ(decide(admin, number_of("clone3")), kAllow);
}

struct OpCase {
    const char* op;
    uint64_t value, two;
    std::vector<uint64_t> pass, fail;
};

TEST(SeccompCompiler, ComparesAll64Bits) {
    constexpr uint64_t kBig = (uint64_t{5} << 32) | 7;
    const std::vector<OpCase> cases = {
        {"SCMP_CMP_EQ", kBig, 0, {kBig}, {7, uint64_t{5} << 32, kBig + 1}},
        {"SCMP_CMP_NE", kBig, 0, {7, uint64_t{5} << 32, kBig + 1, 0}, {kBig}},
        {"SCMP_CMP_LT", kBig, 0, {kBig - 1, 0, uint64_t{4} << 32 | 9}, {kBig, kBig + 1, uint64_t{6} << 32}},
        {"SCMP_CMP_LE", kBig, 0, {kBig, kBig - 1, uint64_t{4} << 32 | 9}, {kBig + 1, uint64_t{6} << 32}},
        {"SCMP_CMP_GT", kBig, 0, {kBig + 1, uint64_t{6} << 32}, {kBig, kBig - 1, uint64_t{4} << 32 | 9}},
        {"SCMP_CMP_GE", kBig, 0, {kBig, kBig + 1, uint64_t{6} << 32}, {kBig - 1, uint64_t{4} << 32 | 9, 0}},
        {"SCMP_CMP_MASKED_EQ",
         uint64_t{0xf} << 32 | 0xf0,
         uint64_t{5} << 32 | 0x30,
         {uint64_t{5} << 32 | 0x3f, uint64_t{0xf5} << 32 | 0x30},
         {0x30, uint64_t{5} << 32, uint64_t{6} << 32 | 0x30}},
    };
    for (const OpCase& row : cases) {
        const SeccompProgram program = compile(one_rule(row.op, row.value, row.two));
        for (const uint64_t arg : row.pass) EXPECT_EQ(decide(program, 0, {0, 0, arg}), kAllow) << row.op << arg;
        for (const uint64_t arg : row.fail) EXPECT_EQ(decide(program, 0, {0, 0, arg}), kEperm) << row.op << arg;
    }
}

TEST(SeccompCompiler, AllConditionsOfARuleMustHold) {
    json profile = one_rule("SCMP_CMP_EQ", 1);
    profile["syscalls"][0]["args"].push_back({{"index", 0}, {"op", "SCMP_CMP_GT"}, {"value", 9}});
    const SeccompProgram program = compile(profile);

    EXPECT_EQ(decide(program, 0, {10, 0, 1}), kAllow);
    EXPECT_EQ(decide(program, 0, {9, 0, 1}), kEperm);
    EXPECT_EQ(decide(program, 0, {10, 0, 2}), kEperm);
}

TEST(SeccompCompiler, NamesWhatItDoesNotKnow) {
    json action = one_rule("SCMP_CMP_EQ", 1);
    action["syscalls"][0]["action"] = "SCMP_ACT_DANCE";
    const json op = one_rule("SCMP_CMP_ALMOST", 1);
    json arch = one_rule("SCMP_CMP_EQ", 1);
    arch["architectures"] = {"SCMP_ARCH_PDP11"};

    EXPECT_EQ(read_seccomp_rules(action).error().message(), "seccomp: unknown action \"SCMP_ACT_DANCE\"");
    EXPECT_EQ(read_seccomp_rules(op).error().message(), "seccomp: unknown operator \"SCMP_CMP_ALMOST\"");
    EXPECT_EQ(read_seccomp_rules(arch).error().message(), "seccomp: unknown architecture \"SCMP_ARCH_PDP11\"");
    EXPECT_EQ(read_seccomp_rules(op).error().code(), ErrorCode::kInvalidArgument);
}

TEST(SeccompCompiler, SkipsNamesNobodyKnows) {
    const SeccompProgram program = compile(one_rule("SCMP_CMP_EQ", 1, 0, "frobnicate"));

    EXPECT_EQ(decide(program, 0, {0, 0, 1}), kEnosys) << "nothing is listed, so everything is newer than the profile";
}

TEST(SeccompCompiler, RefusesWhatTheKernelWouldNotTake) {
    json profile = one_rule("SCMP_CMP_EQ", 1);
    for (int i = 0; i < 1500; ++i) {
        profile["syscalls"].push_back(one_rule("SCMP_CMP_EQ", static_cast<uint64_t>(i))["syscalls"][0]);
    }

    const auto program = compile_seccomp(*read_seccomp_rules(profile), false);

    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().code(), ErrorCode::kInvalidArgument);
}

TEST(SeccompCompiler, FlagsOfAProfileAreTheFilters) {
    json profile = one_rule("SCMP_CMP_EQ", 1);
    SeccompCache cache;
    EXPECT_EQ((*cache.compile(profile))->flags, 0U);
    profile["flags"] = {"SECCOMP_FILTER_FLAG_LOG"};
    EXPECT_EQ((*cache.compile(profile))->flags, uint32_t{SECCOMP_FILTER_FLAG_LOG});
    profile["flags"] = {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"};
    EXPECT_EQ((*cache.compile(profile))->flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);

    profile["flags"] = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_NEW_LISTENER"};
    const auto refused = cache.compile(profile);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message(), "seccomp: unknown flag \"SECCOMP_FILTER_FLAG_NEW_LISTENER\"");
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
}

TEST(SeccompTables, ListNothingTwice) {
    std::set<std::string_view> seen;
    for (const auto name : always_allowed_calls()) EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_GE(seen.size(), 355U);
    for (const auto name : {"keyctl", "add_key", "request_key", "io_uring_setup", "userfaultfd", "kexec_load", "mount",
                            "unshare", "setns", "bpf", "pivot_root", "chroot", "socket", "clone", "personality"}) {
        EXPECT_FALSE(seen.contains(name)) << name;
    }
}

TEST(SeccompCache, GivesTheSameProgramForTheSameProfile) {
    SeccompCache cache;
    const json profile = default_seccomp_profile(kDefaultCapabilities);

    const auto first = cache.compile(profile);
    const auto second = cache.compile(default_seccomp_profile(kDefaultCapabilities));
    const auto other = cache.compile(default_seccomp_profile(0));

    ASSERT_TRUE(first && second && other);
    EXPECT_EQ(first->get(), second->get());
    EXPECT_NE(first->get(), other->get());
}

}  // namespace
}  // namespace slipway::linux_backend
