#include <process/plan_writer.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using supervisor::kNoFd;
using supervisor::OpKind;
using supervisor::Plan;
using supervisor::PlanHeader;
using supervisor::PlanOp;
using supervisor::TextRef;

// A small but complete plan.
std::vector<uint8_t> sample() {
    PlanWriter writer;
    PlanHeader& h = writer.header;
    h.id = writer.text("abc");
    h.hostname = h.domainname = h.log_name = h.log_attributes = h.apparmor = h.selinux = writer.text("");
    h.cwd = writer.text("/");
    h.search_path = writer.text("/bin:/usr/bin");
    h.arguments = writer.texts({"echo", "hi there"});
    h.environment = writer.texts({"A=1"});
    h.groups = writer.list(std::vector<uint32_t>{1, 2, 3});
    h.base_namespace = writer.fd(10);
    h.root_tree = writer.fd(11);
    h.state_directory = writer.fd(12);
    h.listener = writer.fd(13);
    h.log_directory = writer.fd(-1);
    PlanOp op;
    op.kind = OpKind::kTree;
    op.target = writer.text("/data");
    op.source = writer.text("");
    op.fd = writer.fd(14);
    h.ops = writer.list(std::vector<PlanOp>{op});
    Result<std::vector<uint8_t>> bytes = writer.finish();
    EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().message());
    return bytes ? *bytes : std::vector<uint8_t>();
}

constexpr uint32_t kFds = 5;

bool valid(const std::vector<uint8_t>& bytes, uint32_t fds = kFds) {
    Plan plan;
    return plan.validate(bytes.data(), bytes.size(), fds);
}

template <class Change>
bool valid_after(Change change) {
    std::vector<uint8_t> bytes = sample();
    PlanHeader header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    change(header, bytes);
    std::memcpy(bytes.data(), &header, sizeof(header));
    return valid(bytes);
}

TEST(LaunchPlan, ReadsBackWhatWasWritten) {
    const std::vector<uint8_t> bytes = sample();
    Plan plan;

    ASSERT_TRUE(plan.validate(bytes.data(), bytes.size(), kFds));
    const PlanHeader& h = plan.header();
    EXPECT_STREQ(plan.text(h.id), "abc");
    ASSERT_EQ(h.arguments.count, 2u);
    EXPECT_STREQ(plan.text(plan.at<TextRef>(h.arguments, 1)), "hi there");
    EXPECT_EQ(plan.at<uint32_t>(h.groups, 2), 3u);
    EXPECT_EQ(h.log_directory, kNoFd);
    EXPECT_EQ(plan.at<PlanOp>(h.ops, 0).fd, 4u);
    EXPECT_STREQ(plan.text(plan.at<PlanOp>(h.ops, 0).target), "/data");
}

TEST(LaunchPlan, EveryTruncationIsRefused) {
    const std::vector<uint8_t> bytes = sample();
    for (size_t size = 0; size < bytes.size(); ++size) {
        ASSERT_FALSE(valid({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)})) << size;
    }
}

TEST(LaunchPlan, AnotherNumberOfDescriptorsIsRefused) {
    EXPECT_FALSE(valid(sample(), kFds - 1));
    EXPECT_FALSE(valid(sample(), kFds + 1));
}

TEST(LaunchPlan, ReferencesOutsideAreRefused) {
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.id.offset = h.total_bytes; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.id.size = 0xffffffff; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.cwd.offset = 0xfffffff0; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.arguments.count = 0x20000000; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.ops.offset = h.total_bytes - 8; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.seccomp.count = 0x10000; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.groups.offset += 1; }));
}

TEST(LaunchPlan, UnterminatedAndSplitTextsAreRefused) {
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto& bytes) { bytes[h.id.offset + h.id.size] = 'x'; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto& bytes) { bytes[h.id.offset] = 0; }));
}

TEST(LaunchPlan, MissingDescriptorsAndArgumentsAreRefused) {
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.root_tree = kNoFd; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.cgroup_directory = kFds; }));
    EXPECT_FALSE(valid_after([](PlanHeader& h, auto&) { h.arguments.count = 0; }));
}

TEST(LaunchPlan, ChangedBytesNeverReadOutside) {
    // Whatever a byte becomes, validate() must answer; address sanitizer watches it follow the references.
    const std::vector<uint8_t> good = sample();
    for (size_t at = 0; at < good.size(); ++at) {
        for (const int value : {0x00, 0x7f, 0x80, 0xff}) {
            std::vector<uint8_t> bytes = good;
            bytes[at] = static_cast<uint8_t>(value);
            (void)valid(bytes);
        }
    }
}

TEST(LaunchPlan, TextWithNulIsRefusedWhenWritten) {
    PlanWriter writer;
    writer.text(std::string("a\0b", 3));

    const Result<std::vector<uint8_t>> bytes = writer.finish();

    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code(), ErrorCode::kInvalidArgument);
}

TEST(LaunchPlan, LongTextsKeepTheirLength) {
    for (const size_t size : {65535u, 65536u, 70000u}) {
        PlanWriter writer;
        writer.text(std::string(size, 'x'));
        EXPECT_EQ(writer.text("next").offset, sizeof(PlanHeader) + size + 1);
    }
    PlanWriter writer;
    writer.text(std::string(16u << 20, 'x'));
    EXPECT_FALSE(writer.finish());
}

}  // namespace
}  // namespace slipway::linux_backend
