#include "trace.hpp"

#include "client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace slipway::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json inspect_with(const json& start) {
    return {{"Name", "/web"}, {"State", {{"Slipway", {{"LastStart", start}}}}}};
}

json phase(const std::string& name, int64_t offset_ns, int64_t duration_ns) {
    return {{"Name", name}, {"OffsetNs", offset_ns}, {"DurationNs", duration_ns}};
}

TEST(Trace, DrawsPhasesOneAfterTheOther) {
    std::ostringstream out;
    print_trace(out,
                inspect_with({{"Succeeded", true},
                              {"TotalNs", 4'000'000},
                              {"Phases", {phase("verify", 0, 1'000'000), phase("create", 1'000'000, 3'000'000)}}}),
                76);

    EXPECT_THAT(out.str(), HasSubstr("web: start succeeded after 4.000 ms"));
    EXPECT_THAT(out.str(), HasSubstr("verify     1.000 ms  ##########\n"));
    EXPECT_THAT(out.str(), HasSubstr("create     3.000 ms            ##############################\n"));
}

TEST(Trace, ShowsWhatFailedAndWhatWasUndone) {
    json failed = phase("create", 1'000, 1'000);
    failed["Failed"] = true;
    json undone = phase("mount_root", 0, 1'000);
    undone["Undone"] = true;
    std::ostringstream out;
    print_trace(out,
                inspect_with({{"Succeeded", false},
                              {"TotalNs", 2'000},
                              {"Phases", {undone, failed}},
                              {"Error", {{"phase", "create"}, {"message", "no\x1b"}, {"hint", "look there"}}}}),
                80);

    EXPECT_THAT(out.str(), HasSubstr("  undone\n"));
    EXPECT_THAT(out.str(), HasSubstr("  failed\n"));
    EXPECT_THAT(out.str(), HasSubstr("error in phase create: no\\x1b"));
    EXPECT_THAT(out.str(), HasSubstr("hint: look there"));
}

TEST(Trace, SaysWhenThereWasNoStart) {
    std::ostringstream out;
    EXPECT_THROW(print_trace(out, inspect_with(nullptr), 80), CommandError);
}

}  // namespace
}  // namespace slipway::cli
