#include <sys/own_thread.hpp>

#include <exception>
#include <system_error>
#include <thread>

namespace slipway::linux_backend {

Status on_own_thread(const std::function<Status()>& body) {
    Status result = ok();
    try {
        std::thread worker([&] {
            try {
                result = body();
            } catch (const std::exception& e) {
                result = Error(ErrorCode::kInternal, e.what());
            }
        });
        worker.join();
    } catch (const std::system_error& e) {
        return Error::from_errno(e.code().value(), "start a thread");
    }
    return result;
}

}  // namespace slipway::linux_backend
