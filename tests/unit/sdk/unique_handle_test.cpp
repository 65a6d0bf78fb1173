#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <slipway/cpp/unique_handle.hpp>

#include <utility>
#include <vector>

using testing::ElementsAre;
using testing::IsEmpty;

namespace {

std::vector<int> closed;

struct NumberTraits {
    using Type = int;
    static Type none() { return -1; }
    static void close(Type number) noexcept { closed.push_back(number); }
};
using Number = slipway::UniqueHandle<NumberTraits>;

class UniqueHandleTest : public testing::Test {
protected:
    void SetUp() override { closed.clear(); }
};

}  // namespace

TEST_F(UniqueHandleTest, ClosesWhatItHoldsOnce) {
    { const Number handle(7); }

    EXPECT_THAT(closed, ElementsAre(7));
}

TEST_F(UniqueHandleTest, ClosesNothingWhenEmpty) {
    {
        const Number empty;
        EXPECT_FALSE(empty);
    }

    EXPECT_THAT(closed, IsEmpty());
}

TEST_F(UniqueHandleTest, MovesOwnership) {
    {
        Number first(7);
        const Number second(std::move(first));
        EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): the promise under test
        EXPECT_EQ(second.get(), 7);
    }

    EXPECT_THAT(closed, ElementsAre(7));
}

TEST_F(UniqueHandleTest, AssignmentClosesTheOldValueFirst) {
    {
        Number target(1);
        target = Number(2);
        EXPECT_THAT(closed, ElementsAre(1));
    }

    EXPECT_THAT(closed, ElementsAre(1, 2));
}

TEST_F(UniqueHandleTest, SurvivesAssignmentToItself) {
    Number handle(7);
    Number& same = handle;

    handle = std::move(same);

    EXPECT_EQ(handle.get(), 7);
    EXPECT_THAT(closed, IsEmpty());
}

TEST_F(UniqueHandleTest, ReleaseHandsTheValueOut) {
    {
        Number handle(7);
        EXPECT_EQ(handle.release(), 7);
    }

    EXPECT_THAT(closed, IsEmpty());
}
