// tests/unit/linux/spec/bpf_machine.hpp - runs a seccomp program without a kernel.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace slipway::linux_backend::test {

// What `program` returns for a call. 0xdeadbeef when it runs out of bounds or uses what seccomp does not have.
inline uint32_t run_bpf(const std::vector<sock_filter>& program, const seccomp_data& data) {
    constexpr uint32_t kBroken = 0xdeadbeef;
    uint32_t a = 0;
    for (size_t pc = 0; pc < program.size(); ++pc) {
        const sock_filter& op = program[pc];
        switch (op.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                if (op.k % 4 != 0 || op.k + 4 > sizeof(data)) return kBroken;
                std::memcpy(&a, reinterpret_cast<const char*>(&data) + op.k, 4);
                break;
            case BPF_ALU | BPF_AND | BPF_K:
                a &= op.k;
                break;
            case BPF_JMP | BPF_JA:
                pc += op.k;
                break;
            case BPF_JMP | BPF_JEQ | BPF_K:
                pc += a == op.k ? op.jt : op.jf;
                break;
            case BPF_JMP | BPF_JGE | BPF_K:
                pc += a >= op.k ? op.jt : op.jf;
                break;
            case BPF_JMP | BPF_JGT | BPF_K:
                pc += a > op.k ? op.jt : op.jf;
                break;
            case BPF_RET | BPF_K:
                return op.k;
            default:
                return kBroken;
        }
    }
    return kBroken;
}

}  // namespace slipway::linux_backend::test
