#include <names/identity.hpp>
#include <names/name_index.hpp>

#include <gtest/gtest.h>

#include <set>

namespace slipway::core {
namespace {

const std::string kOne = "abc1" + std::string(60, '0');
const std::string kTwo = "abc2" + std::string(60, '0');

TEST(Identity, IdsAreLongRandomAndNotNumbers) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = generate_id();
        ASSERT_TRUE(is_full_id(id)) << id;
        EXPECT_NE(id.substr(0, 12).find_first_not_of("0123456789"), std::string::npos) << id;
        EXPECT_TRUE(seen.insert(id).second);
    }
}

TEST(Identity, MadeUpNamesDependOnTheIdAlone) {
    EXPECT_EQ(made_up_name(kOne), made_up_name(kOne));
    EXPECT_NE(made_up_name(kOne), made_up_name(kOne, 1));
    EXPECT_TRUE(check_container_name(made_up_name(kOne, 12)));
}

TEST(Identity, ContainerNamesFollowDockersPattern) {
    EXPECT_EQ(*check_container_name("/web-1.x_y"), "web-1.x_y");
    for (const char* name : {"", "/", "a", "-web", "we b", "a/b", "é1", "//ab"}) {
        const Result<std::string> checked = check_container_name(name);
        ASSERT_FALSE(checked) << name;
        EXPECT_EQ(checked.error().message(),
                  "Invalid container name (" + std::string(name) + "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
}

class Names : public ::testing::Test {
protected:
    Names() {
        index.add(kOne);
        index.add(kTwo);
        EXPECT_TRUE(index.reserve("web", kOne));
    }
    NameIndex index;
};

TEST_F(Names, FindsByIdNameAndUniquePrefix) {
    EXPECT_EQ(*index.find(kOne), kOne);
    EXPECT_EQ(*index.find("web"), kOne);
    EXPECT_EQ(*index.find("/web"), kOne);
    EXPECT_EQ(*index.find("abc2"), kTwo);
}

TEST_F(Names, IdBeatsNameAndNameBeatsPrefix) {
    ASSERT_TRUE(index.reserve(kTwo, kOne));
    ASSERT_TRUE(index.reserve("abc2", kOne));

    EXPECT_EQ(*index.find(kTwo), kTwo);
    EXPECT_EQ(*index.find("abc2"), kOne);
}

TEST_F(Names, FailuresHaveDockersTexts) {
    EXPECT_EQ(index.find("nope").error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(index.find("nope").error().message(), "No such container: nope");
    EXPECT_EQ(index.find("abc").error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(index.find("abc").error().message(), "multiple IDs found with provided prefix: abc");
    EXPECT_EQ(index.find("").error().message(), "invalid name or ID supplied: \"\"");
}

TEST_F(Names, AReservedNameIsFoundOnlyOnceItsContainerIsThere) {
    const std::string later = std::string(64, 'f');
    ASSERT_TRUE(index.reserve("soon", later));
    EXPECT_FALSE(index.find("soon"));

    index.add(later);

    EXPECT_EQ(*index.find("soon"), later);
}

TEST_F(Names, TakenNamesNameTheirOwner) {
    const Status taken = index.reserve("web", kTwo);

    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(taken.error().message(),
              "Conflict. The container name \"/web\" is already in use by container \"" + kOne +
                  "\". You have to remove (or rename) that container to be able to reuse that name.");
}

TEST_F(Names, RenamingMovesTheNameOrChangesNothing) {
    ASSERT_TRUE(index.reserve("db", kTwo));
    ASSERT_FALSE(index.rename("web", "db", kOne));
    EXPECT_EQ(*index.find("web"), kOne);

    ASSERT_TRUE(index.rename("web", "www", kOne));

    EXPECT_FALSE(index.find("web"));
    EXPECT_EQ(*index.find("www"), kOne);
    ASSERT_TRUE(index.rename("www", "www", kOne));
    EXPECT_EQ(*index.find("www"), kOne);
}

TEST_F(Names, RemovingForgetsIdAndNames) {
    index.remove(kOne);

    EXPECT_FALSE(index.find("web"));
    EXPECT_EQ(*index.find("abc"), kTwo);
    EXPECT_TRUE(index.reserve("web", kTwo));
}

TEST_F(Names, ReleaseOnlyTakesOnesOwn) {
    index.release("web", kTwo);
    EXPECT_EQ(index.owner_of("web"), kOne);

    index.release("web", kOne);
    EXPECT_EQ(index.owner_of("web"), std::nullopt);
}

TEST_F(Names, MadeUpNamesAvoidTakenOnes) {
    ASSERT_TRUE(index.reserve(made_up_name(kOne), kTwo));

    EXPECT_EQ(index.reserve_made_up(kOne), made_up_name(kOne, 1));
}

}  // namespace
}  // namespace slipway::core
