#include <net/ipv4.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

TEST(Ipv4, ParsesFourDecimalNumbersAndNothingElse) {
    const Result<Ipv4> address = Ipv4::parse("172.26.0.1");

    ASSERT_TRUE(address);
    EXPECT_EQ(address->value, 0xac1a0001U);
    EXPECT_EQ(address->to_string(), "172.26.0.1");
    for (const char* bad : {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "0x7f.0.0.1", " 1.2.3.4",
                            "1.2.3.4 ", "1.2.3.-4", "::1", "a.b.c.d"}) {
        const Result<Ipv4> refused = Ipv4::parse(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument) << bad;
    }
    EXPECT_FALSE(Ipv4::parse(std::string("1.2.3.4\0x", 9)));
}

TEST(Ipv4Prefix, KeepsTheAddressAndKnowsItsSubnet) {
    const Result<Ipv4Prefix> prefix = Ipv4Prefix::parse("172.26.3.4/16");

    ASSERT_TRUE(prefix);
    EXPECT_EQ(prefix->to_string(), "172.26.3.4/16");
    EXPECT_EQ(prefix->subnet_string(), "172.26.0.0/16");
    EXPECT_EQ(prefix->broadcast().to_string(), "172.26.255.255");
    EXPECT_TRUE(prefix->contains(*Ipv4::parse("172.26.255.255")));
    EXPECT_FALSE(prefix->contains(*Ipv4::parse("172.27.0.0")));
}

TEST(Ipv4Prefix, TheShortestAndLongestLengthsWork) {
    EXPECT_EQ(Ipv4Prefix::parse("1.2.3.4/0")->subnet_string(), "0.0.0.0/0");
    EXPECT_EQ(Ipv4Prefix::parse("1.2.3.4/32")->broadcast().to_string(), "1.2.3.4");
}

TEST(Ipv4Prefix, RefusesWhatIsNoPrefix) {
    for (const char* bad : {"", "/", "1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/8x", "1.2.3/8", "/8",
                            "1.2.3.4/8/8", "1.2.3.4/ 8", "fd00::/64"}) {
        const Result<Ipv4Prefix> refused = Ipv4Prefix::parse(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument) << bad;
        EXPECT_EQ(refused.error().resource(), bad);
    }
}

TEST(Ipv4Prefix, OverlapIsMutualContainment) {
    const auto overlap = [](const char* a, const char* b) {
        const bool one = Ipv4Prefix::parse(a)->overlaps(*Ipv4Prefix::parse(b));
        EXPECT_EQ(one, Ipv4Prefix::parse(b)->overlaps(*Ipv4Prefix::parse(a))) << a << " " << b;
        return one;
    };

    EXPECT_TRUE(overlap("10.0.0.0/8", "10.1.2.0/24"));
    EXPECT_TRUE(overlap("10.1.2.3/24", "10.1.2.200/25"));
    EXPECT_TRUE(overlap("0.0.0.0/0", "192.0.2.1/32"));
    EXPECT_FALSE(overlap("10.0.0.0/24", "10.0.1.0/24"));
}

TEST(MacAddress, DerivesFromTheAddress) {
    EXPECT_EQ(mac_of(*Ipv4::parse("172.26.0.255")), "02:42:ac:1a:00:ff");
}

TEST(MacAddress, ParsesSixPairsAndRefusesGroupAddresses) {
    uint8_t bytes[6] = {};

    ASSERT_TRUE(parse_mac("02:42:ac:1A:00:ff", bytes));

    EXPECT_EQ(bytes[3], 0x1a);
    EXPECT_EQ(bytes[5], 0xff);
    for (const char* bad : {"", "02:42:ac:1a:00", "02:42:ac:1a:00:f", "02:42:ac:1a:00:fg", "02.42.ac.1a.00.ff",
                            "01:42:ac:1a:00:ff", "ff:ff:ff:ff:ff:ff", "02:42:ac:1a:00:ff:00"}) {
        EXPECT_FALSE(parse_mac(bad, bytes)) << bad;
    }
}

}  // namespace
}  // namespace slipway::linux_backend
