// plugins/windows/src/hcs/workers.hpp - synchronous calls of Windows with a deadline.
//
// A thread that is blocked inside the HNS or the storage service cannot be stopped, and closing what it uses crashes
// inside the system's libraries. So each such call runs on a thread of its own; when the time is over the caller goes
// on and the thread is left behind. It owns everything it uses, and what it still brings is given back by `undo_late`.
#pragma once

#include <hcs/limits.hpp>

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace slipway::windows_backend {

class Workers {
public:
    // `report`: for what nobody is left to be told; may be empty.
    explicit Workers(std::function<void(const std::string& line)> report = {}) : report_(std::move(report)) {}
    // Waits for threads left behind, at most 10 s; then lets them go for good.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    // Runs `work`. `undo_late` (may be empty) gets a success that came after this returned kDeadlineExceeded or
    // kCancelled. Neither may use anything of the caller's frame.
    template <class T>
    Result<T> call(const Limits& limits, const std::string& what, std::function<Result<T>()> work,
                   std::function<void(T)> undo_late = {});

    // A line for the log of the host, from a destructor for one. Never throws.
    void report(const std::string& line) const noexcept;

private:
    struct Job {
        std::mutex mutex;
        std::condition_variable changed;
        bool done = false;       // guarded by mutex
        bool abandoned = false;  // guarded by mutex
    };
    struct Left {
        std::shared_ptr<Job> job;
        std::thread thread;
    };

    void keep(std::shared_ptr<Job> job, std::thread thread);

    const std::function<void(const std::string& line)> report_;
    std::mutex mutex_;
    std::list<Left> left_;  // guarded by mutex_
};

template <class T>
Result<T> Workers::call(const Limits& limits, const std::string& what, std::function<Result<T>()> work,
                        std::function<void(T)> undo_late) {
    if (Status allowed = limits.check(what); !allowed) return std::move(allowed).error();
    const auto job = std::make_shared<Job>();
    const auto result = std::make_shared<std::optional<Result<T>>>();
    std::thread thread([job, result, work = std::move(work), undo_late = std::move(undo_late)]() mutable {
        Result<T> outcome = Error(ErrorCode::kInternal, "a call threw");
        try {
            outcome = work();
        } catch (const std::exception& e) {
            outcome = Error(ErrorCode::kInternal, e.what());
        }
        std::unique_lock lock(job->mutex);
        if (job->abandoned && outcome && undo_late) {
            lock.unlock();
            undo_late(*std::move(outcome));
            lock.lock();
        } else if (!job->abandoned) {
            *result = std::move(outcome);
        }
        work = nullptr;  // what it owned goes before the thread counts as done
        undo_late = nullptr;
        job->done = true;
        job->changed.notify_all();
    });
    std::unique_lock lock(job->mutex);
    while (!job->changed.wait_for(lock, limits.slice(), [&] { return job->done; })) {
        Status allowed = limits.check(what);
        if (allowed) continue;
        job->abandoned = true;
        lock.unlock();
        keep(job, std::move(thread));
        return std::move(allowed).error();
    }
    lock.unlock();
    thread.join();
    return *std::move(*result);
}

}  // namespace slipway::windows_backend
