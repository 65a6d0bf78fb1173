#include <cgroup/device_program.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

// Runs the few instructions the builder uses. -1 when the program is broken.
int64_t run(const std::vector<bpf_insn>& program, const bpf_cgroup_dev_ctx& context) {
    std::array<uint64_t, 11> r{};
    for (size_t pc = 0; pc < program.size(); ++pc) {
        const bpf_insn& op = program[pc];
        const auto imm = static_cast<uint64_t>(static_cast<int64_t>(op.imm));
        switch (op.code) {
            case BPF_LDX | BPF_MEM | BPF_W:
                r[op.dst_reg] = op.off == 0 ? context.access_type : op.off == 4 ? context.major : context.minor;
                break;
            case BPF_ALU64 | BPF_MOV | BPF_X:
                r[op.dst_reg] = r[op.src_reg];
                break;
            case BPF_ALU64 | BPF_MOV | BPF_K:
                r[op.dst_reg] = imm;
                break;
            case BPF_ALU64 | BPF_AND | BPF_K:
                r[op.dst_reg] &= imm;
                break;
            case BPF_ALU64 | BPF_RSH | BPF_K:
                r[op.dst_reg] >>= imm;
                break;
            case BPF_JMP | BPF_JNE | BPF_K:
                pc += r[op.dst_reg] != imm ? static_cast<size_t>(op.off) : 0;
                break;
            case BPF_JMP | BPF_JEQ | BPF_K:
                pc += r[op.dst_reg] == imm ? static_cast<size_t>(op.off) : 0;
                break;
            case BPF_JMP | BPF_EXIT:
                return static_cast<int64_t>(r[0]);
            default:
                return -1;
        }
    }
    return -1;
}

constexpr uint32_t kMknod = BPF_DEVCG_ACC_MKNOD, kRead = BPF_DEVCG_ACC_READ, kWrite = BPF_DEVCG_ACC_WRITE;
constexpr uint32_t kBlock = BPF_DEVCG_DEV_BLOCK, kChar = BPF_DEVCG_DEV_CHAR;

struct Access {
    uint32_t type, major, minor, access;
    bool allowed;
};

TEST(DeviceProgram, AnswersLikeTheV1Files) {
    const json resources = {{"devices",
                             {{{"allow", false}, {"access", "rwm"}},
                              {{"allow", true}, {"type", "c"}, {"access", "m"}},
                              {{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 3}, {"access", "rwm"}},
                              {{"allow", true}, {"type", "c"}, {"major", 136}, {"access", "rw"}},
                              {{"allow", true}, {"type", "b"}, {"major", 8}, {"minor", 0}, {"access", "r"}},
                              {{"allow", false}, {"type", "c"}, {"major", 136}, {"minor", 7}, {"access", "w"}}}}};
    const auto program = build_device_program(*read_device_rules(resources));

    for (const Access& row : {Access{kChar, 1, 3, kRead | kWrite, true}, Access{kChar, 1, 3, kMknod, true},
                              Access{kChar, 1, 4, kRead, false}, Access{kChar, 1, 4, kMknod, true},
                              Access{kChar, 136, 9, kRead | kWrite, true}, Access{kChar, 136, 7, kRead, true},
                              Access{kChar, 136, 7, kWrite, false}, Access{kChar, 136, 7, kRead | kWrite, false},
                              Access{kBlock, 8, 0, kRead, true}, Access{kBlock, 8, 0, kRead | kWrite, false},
                              Access{kBlock, 8, 1, kRead, false}, Access{kBlock, 1, 3, kRead, false},
                              Access{kBlock, 8, 0, kMknod, false}}) {
        bpf_cgroup_dev_ctx context{};
        context.access_type = row.access << 16 | row.type;
        context.major = row.major;
        context.minor = row.minor;

        EXPECT_EQ(run(program, context), row.allowed ? 1 : 0)
            << row.type << " " << row.major << ":" << row.minor << " " << row.access;
    }
}

TEST(DeviceProgram, NoRulesDenyEverything) {
    EXPECT_EQ(run(build_device_program({}), bpf_cgroup_dev_ctx{}), 0);
}

std::vector<DeviceRule> rules_for_minor(int minor) {
    return *read_device_rules(
        {{"devices", {{{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", minor}, {"access", "r"}}}}});
}

// Else the number may belong to the policy of another container by the time it is attached.
TEST(DevicePrograms, WhatSomebodyHoldsStaysOpenWhenOthersPushItOut) {
    int loads = 0;
    DevicePrograms programs([&loads](const std::vector<bpf_insn>&) -> Result<UniqueFd> {
        ++loads;
        return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    });
    const auto held = programs.get(rules_for_minor(0));
    ASSERT_TRUE(held.has_value());
    const int number = (*held)->get();

    for (int minor = 1; minor <= static_cast<int>(DevicePrograms::kMost); ++minor) {
        const auto other = programs.get(rules_for_minor(minor));
        ASSERT_TRUE(other.has_value());
        ASSERT_NE((*other)->get(), number);
    }

    EXPECT_NE(::fcntl(number, F_GETFD), -1);
    EXPECT_EQ(loads, static_cast<int>(DevicePrograms::kMost) + 1);
    ASSERT_TRUE(programs.get(rules_for_minor(0)).has_value());
    EXPECT_EQ(loads, static_cast<int>(DevicePrograms::kMost) + 2) << "it was pushed out";
}

TEST(DevicePrograms, SameRulesAreLoadedOnce) {
    int loads = 0;
    DevicePrograms programs([&loads](const std::vector<bpf_insn>&) -> Result<UniqueFd> {
        ++loads;
        return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    });
    const auto first = programs.get(rules_for_minor(3));
    const auto second = programs.get(rules_for_minor(3));
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(loads, 1);
}

}  // namespace
}  // namespace slipway::linux_backend
