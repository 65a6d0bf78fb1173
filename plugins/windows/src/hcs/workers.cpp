#include <hcs/workers.hpp>

namespace slipway::windows_backend {

Workers::~Workers() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const std::lock_guard lock(mutex_);
    for (Left& left : left_) {
        std::unique_lock job_lock(left.job->mutex);
        const bool done = left.job->changed.wait_until(job_lock, end, [&] { return left.job->done; });
        job_lock.unlock();
        if (done) {
            left.thread.join();
        } else {
            left.thread.detach();  // it owns all it uses
        }
    }
}

void Workers::keep(std::shared_ptr<Job> job, std::thread thread) {
    const std::lock_guard lock(mutex_);
    for (auto at = left_.begin(); at != left_.end();) {
        bool done = false;
        {
            const std::lock_guard job_lock(at->job->mutex);
            done = at->job->done;
        }
        if (done) at->thread.join();
        at = done ? left_.erase(at) : std::next(at);
    }
    left_.push_back({std::move(job), std::move(thread)});
}

void Workers::report(const std::string& line) const noexcept {
    try {
        if (report_) report_(line);
    } catch (...) {
        // There is nobody else to tell.
    }
}

}  // namespace slipway::windows_backend
