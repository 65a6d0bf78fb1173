// Listeners on unix sockets: whom they let in, and what they do with a file that is there already.
#include "support/api_fixture.hpp"

#include <sys/stat.h>

#include <filesystem>

namespace slipway::test {
namespace {

using UnixListenerTest = ApiTest;

TEST_F(UnixListenerTest, StoppingRemovesTheSocket) {
    const std::string path = address();
    ASSERT_TRUE(std::filesystem::exists(path));
    TearDown();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixListenerTest, SocketIsForOwnerAndGroupOnly) {
    struct stat info {};
    ASSERT_EQ(::stat(address().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0660U);
}

TEST_F(UnixListenerTest, ASecondListenerOnTheSamePathIsRefused) {
    const Result<api::Listener> second = api::Listener::bind(address(), {});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(get("/_ping").body, "OK");  // and the first is unharmed
}

TEST(Listeners, StaleSocketsAreReplacedAndFilesAreNot) {
    std::string pattern = "/tmp/slipway-listen-test-XXXXXX";
    const std::string directory = ::mkdtemp(pattern.data());
    const std::string stale = directory + "/stale.sock";
    {
        Result<api::Listener> listener = api::Listener::bind(stale, {});
        ASSERT_TRUE(listener.has_value());
        std::filesystem::rename(stale, stale + ".moved");  // so that its file outlives it
    }
    std::filesystem::rename(stale + ".moved", stale);
    EXPECT_TRUE(api::Listener::bind(stale, {}).has_value());

    const std::string file = directory + "/file";
    std::fclose(std::fopen(file.c_str(), "w"));
    EXPECT_EQ(api::Listener::bind(file, {}).error().code(), ErrorCode::kConflict);
    EXPECT_TRUE(std::filesystem::exists(file));
    std::filesystem::remove_all(directory);
}

TEST(Listeners, S37_AGroupThatWasNamedMustExist) {
    std::string pattern = "/tmp/slipway-listen-test-XXXXXX";
    const std::string directory = ::mkdtemp(pattern.data());
    api::ListenOptions named;
    named.socket_group = "no-such-group";
    EXPECT_TRUE(api::Listener::bind(directory + "/optional.sock", named).has_value());
    named.group_required = true;

    const Result<api::Listener> listener = api::Listener::bind(directory + "/s.sock", named);

    ASSERT_FALSE(listener.has_value());
    EXPECT_EQ(listener.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(listener.error().message(), "group 'no-such-group' for the socket does not exist");
    EXPECT_FALSE(std::filesystem::exists(directory + "/s.sock"));
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace slipway::test
