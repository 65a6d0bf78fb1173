// plugins/windows/src/hcs/operation.hpp - an asynchronous call of HCS, from its beginning to its result.
#pragma once

#include <hcs/api.hpp>
#include <hcs/limits.hpp>

#include <functional>

namespace slipway::windows_backend {

// Owns an HCS_OPERATION. Closing one that still runs lets the request go on and drops its result.
class Operation {
public:
    explicit Operation(const Api& api) : api_(api), handle_(api->HcsCreateOperation(nullptr, nullptr)) {}
    ~Operation() {
        if (handle_ != nullptr) api_->HcsCloseOperation(handle_);
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    raw::Handle get() const { return handle_; }

    // The result document, empty when there is none. `name` and `object` are for the error: kDeadlineExceeded and
    // kCancelled by the limits, else what HCS says.
    Result<std::string> wait(const Limits& limits, const std::string& name, const std::string& object);
    // Of HcsCreateProcess and HcsGetProcessInfo.
    Result<raw::ProcessInformation> wait_process(const Limits& limits, const std::string& name,
                                                 const std::string& object);

private:
    using WaitOnce = std::function<raw::Hresult(uint32_t timeout_ms, char16_t** document)>;
    Result<std::string> wait_with(const WaitOnce& once, const Limits& limits, const std::string& name,
                                  const std::string& object);

    const Api& api_;
    raw::Handle handle_;
};

// Starts `begin` with an operation and waits for its result document.
Result<std::string> run_operation(const Api& api, const Limits& limits, const std::string& name,
                                  const std::string& object, const std::function<raw::Hresult(raw::Handle)>& begin);

}  // namespace slipway::windows_backend
