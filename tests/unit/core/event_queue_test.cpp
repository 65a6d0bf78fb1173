#include <gtest/gtest.h>
#include <slipway/core/event_queue.hpp>

#include <thread>

using slipway::core::BackendEvent;
using slipway::core::BackendEventQueue;

namespace {

BackendEvent event_of(const std::string& id) {
    BackendEvent event;
    event.container_id = id;
    return event;
}

}  // namespace

TEST(BackendEventQueue, KeepsTheOrderOfArrival) {
    BackendEventQueue queue;
    queue.push(event_of("a"));
    queue.push(event_of("b"));

    EXPECT_EQ(queue.pop()->container_id, "a");
    EXPECT_EQ(queue.pop()->container_id, "b");
}

TEST(BackendEventQueue, HandsOutWhatIsLeftAfterClose) {
    BackendEventQueue queue;
    queue.push(event_of("a"));
    queue.close();

    EXPECT_TRUE(queue.pop().has_value());
    EXPECT_FALSE(queue.pop().has_value());
}

TEST(BackendEventQueue, WakesAWaitingReader) {
    BackendEventQueue queue;
    std::optional<BackendEvent> seen;
    std::thread reader([&] { seen = queue.pop(); });

    queue.push(event_of("a"));
    reader.join();

    ASSERT_TRUE(seen.has_value());
    EXPECT_EQ(seen->container_id, "a");
}

TEST(BackendEventQueue, CloseReleasesAWaitingReader) {
    BackendEventQueue queue;
    std::optional<BackendEvent> seen = event_of("none");
    std::thread reader([&] { seen = queue.pop(); });

    queue.close();
    reader.join();

    EXPECT_FALSE(seen.has_value());
}
