#include <cgroup/device_program.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

namespace slipway::linux_backend {

namespace {

// Registers of the program: r1 is the context when it starts.
constexpr int kContext = BPF_REG_1, kType = BPF_REG_2, kAccess = BPF_REG_3, kMajor = BPF_REG_4, kMinor = BPF_REG_5,
              kScratch = BPF_REG_6;

bpf_insn instruction(unsigned code, int dst, int src, int off, int32_t imm) {
    bpf_insn made{};
    made.code = static_cast<uint8_t>(code);
    made.dst_reg = static_cast<uint8_t>(dst & 15);
    made.src_reg = static_cast<uint8_t>(src & 15);
    made.off = static_cast<int16_t>(off);
    made.imm = imm;
    return made;
}

bpf_insn load_field(int dst, size_t offset) {
    return instruction(BPF_LDX | BPF_MEM | BPF_W, dst, kContext, static_cast<int>(offset), 0);
}

int32_t access_bits(const DeviceRule& rule) {
    return (rule.make_node ? BPF_DEVCG_ACC_MKNOD : 0) | (rule.read ? BPF_DEVCG_ACC_READ : 0) |
           (rule.write ? BPF_DEVCG_ACC_WRITE : 0);
}

void add_answer(std::vector<bpf_insn>& program, bool allow) {
    program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow ? 1 : 0));
    program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

// access_type is (access << 16) | type.
void add_prologue(std::vector<bpf_insn>& program) {
    program.push_back(load_field(kType, offsetof(bpf_cgroup_dev_ctx, access_type)));
    program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, kAccess, kType, 0, 0));
    program.push_back(instruction(BPF_ALU64 | BPF_AND | BPF_K, kType, 0, 0, 0xffff));
    program.push_back(instruction(BPF_ALU64 | BPF_RSH | BPF_K, kAccess, 0, 0, 16));
    program.push_back(load_field(kMajor, offsetof(bpf_cgroup_dev_ctx, major)));
    program.push_back(load_field(kMinor, offsetof(bpf_cgroup_dev_ctx, minor)));
}

// Tests that jump to the end of the rule when it does not apply; their offsets are set once the length is known.
void add_rule(std::vector<bpf_insn>& program, const DeviceRule& rule) {
    std::vector<bpf_insn> code;
    const auto skip_unless_equal = [&](int reg, uint32_t value) {
        code.push_back(instruction(BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, static_cast<int32_t>(value)));
    };
    if (rule.type != 'a') skip_unless_equal(kType, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    if (const int32_t bits = access_bits(rule); bits != 7) {
        // An allowing rule must cover all that is asked, a denying one any of it.
        code.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, kScratch, kAccess, 0, 0));
        code.push_back(instruction(BPF_ALU64 | BPF_AND | BPF_K, kScratch, 0, 0, rule.allow ? ~bits & 7 : bits));
        code.push_back(instruction(BPF_JMP | (rule.allow ? BPF_JNE : BPF_JEQ) | BPF_K, kScratch, 0, 0, 0));
    }
    if (rule.major) skip_unless_equal(kMajor, *rule.major);
    if (rule.minor) skip_unless_equal(kMinor, *rule.minor);
    add_answer(code, rule.allow);

    for (size_t i = 0; i + 2 < code.size(); ++i) {
        if (BPF_CLASS(code[i].code) == BPF_JMP) code[i].off = static_cast<int16_t>(code.size() - i - 1);
    }
    program.insert(program.end(), code.begin(), code.end());
}

long bpf(int command, bpf_attr& attr) {
    return ::syscall(SYS_bpf, command, &attr, sizeof(attr));
}

uint64_t address_of(const void* pointer) {
    return reinterpret_cast<uintptr_t>(pointer);
}

long load(const std::vector<bpf_insn>& program, char* log, size_t log_size) {
    bpf_attr attr{};
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = address_of(program.data());
    attr.insn_cnt = static_cast<uint32_t>(program.size());
    attr.license = address_of("Apache-2.0");
    std::memcpy(attr.prog_name, "slipway_dev", sizeof("slipway_dev"));
    if (log != nullptr) {
        attr.log_buf = address_of(log);
        attr.log_size = static_cast<uint32_t>(log_size);
        attr.log_level = 1;
    }
    return bpf(BPF_PROG_LOAD, attr);
}

}  // namespace

std::vector<bpf_insn> build_device_program(const std::vector<DeviceRule>& rules) {
    std::vector<bpf_insn> program;
    add_prologue(program);
    bool decided = false;
    for (auto rule = rules.rbegin(); rule != rules.rend() && !decided; ++rule) {
        add_rule(program, *rule);
        decided = rule->covers_everything();  // the verifier refuses code nobody can reach
    }
    if (!decided) add_answer(program, false);
    return program;
}

Result<UniqueFd> load_device_program(const std::vector<bpf_insn>& program) {
    UniqueFd loaded{static_cast<int>(load(program, nullptr, 0))};  // always close-on-exec
    if (loaded) return loaded;
    const int err = errno;
    std::string log(16384, '\0');  // asked for only now: writing it makes loading slower
    load(program, log.data(), log.size());
    log.resize(std::strlen(log.c_str()));
    return Error::from_errno(err, "load the device program").with_operation("bpf").with_hint(log.substr(0, 200));
}

Status attach_device_program(int directory_fd, int program_fd) {
    bpf_attr attr{};
    attr.target_fd = static_cast<uint32_t>(directory_fd);
    attr.attach_bpf_fd = static_cast<uint32_t>(program_fd);
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf(BPF_PROG_ATTACH, attr) != 0) {
        return Error::from_errno(errno, "attach the device program").with_operation("bpf");
    }
    return ok();
}

Result<std::shared_ptr<const UniqueFd>> DevicePrograms::get(const std::vector<DeviceRule>& rules) {
    std::string key;
    for (const DeviceRule& rule : rules) key += (rule.allow ? '+' : '-') + rule.text();

    const std::lock_guard lock(mutex_);
    if (const auto found = programs_.find(key); found != programs_.end()) return found->second;
    Result<UniqueFd> loaded = load_(build_device_program(rules));
    if (!loaded) return std::move(loaded).error();
    if (programs_.size() >= kMost) programs_.clear();  // attached ones live on in their groups
    return programs_.emplace(std::move(key), std::make_shared<const UniqueFd>(std::move(*loaded))).first->second;
}

}  // namespace slipway::linux_backend
