#include <net/ipam.hpp>

#include <gtest/gtest.h>

#include <set>

namespace slipway::linux_backend {
namespace {

std::shared_ptr<AddressPool> pool_of(const char* address, const char* range = nullptr) {
    const Ipv4Prefix prefix = *Ipv4Prefix::parse(address);
    std::optional<Ipv4Prefix> part;
    if (range != nullptr) part = *Ipv4Prefix::parse(range);
    Result<std::shared_ptr<AddressPool>> pool = AddressPool::create(prefix, prefix.address, part);
    return pool ? *pool : nullptr;
}

std::string next(AddressPool& pool) {
    const Result<Ipv4> address = pool.allocate();
    return address ? address->to_string() : "none";
}

TEST(AddressPool, NeverHandsOutNetworkGatewayOrBroadcast) {
    const auto pool = pool_of("10.0.0.1/29");
    std::set<std::string> all;
    for (std::string address = next(*pool); address != "none"; address = next(*pool)) all.insert(address);

    EXPECT_EQ(all, (std::set<std::string>{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}));
    EXPECT_EQ(pool->used(), 5U);
}

TEST(AddressPool, ExhaustionNamesTheSubnetAndEndsWithARelease) {
    const auto pool = pool_of("10.0.0.1/30");
    ASSERT_EQ(next(*pool), "10.0.0.2");

    const Result<Ipv4> refused = pool->allocate();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
    EXPECT_EQ(refused.error().resource(), "10.0.0.0/30");

    pool->release(*Ipv4::parse("10.0.0.2"));
    EXPECT_EQ(next(*pool), "10.0.0.2");
}

TEST(AddressPool, AReleasedAddressComesUpOnlyAfterAllOthers) {
    const auto pool = pool_of("10.0.0.1/29");
    ASSERT_EQ(next(*pool), "10.0.0.2");
    pool->release(*Ipv4::parse("10.0.0.2"));

    EXPECT_EQ(next(*pool), "10.0.0.3");
    EXPECT_EQ(next(*pool), "10.0.0.4");
    EXPECT_EQ(next(*pool), "10.0.0.5");
    EXPECT_EQ(next(*pool), "10.0.0.6");
    EXPECT_EQ(next(*pool), "10.0.0.2");
}

TEST(AddressPool, FindsTheOneFreeAddressBeyondFullWords) {
    const auto pool = pool_of("10.0.0.1/24");
    for (int i = 0; i < 253; ++i) ASSERT_NE(next(*pool), "none");
    pool->release(*Ipv4::parse("10.0.0.200"));

    EXPECT_EQ(next(*pool), "10.0.0.200");
    EXPECT_EQ(next(*pool), "none");
}

TEST(AddressPool, ReservesFixedAddressesOnce) {
    const auto pool = pool_of("10.0.0.1/24");

    ASSERT_TRUE(pool->reserve(*Ipv4::parse("10.0.0.2")));
    const Status again = pool->reserve(*Ipv4::parse("10.0.0.2"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(again.error().resource(), "10.0.0.2");
    EXPECT_EQ(next(*pool), "10.0.0.3");
}

TEST(AddressPool, RefusesAddressesThatAreNoHostsOfTheSubnet) {
    const auto pool = pool_of("10.0.0.1/24");

    for (const char* bad : {"10.0.0.0", "10.0.0.255", "10.0.1.2", "0.0.0.0"}) {
        const Status refused = pool->reserve(*Ipv4::parse(bad));
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument) << bad;
    }
    const Status gateway = pool->reserve(*Ipv4::parse("10.0.0.1"));
    ASSERT_FALSE(gateway);
    EXPECT_EQ(gateway.error().code(), ErrorCode::kConflict);
}

TEST(AddressPool, TheGatewayCannotBeReleased) {
    const auto pool = pool_of("10.0.0.1/30");
    pool->release(*Ipv4::parse("10.0.0.1"));

    EXPECT_EQ(next(*pool), "10.0.0.2");
    EXPECT_EQ(next(*pool), "none");
}

TEST(AddressPool, ReleasingTwiceCountsOnce) {
    const auto pool = pool_of("10.0.0.1/24");
    const Ipv4 first = *pool->allocate();
    ASSERT_TRUE(pool->allocate());
    pool->release(first);
    pool->release(first);

    EXPECT_EQ(pool->used(), 1U);
}

TEST(AddressPool, ARangeLimitsWhatIsChosenButNotWhatIsFixed) {
    const auto pool = pool_of("10.0.0.1/24", "10.0.0.128/30");

    EXPECT_EQ(next(*pool), "10.0.0.128");
    EXPECT_EQ(next(*pool), "10.0.0.129");
    EXPECT_EQ(next(*pool), "10.0.0.130");
    EXPECT_EQ(next(*pool), "10.0.0.131");
    EXPECT_EQ(next(*pool), "none");
    EXPECT_TRUE(pool->reserve(*Ipv4::parse("10.0.0.9")));
}

TEST(AddressPool, RefusesSubnetsGatewaysAndRangesThatMakeNoSense) {
    EXPECT_EQ(pool_of("10.0.0.1/31"), nullptr);
    EXPECT_EQ(pool_of("10.0.0.1/7"), nullptr);
    EXPECT_EQ(pool_of("10.0.0.0/24"), nullptr);
    EXPECT_EQ(pool_of("10.0.0.255/24"), nullptr);
    EXPECT_EQ(pool_of("10.0.0.1/24", "10.0.1.0/25"), nullptr);
    EXPECT_EQ(pool_of("10.0.0.1/24", "10.0.0.0/16"), nullptr);
    EXPECT_NE(pool_of("10.0.0.1/8"), nullptr);
}

TEST(AddressLease, GivesTheAddressBackUnlessItIsKept) {
    const auto pool = pool_of("10.0.0.1/30");
    {
        const AddressLease lease(pool, *pool->allocate());
        EXPECT_EQ(pool->used(), 1U);
    }
    EXPECT_EQ(pool->used(), 0U);
    {
        AddressLease lease(pool, *pool->allocate());
        EXPECT_EQ(lease.keep().to_string(), "10.0.0.2");
    }
    EXPECT_EQ(pool->used(), 1U);
}

}  // namespace
}  // namespace slipway::linux_backend
