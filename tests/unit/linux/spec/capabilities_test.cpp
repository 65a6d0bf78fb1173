#include <spec/capabilities.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

constexpr CapabilitySet kEverything = (CapabilitySet{1} << 41) - 1;

CapabilitySet bits(std::initializer_list<const char*> names) {
    CapabilitySet set = 0;
    for (const char* name : names) set |= capability_bit(name);
    return set;
}

struct Case {
    std::vector<std::string> add, drop;
    CapabilitySet want;
};

TEST(Capabilities, AddAndDropFollowDocker) {
    EXPECT_EQ(capability_names(kDefaultCapabilities).size(), 14U);
    const std::vector<Case> cases = {
        {{}, {}, 0xa80425fb},
        {{"NET_ADMIN"}, {}, kDefaultCapabilities | bits({"CAP_NET_ADMIN"})},
        {{"cap_net_admin"}, {}, kDefaultCapabilities | bits({"CAP_NET_ADMIN"})},
        {{}, {"CHOWN", "CAP_KILL"}, kDefaultCapabilities & ~bits({"CAP_CHOWN", "CAP_KILL"})},
        {{"CHOWN"}, {"ALL"}, bits({"CAP_CHOWN"})},
        {{"all"}, {"SYS_ADMIN"}, kEverything & ~bits({"CAP_SYS_ADMIN"})},
        {{"ALL"}, {}, kEverything},
        {{}, {"all"}, 0},
        {{"CHOWN"}, {"CHOWN"}, kDefaultCapabilities},
    };
    for (const Case& row : cases) {
        const auto set = resolve_capabilities(row.add, row.drop, false, kEverything);

        ASSERT_TRUE(set);
        EXPECT_EQ(*set, row.want) << (row.add.empty() ? "" : row.add[0]) << "/"
                                  << (row.drop.empty() ? "" : row.drop[0]);
    }
}

TEST(Capabilities, PrivilegedIsEverythingAvailable) {
    EXPECT_EQ(*resolve_capabilities({}, {"CHOWN"}, true, 0xff), 0xffU);
}

TEST(Capabilities, NamesNobodyKnowsAreRefusedWithDockersText) {
    const auto unknown = resolve_capabilities({"frob"}, {}, false, kEverything);
    const auto dropped = resolve_capabilities({}, {"frob"}, false, kEverything);
    const CapabilitySet older = kEverything & ~bits({"CAP_BPF"});
    const auto missing = resolve_capabilities({"BPF"}, {}, false, older, older);

    EXPECT_EQ(unknown.error().message(), "invalid CapAdd: unknown capability: \"CAP_FROB\"");
    EXPECT_EQ(dropped.error().message(), "invalid CapDrop: unknown capability: \"CAP_FROB\"");
    EXPECT_EQ(missing.error().message(),
              "invalid CapAdd: capability not supported by your kernel or not available in "
              "the current environment: \"CAP_BPF\"");
    EXPECT_EQ(unknown.error().code(), ErrorCode::kInvalidArgument);
}

TEST(Capabilities, WhatThisProcessLacksIsLeftOutAndNamed) {
    const CapabilitySet lacking = kEverything & ~bits({"CAP_SYS_RESOURCE"});

    EXPECT_EQ(*resolve_capabilities({"SYS_RESOURCE"}, {}, false, lacking), kDefaultCapabilities);
    EXPECT_EQ(*missing_capabilities({"SYS_RESOURCE"}, {}, false, lacking, kEverything), bits({"CAP_SYS_RESOURCE"}));
    EXPECT_EQ(*missing_capabilities({}, {}, true, lacking, kEverything), bits({"CAP_SYS_RESOURCE"}));
    EXPECT_EQ(*missing_capabilities({}, {}, false, lacking, kEverything), 0U);
}

TEST(Capabilities, DefaultsThisProcessLacksAreLeftOut) {
    EXPECT_EQ(*resolve_capabilities({}, {}, false, bits({"CAP_CHOWN"})), bits({"CAP_CHOWN"}));
}

}  // namespace
}  // namespace slipway::linux_backend
