// The engine's small parts: its locks, workers and waiters.

#include "engine/exit_waiters.hpp"
#include "engine/lock_order.hpp"
#include "engine/operation_lock.hpp"
#include "engine/stdio_frames.hpp"
#include "engine/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

namespace slipway::test {
namespace {

using namespace slipway::core;

TEST(OperationLock, IsGivenBackOnAnotherThread) {
    OperationLock lock;
    auto hold = lock.acquire("test");

    std::thread([held = std::move(hold)]() mutable { held.release(); }).join();

    EXPECT_TRUE(lock.acquire_for(std::chrono::milliseconds(0), "test"));
}

TEST(OperationLock, OneCanStopWaitingForIt) {
    OperationLock lock;
    auto hold = lock.acquire("test");

    EXPECT_FALSE(lock.acquire_for(std::chrono::milliseconds(1), "test"));
    hold.release();
    EXPECT_TRUE(lock.acquire_for(std::chrono::milliseconds(0), "test"));
}

TEST(WorkerPool, ATaskThatHangsDelaysNobody) {
    WorkerPool pool(1);
    std::promise<void> hang;
    pool.run([&] { hang.get_future().wait(); });
    std::promise<void> done;

    pool.run([&] { done.set_value(); });

    done.get_future().wait();
    hang.set_value();
    pool.drain();
}

TEST(WorkerPool, EveryTaskRunsOnce) {
    std::atomic<int> ran{0};
    WorkerPool pool(2);
    for (int i = 0; i < 200; ++i) pool.run([&] { ++ran; });

    pool.drain();

    EXPECT_EQ(ran, 200);
}

TEST(WorkerPool, WhatATaskThrowsIsToldAndEndsTheTaskAlone) {
    std::promise<std::string> told;
    WorkerPool pool(1, [&](const std::string& what) { told.set_value(what); });
    pool.run([] { throw std::runtime_error("no luck"); });
    std::promise<void> done;

    pool.run([&] { done.set_value(); });

    EXPECT_EQ(told.get_future().get(), "no luck");
    done.get_future().wait();
    pool.drain();
}

TEST(ExitWaiters, AFailedRemovalAnswersWhoWaitsForTheRemoval) {
    ExitWaiters waiters;
    const auto ticket = waiters.ticket();
    waiters.note_exit({7, ""});
    waiters.note_failed_removal("the disk is full");

    const auto told = waiters.wait(ticket, WaitCondition::kRemoved, {});

    ASSERT_TRUE(told);
    EXPECT_EQ(told->exit_code, 7);
    EXPECT_EQ(told->error, "the disk is full");
    waiters.note_removal({7, ""});
    EXPECT_EQ(waiters.wait(ticket, WaitCondition::kRemoved, {})->error, "");
}

TEST(ExitWaiters, AtTheEndNobodyIsPatient) {
    ExitWaiters waiters;
    std::thread end([&] { waiters.end_patience(); });

    EXPECT_FALSE(waiters.wait_for_exit(waiters.ticket(), std::chrono::milliseconds(-1)));

    end.join();
}

TEST(ExitWaiters, NothingAfterTheTicketIsMissed) {
    ExitWaiters waiters;
    const auto ticket = waiters.ticket();
    waiters.note_exit({7, ""});

    EXPECT_EQ(waiters.wait(ticket, WaitCondition::kNextExit, {})->exit_code, 7);
    EXPECT_FALSE(waiters.wait_for_exit(waiters.ticket(), std::chrono::milliseconds(0)));
}

TEST(ExitWaiters, RemovalAnswersEveryCondition) {
    ExitWaiters waiters;
    const auto ticket = waiters.ticket();
    waiters.note_exit({7, ""});
    waiters.note_removal({1, ""});

    EXPECT_EQ(waiters.wait(ticket, WaitCondition::kRemoved, {})->exit_code, 7);
    EXPECT_EQ(waiters.wait(waiters.ticket(), WaitCondition::kNextExit, {})->exit_code, 7);
}

TEST(StdioFrames, HeadersAreBigEndian) {
    const std::string frame = stdio_frame(true, std::string(258, 'x'));

    EXPECT_EQ(frame.substr(0, 8), std::string("\x02\0\0\0\0\0\x01\x02", 8));
    EXPECT_EQ(frame.size(), 266U);
}

#if SLIPWAY_CHECK_LOCK_ORDER
TEST(LockOrderDeathTest, TakingLocksUpwardsEndsTheProcess) {
    RankedMutex<LockRank::kRegistry> outer;
    RankedMutex<LockRank::kContainer> inner;
    const std::lock_guard hold_inner(inner);

    EXPECT_DEATH(outer.lock(), "lock order broken: rank 2 wanted while rank 3 is held");
}
#endif

}  // namespace
}  // namespace slipway::test
