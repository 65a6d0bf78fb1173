// The supervisor's plan: whatever validate() accepts may be followed everywhere without leaving the plan.
#include <slipway_supervisor/plan.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

using namespace slipway::supervisor;

namespace {

uint64_t g_seen = 0;  // keeps the reads

void touch(const Plan& plan, TextRef ref) {
    g_seen += std::strlen(plan.text(ref));
}

void touch_texts(const Plan& plan, ListRef list) {
    for (uint32_t i = 0; i < list.count; ++i) touch(plan, plan.at<TextRef>(list, i));
}

void touch_options(const Plan& plan, ListRef list) {
    for (uint32_t i = 0; i < list.count; ++i) {
        const auto& option = plan.at<PlanOption>(list, i);
        touch(plan, option.key);
        touch(plan, option.value);
    }
}

void touch_numbers(const Plan& plan, ListRef list) {
    const auto* numbers = plan.array<uint32_t>(list);
    for (uint32_t i = 0; i < list.count; ++i) g_seen += numbers[i];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < sizeof(PlanHeader)) return 0;
    // A plan is mapped, hence aligned, and ends with its last byte: a vector of its size lets any step beyond be seen.
    std::vector<uint64_t> words((size + 7) / 8);
    auto* bytes = reinterpret_cast<uint8_t*>(words.data()) + (words.size() * 8 - size) / 8 * 8;
    std::memcpy(bytes, data, size);
    // What only says "a plan of this size" is no challenge.
    PlanHeader header;
    std::memcpy(&header, bytes, sizeof(header));
    header.magic = kPlanMagic;
    header.version = kPlanVersion;
    header.total_bytes = static_cast<uint32_t>(size);
    header.fd_count %= kPlanMaxFds + 1;
    std::memcpy(bytes, &header, sizeof(header));

    Plan plan;
    if (!plan.validate(bytes, size, header.fd_count)) return 0;
    for (const TextRef ref : {header.id, header.hostname, header.domainname, header.cwd, header.search_path,
                              header.log_name, header.log_attributes, header.apparmor, header.selinux}) {
        touch(plan, ref);
    }
    for (const ListRef list : {header.arguments, header.environment, header.masked, header.read_only}) {
        touch_texts(plan, list);
    }
    for (const ListRef list : {header.groups, header.task_files, header.held}) touch_numbers(plan, list);
    touch_options(plan, header.sysctls);
    for (uint32_t i = 0; i < header.ops.count; ++i) {
        const auto& op = plan.at<PlanOp>(header.ops, i);
        touch(plan, op.target);
        touch(plan, op.source);
        touch_options(plan, op.options);
    }
    for (uint32_t i = 0; i < header.rlimits.count; ++i) g_seen += plan.at<PlanRlimit>(header.rlimits, i).soft;
    return 0;
}
