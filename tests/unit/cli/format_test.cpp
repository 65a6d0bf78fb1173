#include "format.hpp"

#include "client.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace slipway::cli {
namespace {

TEST(Printable, MakesTerminalSequencesVisible) {
    EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
}

TEST(HumanSize, HasThreeDigitsAndPowersOf1000) {
    EXPECT_EQ(human_size(0), "0B");
    EXPECT_EQ(human_size(999), "999B");
    EXPECT_EQ(human_size(2'140'160), "2.14MB");
    EXPECT_EQ(human_size(1'000'000'000), "1GB");
}

TEST(HumanDuration, SaysItAsDockerDoes) {
    EXPECT_EQ(human_duration(0), "Less than a second");
    EXPECT_EQ(human_duration(1), "1 second");
    EXPECT_EQ(human_duration(59), "59 seconds");
    EXPECT_EQ(human_duration(60), "About a minute");
    EXPECT_EQ(human_duration(3600), "About an hour");
    EXPECT_EQ(human_duration(86400 * 3), "3 days");
}

TEST(ParseSize, UnderstandsUnitsAndNamesTheOptionOtherwise) {
    EXPECT_EQ(parse_size("--memory", "64m"), 64 << 20);
    EXPECT_EQ(parse_size("--memory", "1.5gb"), int64_t{3} << 29);
    EXPECT_EQ(parse_size("--memory", "512"), 512);
    for (const char* bad : {"", "m", "12x", "1e400", "nan"}) {
        try {
            parse_size("--memory", bad);
            FAIL() << bad;
        } catch (const CommandError& e) {
            EXPECT_NE(std::string(e.what()).find("--memory"), std::string::npos);
            EXPECT_EQ(e.exit_code(), 125);
        }
    }
}

TEST(ShortId, DropsTheAlgorithm) {
    EXPECT_EQ(short_id("sha256:0123456789abcdef0123"), "0123456789ab");
    EXPECT_EQ(short_id("0123456789abcdef0123"), "0123456789ab");
}

TEST(PrintTable, PadsColumnsToTheirWidestCell) {
    std::ostringstream out;
    print_table(out, {{"A", "B"}, {"long", "x"}});
    EXPECT_EQ(out.str(), "A      B\nlong   x\n");
}

}  // namespace
}  // namespace slipway::cli
