#include <slipway_supervisor/detach_keys.hpp>

#include <gtest/gtest.h>

#include <string>

namespace slipway::supervisor {
namespace {

struct Filtered {
    std::string passed;
    bool detached;
};

Filtered filter(DetachKeys& keys, const std::string& input) {
    std::string out(input.size() + kMaxDetachKeys, '\0');
    size_t passed = 0;
    const bool detached = keys.filter(input.data(), input.size(), out.data(), &passed);
    return {out.substr(0, passed), detached};
}

class Detach : public ::testing::Test {
protected:
    Detach() { keys_.set("\x10\x11", 2); }
    DetachKeys keys_;
};

TEST_F(Detach, SequenceInOnePieceDetaches) {
    const Filtered got = filter(keys_,
                                "ab\x10\x11"
                                "cd");

    EXPECT_TRUE(got.detached);
    EXPECT_EQ(got.passed, "ab");
}

TEST_F(Detach, SequenceAcrossReadsDetaches) {
    EXPECT_EQ(filter(keys_, "\x10").passed, "");
    EXPECT_TRUE(filter(keys_, "\x11").detached);
}

TEST_F(Detach, BrokenSequencePassesWhole) {
    EXPECT_EQ(filter(keys_, "\x10").passed, "");
    EXPECT_EQ(filter(keys_, "x").passed, "\x10x");
}

TEST_F(Detach, RepeatedFirstKeyStillDetaches) {
    const Filtered got = filter(keys_, "\x10\x10\x11");

    EXPECT_TRUE(got.detached);
    EXPECT_EQ(got.passed, "\x10");
}

TEST(DetachWithoutKeys, EverythingPasses) {
    DetachKeys keys;

    EXPECT_EQ(filter(keys, std::string("\x10\x11\0x", 4)).passed, std::string("\x10\x11\0x", 4));
}

}  // namespace
}  // namespace slipway::supervisor
